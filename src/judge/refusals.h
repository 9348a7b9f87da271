#pragma once

#include "judge/rule.h"

/* Connections that the target did not take, in one level. Three of them are enough to say anything: now and then one
 * means a full backlog or a reload. */
#define REFUSALS_MIN 3

struct refusals {
	uint64_t refused, timed_out, reset; /* of them all, how each was turned away */
	int64_t onset_ns;                   /* −1: not known */
	/* It answered others all the while: in each of at least 3 rows of the series that hold any. One that ended, or
	 * closed its port, answers nobody. */
	bool is_answering_beside;
};

struct refusals refusals_of(const struct rule_context *context);
