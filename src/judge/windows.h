#pragma once

#include "judge/search.h"
#include "judge/shares.h"
#include "measure/summary.h"

/* How a level of a search is decided: not by one window that was bad. A window is an interval that began in the level
 * or in the drain after it, or as many of them as make a tenth of a level, and as it takes to tell: a P99 takes 100
 * requests, 2 s at 50 per second. What is shorter tells of a queue's moods: at the rate at which the P95 of one worker
 * that takes 5 ms is just what is asked, 44 ms, a sixth of the quarter seconds miss it, three in ten seconds, and half
 * of the stretches of ten. It tells of each thing that is asked (every SLO, the rates of break_when, what was achieved)
 * whether that held in it.
 *
 * A level broke if something is gone for good (a crash, memory), or if something missed over the level as a whole and
 * in more than one of at least 4 windows, and in more than a quarter of their time. Where fewer windows tell, the level
 * as a whole decides. A target that fails one second in twenty, each for itself, so breaks one level of 10 s in 87; by
 * the level as a whole it would be two in five. */
#define WINDOWS_FEW 4
#define WINDOWS_BAD_SHARE 0.25
#define WINDOWS_PER_LEVEL_MOST 10

struct window_count {
	uint32_t told, bad;
	int64_t told_ns, bad_ns; /* they are not all of one length, and are weighed by it */
	struct shares shares;    /* of what was missed, where it is a share or a mean */
};

struct slo_windows {
	struct window_count count;
	struct cell open; /* of the intervals since the last that told, as long as they cannot tell */
	int64_t open_ns;
};

/* Of intervals that are no whole window yet. */
struct window_open {
	int64_t ns;
	uint64_t requests, failures, timeouts, ok;
};

struct windows {
	uint32_t level;           /* LEVEL_NONE: no interval of any was seen */
	int64_t least_ns;         /* of a window */
	struct slo_windows *slos; /* plan->slos_n */
	struct window_count error_rate, timeout_rate, saturation;
	struct window_open ended, running; /* the next of the rates, of what was achieved */
};

void windows_init(struct windows *windows, const struct plan *plan);
void windows_fini(struct windows *windows, const struct plan *plan);

/* None of this level were seen yet. */
void windows_begin(struct windows *windows, const struct plan *plan, uint32_t level);

/* Looks at the summary's last interval, if it is of a level or of the drain after one; the first of another level than
 * before begins anew. */
void windows_add(struct windows *windows, const struct plan *plan, const struct summary *summary);

/* The worst of all that is asked: for whoever reads it. */
struct window_count windows_worst(const struct windows *windows, const struct plan *plan);

/* How likely the outcome is wrong, were the level measured for ever: 0 where windows have no part in it, at most 1/2.
 */
double windows_doubt(const struct windows *windows, const struct plan *plan, const struct level_verdict *verdict,
	enum search_outcome outcome);

/* A level by its verdict, the values of its SLOs (plan->slos_n; NAN: n/a) and its windows. */
enum search_outcome windows_decide(const struct windows *windows, const struct plan *plan,
	const struct level_verdict *verdict, const double *slo_values);
