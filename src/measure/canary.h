#pragma once

#include "measure/chronicle.h"
#include "measure/verdict.h"

/* A canary's course, as data: campaign/ writes it as it goes, report/ reads it. It is true at every moment: stages that
 * nobody has begun say so. */

/* ROLLBACK_ERRORS … in the order of rollback.def */
enum rollback_rule {
#define ROLLBACK(NAME, name, sentence) ROLLBACK_##NAME,
#include "measure/rollback.def"
#undef ROLLBACK
	ROLLBACK_RULES_N
};

struct rollback_row {
	const char *name;     /* "errors": its key under rollback_when */
	const char *sentence; /* what it is about */
};
extern const struct rollback_row rollback_rows[ROLLBACK_RULES_N];

enum rollback_status {
	ROLLBACK_OFF,
	ROLLBACK_UNKNOWN, /* too little to tell, or nobody watches */
	ROLLBACK_FINE,
	ROLLBACK_HOLDS,
	ROLLBACK_STATUS_COUNT
};
extern const char *const rollback_status_names[ROLLBACK_STATUS_COUNT]; /* "off", "unknown", "fine", "holds" */

/* One rule, looked at. */
struct rollback_finding {
	enum rollback_status status;
	double baseline,
		candidate; /* what it is about, of either side: shares, ns or a growth per hour; NAN: not known */
	double limit;      /* what the candidate may have */
	double p;          /* of as much as that, were it within the limit; NAN: not asked */
	char text[FINDING_TEXT_MAX];
};

enum canary_state {
	CANARY_NOT_BEGUN,
	CANARY_PROMOTED,
	CANARY_ROLLED_BACK,
	CANARY_HELD, /* neither: the candidate stays where it is */
	CANARY_INTERRUPTED,
	CANARY_STATE_COUNT
};
extern const char *const canary_state_names[CANARY_STATE_COUNT]; /* "not_begun", … */
extern const char *const canary_state_words[CANARY_STATE_COUNT]; /* for people: "not begun", … */

/* What the event stream tells of a stage, as it comes: whoever is killed between two of them is found out by the last.
 */
enum canary_moment {
	CANARY_BEGINS,
	CANARY_DECIDED, /* nobody was told yet */
	CANARY_TOLD,    /* whoever promotes or rolls back, where one is to */
	CANARY_MOMENTS_N
};
extern const char *const canary_moment_names[CANARY_MOMENTS_N]; /* "begins", "decided", "told" */

struct canary_stage_record {
	double share, next_share;
	int64_t hold_ns, took_ns; /* took: −1: it was not begun */
	enum canary_state state;
	char reason[FINDING_TEXT_MAX]; /* why it is not promoted; empty: it is */
	struct rollback_finding rules[ROLLBACK_RULES_N];
	uint64_t checks;         /* how often they were looked at */
	struct hook_record told; /* what was done about it: promote or rollback */
	double p95[2],
		errors[2]; /* of the baseline and the candidate: ns, INFINITY above the timeout; shares; NAN: n/a */
};

struct canary_record {
	struct canary_stage_record *stages;
	size_t stages_n;
	enum canary_state state; /* of the whole: promoted to all, or why not */
	double share;            /* of the keys that the candidate has in the end: 0 where it was rolled back */
};
