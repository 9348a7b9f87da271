#pragma once

#include "judge/judge.h"

/* A rule looks at one closed level and adds a finding, with its evidence in a sentence, for whatever held. It is pure.
 * One file and one row of rules.def each. */

/* What levels are compared with: the first one that was valid, itself included. −1: n/a. */
struct reference_level {
	int64_t p50_ns, p95_ns;
};

struct rule_context {
	const struct plan *plan;
	const struct summary *summary;
	const struct level_summary *level;
	const struct run_facts *facts;
	struct reference_level first;
	bool is_first;           /* that is this level itself */
	double oom_kills_before; /* as of the end of the last valid level; NAN: not known */
};

struct rule {
	const char *name;
	const char *help;
	void (*look)(const struct rule_context *context, struct level_verdict *verdict);
};

#define RULE(name) extern const struct rule name##_rule;
#include "judge/rules.def"
#undef RULE
extern const struct rule *const rules[]; /* from rules.def, ended by NULL */

/* DEFINITIONS, "Levels". */
#define RULE_ERR_ERROR_RATE 0.005
#define RULE_DEGR_ERROR_RATE 0.05
#define RULE_DEGR_LATENCY_FACTOR 2.0
#define RULE_DEGR_ACHIEVED_SHARE 0.98

/* Below this many requests one failure alone is an accident, not a rate: it is a finding, but breaks nothing unless
 * there was no success at all. */
#define RULE_FEW_REQUESTS 20

/* Adds a finding whose sentence is still to be written; NULL: no room is left (the last places are those of stall and
 * cpu). */
struct finding *rule_add(struct level_verdict *verdict, const struct finding *finding);
void rule_say(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Start of the first row of the series, from the level's start on, for which `holds` is true; −1: none. */
int64_t rule_onset_ns(const struct rule_context *context, bool (*holds)(const struct series_row *row, double threshold),
	double threshold);

/* Whether it holds for three rows of the level in a row: where its average does not tell, as in a ramp. */
bool rule_is_sustained(const struct rule_context *context,
	bool (*holds)(const struct series_row *row, double threshold), double threshold);
/* As rule_onset_ns; where it held in the rows before too, perhaps in the level before, the start of that stretch. */
int64_t rule_stretch_onset_ns(const struct rule_context *context,
	bool (*holds)(const struct series_row *row, double threshold), double threshold);

/* Start of the first row of the level in which an expression held, or did not: an average or a last value is told by
 * the row that crossed the bound, too. −1: none, or rows do not have its figure. */
int64_t rule_expr_onset_ns(const struct rule_context *context, const struct expr *expr, bool holds);

/* Quantile of a level's successes, live or settled; −1 where n (1 − q) < 1. */
int64_t rule_quantile_ns(const struct level_summary *level, enum metric metric, double q);

/* Failures over requests. A level that was cut is judged by what had its chance: what was cancelled or under way when
 * the run was stopped counts neither way. */
struct rule_errors {
	uint64_t requests, failures, timeouts;
	double error_rate, timeout_rate; /* NAN: nothing was due */
};

struct rule_errors rule_errors_of(const struct level_summary *level);
/* Whether n failures of that many requests say anything about a rate. */
bool rule_is_enough(const struct rule_errors *errors, uint64_t n, const struct level_summary *level);
