#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/metrics.h"
#include "judge/rule.h"

/* More failures than this, and they are part of what P99 is about. */
#define FAILURES_DOMINATE_SHARE 0.01

static int64_t
quantile_of_all_ns(const struct cell *cell, double q)
{
	struct histogram all;

	histogram_init(&all);
	histogram_merge(&all, &cell->histograms[METRIC_RESPONSE]);
	histogram_merge(&all, &cell->histograms[METRIC_FAILED]);
	int64_t value_ns = histogram_quantile_ns(&all, q);

	histogram_fini(&all);
	return value_ns;
}

/* What lateness is small beside: the answers. Where more than a few failed there are too few of them, and what took its
 * time to fail counts too; a few timeouts say nothing about how late is late for the others. */
static int64_t
response_ns_of(const struct level_summary *level, double q)
{
	const struct cell *cell = level->live;

	if (cell == NULL || !histogram_is_ready(&cell->histograms[METRIC_FAILED]))
		return rule_quantile_ns(level, METRIC_RESPONSE, q);
	uint64_t failed = cell->histograms[METRIC_FAILED].total, ok = cell->histograms[METRIC_RESPONSE].total;

	return (double)failed > FAILURES_DOMINATE_SHARE * (double)(ok + failed)
		       ? quantile_of_all_ns(cell, q)
		       : rule_quantile_ns(level, METRIC_RESPONSE, q);
}

struct lateness {
	int64_t value_ns; /* −1: n/a */
	double limit_ns;
};

static struct lateness
lateness_at(const struct rule_context *context, double q)
{
	const struct plan_generator *limits = &context->plan->generator;
	double share_ns = limits->lateness_share * (double)response_ns_of(context->level, q);

	return (struct lateness){.value_ns = rule_quantile_ns(context->level, METRIC_LATENESS, q),
		.limit_ns = fmax((double)limits->lateness_p99_ns, share_ns)};
}

static bool
is_too_late(const struct lateness *lateness)
{
	return (double)lateness->value_ns > lateness->limit_ns;
}

static struct finding *
add_lateness(struct level_verdict *verdict, const struct lateness *lateness)
{
	return rule_add(verdict, &(struct finding){.rule = "lateness",
					 .weight = LEVEL_INVALID,
					 .onset_ns = -1,
					 .measured = (double)lateness->value_ns,
					 .threshold = lateness->limit_ns});
}

/* Why it may have been late: what the host of our virtual machine took from us is no limit of ours. */
#define STOLEN_NEWS 0.01

static const char *
stolen_text(const struct rule_context *context, char *into, size_t size)
{
	double stolen = gauge_avg(&context->level->self, GAUGE_STOLEN);

	into[0] = '\0';
	if (stolen >= STOLEN_NEWS)
		snprintf(into, size, "; its host took a CPU away for %.0f%% of the time", stolen * 100);
	return into;
}

/* Our own limits. Whatever else was seen in such a level, the target is not to blame for it. */
static bool
look_at_lateness(const struct rule_context *context, struct level_verdict *verdict)
{
	static const double quantiles[] = {0.99, 0.95, 0.5}; /* the highest that the samples back */
	char lateness_text[32], limit_text[32], stolen[96];

	for (size_t i = 0; i < 3; i++) {
		double q = quantiles[i];
		struct lateness lateness = lateness_at(context, q);

		if (lateness.value_ns < 0)
			continue;
		if (is_too_late(&lateness))
			rule_say(add_lateness(verdict, &lateness), "the generator sent late: lateness P%.0f %s > %s%s",
				q * 100, units_time_text(lateness.value_ns, lateness_text, sizeof(lateness_text)),
				units_time_text((int64_t)lateness.limit_ns, limit_text, sizeof(limit_text)),
				stolen_text(context, stolen, sizeof(stolen)));
		return is_too_late(&lateness);
	}
	return false;
}

/* Percentiles of times that count from due, and so hold our lateness. */
static bool
holds_lateness(const struct expr *expr)
{
	static const char *const from_due[] = {
		"response", "first_byte", "ttft", "first_event", "first_content", "token_time"};

	for (size_t i = 0; i < ARRAY_LEN(from_due); i++)
		if (strcmp(expr->metric->name, from_due[i]) == 0)
			return expr->stat == EXPR_PERCENTILE;
	return false;
}

/* How much of a percentile is ours: the same one of lateness, or, where a few late ones met the slow ones, what is left
 * of it without what the target took from sent on and what was waited for it. */
static int64_t
own_share_ns(const struct level_summary *level, double q)
{
	int64_t response_ns = rule_quantile_ns(level, METRIC_RESPONSE, q);
	int64_t queue_ns = rule_quantile_ns(level, METRIC_QUEUE, q);
	int64_t service_ns = rule_quantile_ns(level, METRIC_SERVICE, q);
	int64_t lateness_ns = rule_quantile_ns(level, METRIC_LATENESS, q);
	int64_t left_ns = response_ns < 0 || queue_ns < 0 || service_ns < 0 ? -1 : response_ns - queue_ns - service_ns;

	return left_ns > lateness_ns ? left_ns : lateness_ns;
}

/* A P99 that is long hides a lateness that is small beside it, and is much of what a lower percentile is: an objective
 * about that one says nothing of the target where it was missed. */
static void
look_at_objectives(const struct rule_context *context, struct level_verdict *verdict)
{
	char lateness_text[32], limit_text[32];

	for (size_t i = 0; i < context->plan->slos_n; i++) {
		const struct expr *expr = &context->plan->slos[i].expr;

		if (!holds_lateness(expr))
			continue;
		double value = judge_value(expr, context->summary, context->level);
		struct lateness lateness = lateness_at(context, expr->quantile);

		lateness.value_ns = own_share_ns(context->level, expr->quantile);
		if (!isfinite(value) || expr_holds(expr, value) || !is_too_late(&lateness))
			continue;
		rule_say(add_lateness(verdict, &lateness),
			"'%s' was missed where the generator sent late: %s of response P%g > %s", expr->text,
			units_time_text(lateness.value_ns, lateness_text, sizeof(lateness_text)), expr->quantile * 100,
			units_time_text((int64_t)lateness.limit_ns, limit_text, sizeof(limit_text)));
		return;
	}
}

static void
look_at_counts(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct counts *c = &context->level->counts;
	const struct plan_generator *limits = &context->plan->generator;
	double due = (double)c->scheduled;

	if (c->scheduled == 0)
		return;
	/* What was due while the loop stood still was never taken from the schedule in time. */
	double taken = (due - (double)c->by_failure[FAILURE_LOOP_GAP]) / due;
	double client = (double)counts_client_failures(c) / due;

	if (taken < limits->taken_min)
		rule_say(rule_add(verdict, &(struct finding){.rule = "taken",
						   .weight = LEVEL_INVALID,
						   .onset_ns = -1,
						   .measured = taken,
						   .threshold = limits->taken_min}),
			"the generator took only %.1f%% of what was due (at least %.1f%%)", taken * 100,
			limits->taken_min * 100);
	if (client > limits->client_failures_max)
		rule_say(rule_add(verdict, &(struct finding){.rule = "client_failures",
						   .weight = LEVEL_INVALID,
						   .onset_ns = -1,
						   .measured = client,
						   .threshold = limits->client_failures_max}),
			"%.2f%% of the requests failed by the generator's own limits%s (at most %.2f%%)", client * 100,
			plan_has_proxy(&context->plan->target) ? ", or at its proxy" : "",
			limits->client_failures_max * 100);
}

static void
look_at_loop_gap(const struct rule_context *context, struct level_verdict *verdict)
{
	int64_t gap_ns = context->level->loop_gap_max_ns, limit_ns = context->plan->generator.loop_gap_ns;
	char gap_text[32], limit_text[32], stolen[96];

	if (gap_ns > limit_ns)
		rule_say(rule_add(verdict, &(struct finding){.rule = "loop_gap",
						   .weight = LEVEL_INVALID,
						   .onset_ns = -1,
						   .measured = (double)gap_ns,
						   .threshold = (double)limit_ns}),
			"the generator stood still for %s (at most %s)%s",
			units_time_text(gap_ns, gap_text, sizeof(gap_text)),
			units_time_text(limit_ns, limit_text, sizeof(limit_text)),
			stolen_text(context, stolen, sizeof(stolen)));
}

/* What a worker that went missing was to send was never scheduled by anybody: the level had less load than it says. */
static void
look_at_workers(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct run_facts *facts = context->facts;

	if (facts->workers_lost > 0 && context->level->end_ns > facts->worker_lost_ns)
		rule_say(rule_add(verdict, &(struct finding){.rule = "workers",
						   .weight = LEVEL_INVALID,
						   .onset_ns = facts->worker_lost_ns,
						   .measured = facts->workers - facts->workers_lost,
						   .threshold = facts->workers}),
			"%s: its share of the load is missing", facts->worker_lost_text);
}

static void
generator_look(const struct rule_context *context, struct level_verdict *verdict)
{
	if (!look_at_lateness(context, verdict))
		look_at_objectives(context, verdict);
	look_at_counts(context, verdict);
	look_at_loop_gap(context, verdict);
	look_at_workers(context, verdict);
}

const struct rule generator_rule = {
	.name = "generator",
	.help = "the generator's own lateness, gaps and failures void a level",
	.look = generator_look,
};
