#include "judge/rule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"

#define PLACES_OF_LATE_RULES 5
/* Rows of the series in a row that make a load sustained. */
#define ROWS_SUSTAINED 3

const struct rule *const rules[] = {
#define RULE(name) &name##_rule,
#include "judge/rules.def"
#undef RULE
	NULL,
};

/* Findings of the rules that come last, because they need the symptoms that the others found. */
static bool
is_late(const struct finding *finding)
{
	static const char *const late[] = {"throttled", "memory_pressure", "io_pressure", "stolen", "cpu"};

	_Static_assert(ARRAY_LEN(late) == PLACES_OF_LATE_RULES, "each has its place");
	for (size_t i = 0; i < ARRAY_LEN(late); i++)
		if (strcmp(finding->rule, late[i]) == 0)
			return true;
	return false;
}

struct finding *
rule_add(struct level_verdict *verdict, const struct finding *finding)
{
	size_t reserved = is_late(finding) ? 0 : PLACES_OF_LATE_RULES;

	if (verdict->findings_n + reserved >= FINDINGS_PER_LEVEL_MAX)
		return NULL;
	verdict->findings[verdict->findings_n] = *finding;
	return &verdict->findings[verdict->findings_n++];
}

void
rule_say(struct finding *finding, const char *format, ...)
{
	va_list args;

	if (finding == NULL)
		return;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

int64_t
rule_onset_ns(const struct rule_context *context, bool (*holds)(const struct series_row *row, double threshold),
	double threshold)
{
	const struct series *series = &context->summary->series;
	int64_t start_ns = context->level->start_ns;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];

		if (row->at_ns <= start_ns || !holds(row, threshold))
			continue;
		int64_t onset_ns = row->at_ns - series->step_ns;

		return onset_ns > start_ns ? onset_ns : start_ns;
	}
	return -1;
}

bool
rule_is_sustained(const struct rule_context *context, bool (*holds)(const struct series_row *row, double threshold),
	double threshold)
{
	const struct series *series = &context->summary->series;
	int in_a_row = 0;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];

		if (row->at_ns <= context->level->start_ns || row->at_ns > context->level->end_ns)
			continue;
		in_a_row = holds(row, threshold) ? in_a_row + 1 : 0;
		if (in_a_row == ROWS_SUSTAINED)
			return true;
	}
	return false;
}

int64_t
rule_stretch_onset_ns(const struct rule_context *context, bool (*holds)(const struct series_row *row, double threshold),
	double threshold)
{
	const struct series *series = &context->summary->series;
	int64_t onset_ns = rule_onset_ns(context, holds, threshold);
	size_t i = 0;

	while (i < series->n && series->rows[i].at_ns - series->step_ns < onset_ns)
		i++;
	for (; onset_ns >= 0 && i > 0 && holds(&series->rows[i - 1], threshold); i--)
		onset_ns = series->rows[i - 1].at_ns - series->step_ns;
	return onset_ns;
}

int64_t
rule_expr_onset_ns(const struct rule_context *context, const struct expr *expr, bool holds)
{
	const struct series *series = &context->summary->series;
	const struct level_summary *level = context->level;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];
		int64_t from_ns = row->at_ns - series->step_ns;
		double value = metric_value_row(expr, row);
		bool is_within = row->at_ns > level->start_ns && from_ns < level->end_ns;

		if (is_within && !isnan(value) && expr_holds(expr, value) == holds)
			return from_ns > level->start_ns ? from_ns : level->start_ns;
	}
	return -1;
}

static int64_t
figure_ns(const struct latency_figures *figures, double q)
{
	return q == 0.5 ? figures->p50_ns : q == 0.95 ? figures->p95_ns : q == 0.99 ? figures->p99_ns : -1;
}

int64_t
rule_quantile_ns(const struct level_summary *level, enum metric metric, double q)
{
	const struct histogram *h = level->live != NULL ? &level->live->histograms[metric] : NULL;

	if (h == NULL || !histogram_is_ready(h))
		return level->figures[metric].count > 0 ? figure_ns(&level->figures[metric], q) : -1;
	/* 1e-9: n (1 − 0.95) of 20 is a hair below 1 in floating point. */
	return (double)h->total * (1 - q) + 1e-9 >= 1 ? histogram_quantile_ns(h, q) : -1;
}

struct rule_errors
rule_errors_of(const struct level_summary *level)
{
	const struct counts *c = &level->counts;
	uint64_t spared = level->is_cut ? c->by_failure[FAILURE_CANCELLED] + c->unfinished : 0;
	struct rule_errors errors = {
		.requests = c->scheduled - spared,
		.failures = c->failed + c->dropped + c->unsent + c->unfinished - spared,
		.timeouts = counts_timeouts(c),
	};
	double requests = (double)errors.requests;

	errors.error_rate = errors.requests > 0 ? (double)errors.failures / requests : NAN;
	errors.timeout_rate = errors.requests > 0 ? (double)errors.timeouts / requests : NAN;
	return errors;
}

bool
rule_is_enough(const struct rule_errors *errors, uint64_t n, const struct level_summary *level)
{
	return errors->requests >= RULE_FEW_REQUESTS || n > 1 || level->counts.ok == 0;
}
