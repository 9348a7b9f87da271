#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/unit.h"

/* A metric that expressions may name. has_stat: it is a distribution and wants one of p50…p99.99, mean, min, max,
 * stddev
 * (`service.p95`); a gauge wants avg, peak or last (`cpu.peak`), what is scraped avg, max, min or last. "response" may
 * be left out: p95 = response.p95. */
struct plan_metric {
	const char *name;
	enum plan_unit unit;
	enum { STAT_NONE, STAT_DISTRIBUTION, STAT_GAUGE, STAT_SCRAPED } stats;
	bool is_per_request; /* may be prefixed by a request's name: buy.p99, buy.error_rate */
	bool is_higher_better;
	const char *help;
	bool is_of_the_run;    /* only a whole run has it: no level and no interval */
	bool is_of_the_target; /* somebody must watch the target for it */
	bool is_of_an_answer;  /* a time that each good answer has one of: it may be bounded by good_when */
	const struct plan_scraped *scraped; /* of the profile's own `scrape` (scrape.h); NULL: of no table but ours */
};

enum expr_op { EXPR_LT, EXPR_LE, EXPR_GT, EXPR_GE, EXPR_IN };

enum expr_stat {
	EXPR_VALUE,
	EXPR_PERCENTILE,
	EXPR_MEAN,
	EXPR_MIN,
	EXPR_MAX,
	EXPR_STDDEV,
	EXPR_AVG,
	EXPR_PEAK,
	EXPR_LAST
};

/* Whose value it is: a run's, or what comes of comparing two arms. */
enum expr_of {
	EXPR_OF_RUN,
	EXPR_IMPROVEMENT, /* how much better than the baseline, as a share of it; worse is below 0 */
	EXPR_SPEEDUP, /* how many times as good: current / baseline where higher is better, else baseline / current */
};

/* "buy.p99 < 1s", "p95 <= 550ms (stretch 400ms)", "spike_rate in 5%..15%", "improvement(ttft.p50) in 40%..60%",
 * "speedup(tokens_per_s, batch-8) >= 2". Values are in base units: ns, 0..1, per s. */
struct expr {
	const char *text; /* as written */
	enum expr_of of;
	const char *arm; /* improvement, speedup: of which arm; NULL: of the only one beside the baseline */
	const struct plan_metric *metric;
	int request; /* index into plan->requests, -1: all */
	enum expr_stat stat;
	double quantile; /* EXPR_PERCENTILE: 0.95 */
	enum expr_op op;
	double value, value_to; /* value_to: upper end of EXPR_IN */
	bool has_stretch;
	double stretch;
};

/* Whether `measured` satisfies the expression, or its stretch goal. */
bool expr_holds(const struct expr *expr, double measured);
bool expr_stretch_holds(const struct expr *expr, double measured);

/* "12.3ms", "1.5%", "200/s" as the metric's unit wants it; returns into. */
const char *expr_value_text(enum plan_unit unit, double value, char *into, unsigned long size);

/* The grammar: LEFT < | <= | > | >= VALUE [(stretch VALUE)], or LEFT in VALUE..VALUE, where LEFT is a MEASURE,
 * improvement(MEASURE[, ARM]) or speedup(MEASURE[, ARM]), and MEASURE [REQUEST.][METRIC.][STAT]. requests are the names
 * of the plan's requests; text must outlive the expression. */
bool expr_parse(const char *text, const struct plan_metric *const *metrics, const char *const *requests,
	size_t requests_n, struct arena *arena, struct expr *into, struct error *err);

/* MEASURE alone: metric, request, stat and quantile. */
bool expr_parse_measure(const char *text, const struct plan_metric *const *metrics, const char *const *requests,
	size_t requests_n, struct arena *arena, struct expr *into, struct error *err);

bool expr_is_same_measure(const struct expr *a, const struct expr *b);

/* Of its value: the metric's, a share for an improvement, a bare factor for a speed-up. */
enum plan_unit expr_unit(const struct expr *expr);

/* Whether it can be judged in a profile with these arms, the first of which is the baseline; of a run it always can. */
bool expr_check_arms(const struct expr *expr, const char *const *arms, size_t arms_n, struct error *err);
