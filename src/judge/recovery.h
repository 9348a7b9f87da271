#pragma once

#include "measure/chronicle.h"
#include "measure/summary.h"

/* When the SLOs and the error rate did not hold while a run went on, and so how long it took after an action until they
 * did again: 2 intervals in a row. */

/* Too many to tell apart are one: the last one is drawn out. */
#define SPELLS_MAX 1000

/* A time in which they did not hold, to the begin of the first of 2 intervals in which they did. */
struct spell {
	int64_t from_ns, to_ns; /* to_ns INT64_MAX: it has not ended */
};

struct spells {
	struct spell list[SPELLS_MAX];
	size_t n;
	int64_t good_from_ns; /* the first interval that held since the last that did not; −1: none */
};

void spells_init(struct spells *spells);
/* An interval, in order. */
void spells_add(struct spells *spells, int64_t start_ns, bool holds);

/* Whether all that the plan asks of a run held over the summary's last interval; one in which nothing ended says
 * nothing.
 */
enum interval_state { INTERVAL_IDLE, INTERVAL_HOLDS, INTERVAL_FAILS };
enum interval_state recovery_look(const struct plan *plan, const struct summary *summary);

/* Fills what came after each action: what began to fail before the next action is put down to this one. */
void recovery_find(const struct spells *spells, struct action_record *records, size_t n);
