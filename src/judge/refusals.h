#pragma once

#include "judge/rule.h"

/* Connections that the target did not take, in one level. Three of them are enough to say anything: now and then one
 * means a full backlog or a reload.
 *
 * Rows of the series that hold any and follow each other are a stretch. One in which somebody is refused and nobody
 * answered is a death's, with what comes right before and after it: who ends closes the port first, who is back answers
 * at once. All others are beside answers. */
#define REFUSALS_MIN 3

struct refusals {
	uint64_t refused, timed_out, reset; /* of them all, how each was turned away */
	uint64_t beside;                    /* of them all, those of stretches that are no death's … */
	int64_t beside_onset_ns;            /* … −1: there are none */
	int64_t death_onset_ns;             /* of the first stretch that is; −1: there is none */
	/* It answered others all the while: in each of at least 3 rows. */
	bool is_answering_beside;
};

/* died_ns: when the target's process is known to have ended: it is a death's what touches that; −1: it is not. */
struct refusals refusals_of(const struct rule_context *context, int64_t died_ns);
