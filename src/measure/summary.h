#pragma once

#include "base/arena.h"
#include "measure/blocks.h"
#include "measure/interval.h"
#include "plan/plan.h"

/* Intervals → what is known of the run so far: totals, levels, requests, series. A run's own intervals and those
 * decoded from another process's event stream are added alike, so that merging shards is adding their intervals. Memory
 * does not depend on the duration: closed levels keep figures and encoded histograms, the series doubles its step at
 * 3,600 rows. */

struct level_summary {
	uint32_t index;
	bool is_known;            /* declared, or seen in an interval; else all below is empty */
	bool is_closed;           /* its last exchange ended */
	bool is_cut;              /* the run was stopped inside its window */
	int64_t start_ns, end_ns; /* window, since T0 */
	double offered;           /* per second, or users */
	struct counts counts;
	struct latency_figures figures[METRIC_COUNT];
	char *encoded[METRIC_COUNT]; /* V2 base64 once closed; NULL: nothing recorded */
	/* Live only until the level was judged: afterwards live is empty (histogram_is_ready is false) and
	 * live_requests NULL. An interval that comes later still is added to what was encoded. */
	struct cell *live, *live_requests; /* plan->requests_n */
	double in_flight_ns;               /* integral of in flight over the window */
	double in_flight_avg;
	uint32_t in_flight_peak;
	int64_t loop_gap_max_ns;
	struct gauge_set target, self;
	struct scraped_set scraped;
	int64_t last_target_reading_ns;
	double window_s; /* how much of the window ran */
};

/* ok completions inside the window / window; NAN before any of it ran */
double level_achieved_per_s(const struct level_summary *level);

/* One step of the series. When the step doubles, pairs of rows become one: counts are added, and percentiles, gauges
 * and `offered` keep the worst (largest) of the two, since a percentile of the union cannot be had from two
 * percentiles: a doubled row never hides a bad second, but may overstate it. The event stream keeps every interval. */
struct series_row {
	int64_t at_ns; /* end of the row, since T0 */
	uint64_t scheduled, sent, ok, failed, dropped, unsent;
	uint64_t timeouts, unconnected; /* of failed and unsent: no answer in time; no connection was to be had */
	int64_t p50_ns, p95_ns, p99_ns, max_ns; /* response; −1: none */
	int64_t lateness_p99_ns;
	int64_t ttft_p50_ns, ttft_p95_ns, itl_p95_ns; /* of generated answers; −1: none */
	uint64_t tokens;                              /* of successes that ended in it */
	uint32_t failures[FAILURE_COUNT];             /* by class, of every kind; up to UINT32_MAX each */
	double offered, in_flight;
	uint32_t level;
	double target[GAUGE_COUNT], self[GAUGE_COUNT];
	double scraped[SCRAPED_MAX];
};

#define SERIES_ROWS_MAX 3600
#define SUMMARY_LEVELS_MAX 10000

struct series {
	struct series_row *rows; /* SERIES_ROWS_MAX */
	size_t n;
	int64_t step_ns; /* doubled whenever it is full */
};

struct summary {
	const struct plan *plan;
	struct level_summary *levels; /* by index */
	size_t levels_n;
	struct level_summary warmup;   /* LEVEL_WARMUP's */
	struct cell measured;          /* all measured levels, live to the end */
	struct cell *requests;         /* per request name, measured */
	struct counts *request_totals; /* per request name, every phase: their sum is everything's */
	struct cell everything;        /* counts alone: every phase; `totals` */
	struct series series;
	/* The measured phase in stretches of time; requests that the profile speaks of by name are kept apart. */
	struct blocks *blocks;
	struct gauge_set target, self;                      /* whole run */
	struct gauge_set target_idle;                       /* the idle baseline, before any load */
	struct scraped_set scraped;                         /* the measured levels' */
	struct scrape_counts scrapes[SCRAPE_ENDPOINTS_MAX]; /* whole run */
	int64_t measured_from_ns,
		measured_to_ns; /* the measured window so far, from the first level's start; −1: none yet */
	double measured_s;      /* the sum of the measured levels' windows so far: pauses between levels are left out */
	int64_t last_ns;        /* end of the last interval */
	double in_flight_avg;
	uint32_t in_flight_peak;
	uint64_t connects, connects_failed;
	uint64_t prefetch, prefetch_failed; /* before the load: of those, how many were wanted, and how many failed */
	struct peers peers;                 /* whole run */
	struct tls_told tls;                /* whole run */
	struct check_counts checks;
	struct interval_gauges {
		uint32_t in_flight, connections, users;
		uint64_t backlog;
		double offered;
		uint32_t current_level;
		struct reading target, self;
		double scraped[SCRAPED_MAX];
	} now; /* as of the last interval */
	/* of the last interval alone, for the live view and abort_when */
	struct cell last;
	int64_t last_interval_ns;
};

struct summary *summary_new(const struct plan *plan);
void summary_free(struct summary *summary);
/* From then on they are the caller's, and nothing more is added to them. */
struct blocks *summary_take_blocks(struct summary *summary);

/* Declares a level before its first interval. */
void summary_add_level(struct summary *summary, uint32_t index, int64_t start_ns, int64_t end_ns, double offered);
/* Levels end where the run was stopped: cuts the window of whatever was still to come. */
void summary_cut(struct summary *summary, int64_t now_ns);
/* The running level (declared with end_ns INT64_MAX: a load that ends by its count) is through: its window ends now,
 * uncut. */
void summary_complete(struct summary *summary, int64_t now_ns);

void summary_add_interval(struct summary *summary, const struct interval *interval);

/* LEVEL_WARMUP: the warm-up. NULL: never declared nor seen. Stays where it is as long as the summary lives. */
struct level_summary *summary_level(struct summary *summary, uint32_t index);

/* The level was judged: its live histograms become figures and encoded ones. */
void summary_settle_level(struct summary *summary, uint32_t index);

double summary_achieved_per_s(const struct summary *summary); /* over the measured windows; NAN before any */

/* A row of the series, by the interval that it comes from; doubles the step where there is no room. */
void series_init(struct series *series, int64_t step_ns);
void series_fini(struct series *series);
void series_add(struct series *series, const struct series_row *row);
/* Joins rows until there are at most rows_max > 0, as where there is no more room. */
void series_coarsen(struct series *series, size_t rows_max);
/* A series of one's own with the same rows, for series_coarsen; series_fini frees it. */
void series_copy(struct series *into, const struct series *from);
