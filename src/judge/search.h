#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/params.h"
#include "measure/verdict.h"

/* The search for the load at which a target breaks: from the levels tested so far to the next one, and to the answer.
 * Pure. Levels are per second or users (whole numbers), as the profile counts.
 *
 * Climb by a factor until a level breaks (or descend where the first one does), halve the bracket until it is narrow
 * enough, test both of its ends again, and confirm the highest level that held for a longer time. Where levels
 * contradict each other, the next one is tried where the target is as likely to hold as to break by all that is known
 * (search_belief.h), until that is known well enough or half as many levels again were spent as a steady target needs.
 * What held for a shorter time where a confirmation breaks, or above, says little from then on: the bracket moves down,
 * and every further level is measured as long as a confirmation. */

/* A level that was tested; how it is decided, windows.h says. */
struct search_trial {
	double level;
	enum search_outcome outcome;
	uint32_t windows, windows_bad; /* in which what is asked did not hold; for whoever reads it */
	double doubt;                  /* how likely the outcome is wrong, 0 to 1/2 */
	bool is_confirmation;          /* as the step said that it was */
	bool is_gone;                  /* nobody was there any more: VOID, and the end of the search */
};

enum search_state { SEARCH_CLIMB, SEARCH_DESCEND, SEARCH_NARROW, SEARCH_REPEAT, SEARCH_CONFIRM, SEARCH_DONE };
extern const char *const search_state_names[]; /* "climb", … */

struct search_step {
	enum search_state state;
	double level;         /* to try next; NAN when done */
	int64_t measure_ns;   /* for how long, after at most settle_ns */
	bool is_confirmation; /* for confirm_ns: in CONFIRM, and in every state once a confirmation broke */
	enum search_end end;  /* DONE: why */
};

/* left_ns: what is left of the limit. A level is not begun that cannot end within it. A level that was VOID comes once
 * more; where it is VOID again, nothing at or above it is tried any more. */
struct search_step search_next(
	const struct search *goal, bool in_users, const struct search_trial *trials, size_t n, int64_t left_ns);

/* More trials than this no search takes, voids among them. */
size_t search_trials_most(const struct search *goal, bool in_users);

/* As far as it came: never nothing, where at least one trial says anything. */
struct search_answer {
	double held, broke;           /* the bracket: highest level that held below the lowest that broke; NAN: none */
	double interval[2], median;   /* 95% interval of the load at which it breaks; NAN: no bound on that side */
	bool is_at_least, is_at_most; /* only the one side of the bracket was found */
	bool is_confirmed;            /* held did so for confirm_ns */
	uint32_t levels;              /* trials that said something */
	uint32_t voids;
};

struct search_answer search_answer(
	const struct search *goal, bool in_users, const struct search_trial *trials, size_t n);
