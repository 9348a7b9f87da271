#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "measure/check_counts.h"
#include "measure/counts.h"
#include "measure/gauge.h"
#include "measure/histogram.h"
#include "measure/peers.h"
#include "measure/tls_told.h"
#include "measure/scraped.h"
#include "plan/expr.h"

/* METRIC_RESPONSE … in the order of metric.def */
enum metric {
#define METRIC(NAME, name, unit, value, when, per_request, ranks, help) METRIC_##NAME,
#include "measure/metric.def"
#undef METRIC
	METRIC_COUNT
};

struct metric_row {
	const char *name, *help;
	enum plan_unit unit;
	bool is_per_request;
	bool ranks_failures; /* in an SLO's percentile, above every success */
};

extern const struct metric_row metric_rows[METRIC_COUNT];

/* Counters and distributions of one level or one request. A histogram that is not kept here has no counts
 * (histogram_is_ready is false). */
struct cell {
	struct counts counts;
	struct histogram histograms[METRIC_COUNT];
};

void cell_init(struct cell *cell, bool is_request);
void cell_fini(struct cell *cell);
void cell_reset(struct cell *cell);
void cell_merge(struct cell *into, const struct cell *from);

/* What happened to one level's exchanges within one interval. */
struct interval_level {
	uint32_t level;              /* LEVEL_WARMUP, or its index */
	bool is_used;                /* anything happened; unused slots are skipped */
	bool is_last;                /* its last exchange ended: the level is closed with this interval */
	struct cell all;             /* what is kept per request too is the sum of theirs, once added up */
	struct cell *requests;       /* plan->requests_n of them */
	char *encoded[METRIC_COUNT]; /* the histograms of `all`, once interval_encode_next has made them; NULL: not, or
				      * empty
				      */
	/* While this level's window was running: */
	double in_flight_ns; /* integral of in flight over time */
	int64_t window_ns;   /* how much of the window this interval covers */
	uint32_t in_flight_peak;
	int64_t loop_gap_max_ns;       /* longest time between two loop turns, less the sleep that was asked for */
	struct gauge_set target, self; /* readings taken while its window was running */
	struct scraped_set scraped;    /* so were these */
};

/* One row of the event stream and of the series: everything that changed between two ticks. Levels are few (those with
 * exchanges still under way); memory does not depend on the run's duration. */
struct interval {
	uint64_t seq;
	int64_t start_ns, end_ns;      /* since T0 */
	struct interval_level *levels; /* slots; those in use hold a level each, in no order */
	uint32_t levels_n, requests_n;
	/* As of end_ns: */
	uint32_t in_flight, connections, users;
	uint64_t backlog;            /* arrivals taken but waiting */
	double offered;              /* level of the load at end_ns, summed over scenarios (open) or users (closed) */
	uint32_t current_level;      /* LEVEL_WARMUP, LEVEL_NONE in a drain */
	struct reading target, self; /* latest reading each; at_ns −1: none yet */
	double scraped[SCRAPED_MAX];
	uint64_t connects, connects_failed;                 /* in this interval */
	struct scrape_counts scrapes[SCRAPE_ENDPOINTS_MAX]; /* in this interval */
	uint64_t prefetch, prefetch_failed;                 /* likewise, of those before the load */
	struct check_counts checks;                         /* in this interval */
	struct peers peers;                                 /* in this interval */
	struct tls_told tls;                                /* in this interval */
	bool is_outline;                                    /* see interval_new_outline */
	bool has_goals;                                     /* good answers are counted; else every ok one is good */
	bool is_added_up;                                   /* see interval_add_up */
	struct gauge_set target_outside, self_outside;      /* readings taken while no level's window was running */
};

/* Each exchange is recorded once, in its request's cell: the sums, `all`, are made here, by whoever has the time (not
 * the loop), before anything else looks at a recorded interval. An interval that was decoded or merged is whole
 * already. */
void interval_add_up(struct interval *interval);

/* Encodes once what the event stream and the log both want, one histogram at a time, since each takes a while; false:
 * that was all. An interval that was not encoded is all the same to them. */
bool interval_encode_next(struct interval *interval);

/* Takes slot `slot` for a level and readies its memory, which it then keeps. */
struct interval_level *interval_use_slot(struct interval *interval, uint32_t slot, uint32_t level);
