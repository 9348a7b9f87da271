#include "judge/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"
#include "judge/rule.h"

void
windows_init(struct windows *windows, const struct plan *plan)
{
	*windows = (struct windows){.level = LEVEL_NONE, .slos = must_calloc(plan->slos_n + 1, sizeof(*windows->slos))};
}

void
windows_fini(struct windows *windows)
{
	free(windows->slos);
	windows->slos = NULL;
}

void
windows_begin(struct windows *windows, const struct plan *plan, uint32_t level)
{
	struct window_count *slos = windows->slos;

	memset(slos, 0, (plan->slos_n + 1) * sizeof(*slos));
	*windows = (struct windows){.level = level, .slos = slos};
}

static void
count(struct window_count *count, bool is_bad)
{
	count->told++;
	count->bad += is_bad;
}

/* Of what ended in the window, and of what was due in it and did not. */
static void
count_rates(struct windows *windows, const struct plan *plan, const struct counts *c)
{
	uint64_t failures = c->failed + c->dropped + c->unsent, ended = c->ok + failures;
	uint64_t requests = c->scheduled > ended ? c->scheduled : ended;
	uint64_t timeouts = c->by_failure[FAILURE_RESPONSE_TIMEOUT] + c->by_failure[FAILURE_QUEUE_TIMEOUT] +
			    c->by_failure[FAILURE_CONNECT_TIMEOUT];

	if (ended == 0)
		return;
	count(&windows->error_rate, (double)failures > plan->break_when.error_rate * (double)requests);
	count(&windows->timeout_rate, (double)timeouts > plan->break_when.timeout_rate * (double)requests);
}

/* While the load runs; a window that a level's begin or end made too short tells of no rate. */
static void
count_running(struct windows *windows, const struct plan *plan, const struct summary *summary)
{
	const struct counts *c = &summary->last.counts;

	if (c->scheduled >= RULE_FEW_REQUESTS && !plan->scenarios[0].load.in_users)
		count(&windows->saturation, (double)c->ok < RULE_DEGR_ACHIEVED_SHARE * (double)c->scheduled);
}

static void
count_slos(struct windows *windows, const struct plan *plan, const struct summary *summary, bool tells_rates)
{
	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;
		bool is_told = expr->of == EXPR_OF_RUN && expr->request < 0 && !expr->metric->is_of_the_run &&
			       (tells_rates || expr->metric->unit != UNIT_RATE);
		double value = is_told ? metric_value_last(expr, summary) : NAN;

		if (!isnan(value))
			count(&windows->slos[i], !expr_holds(expr, value));
	}
}

void
windows_add(struct windows *windows, const struct plan *plan, const struct summary *summary)
{
	uint32_t current = summary->now.current_level;
	bool is_running = current != LEVEL_NONE && current != LEVEL_WARMUP;
	bool is_long = summary->last_interval_ns >= plan->output.interval_ns / 2;

	if (is_running && current != windows->level)
		windows_begin(windows, plan, current);
	if (windows->level == LEVEL_NONE || current == LEVEL_WARMUP ||
		summary->last_ns - summary->last_interval_ns < summary->levels[windows->level].start_ns)
		return;
	count_rates(windows, plan, &summary->last.counts);
	if (is_running && is_long)
		count_running(windows, plan, summary);
	count_slos(windows, plan, summary, is_running && is_long);
}

static bool
is_worse(const struct window_count *a, const struct window_count *b)
{
	return (uint64_t)a->bad * (b->told > 0 ? b->told : 1) > (uint64_t)b->bad * (a->told > 0 ? a->told : 1) ||
	       b->told == 0;
}

struct window_count
windows_worst(const struct windows *windows, const struct plan *plan)
{
	const struct window_count *worst = &windows->error_rate;
	const struct window_count *rates[] = {&windows->timeout_rate, &windows->saturation};

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		worst = is_worse(rates[i], worst) ? rates[i] : worst;
	for (size_t i = 0; i < plan->slos_n; i++)
		worst = is_worse(&windows->slos[i], worst) ? &windows->slos[i] : worst;
	return *worst;
}

/* It was bad in so few windows that it is their doing that the level missed it. */
static bool
is_of_a_few(const struct window_count *count)
{
	return count->told >= WINDOWS_FEW && count->bad <= WINDOWS_BAD_SHARE * count->told;
}

/* What asks for a level to be broken, and in which windows it did. NULL: it is no matter of windows. */
static const struct window_count *
windows_of(const struct windows *windows, const struct finding *finding)
{
	return strcmp(finding->rule, "error_rate") == 0     ? &windows->error_rate
	       : strcmp(finding->rule, "timeout_rate") == 0 ? &windows->timeout_rate
							    : NULL;
}

/* The CPU breaks nothing without a symptom, and it is by that that the level is decided. */
static bool
breaks(const struct windows *windows, const struct finding *finding)
{
	const struct window_count *count = windows_of(windows, finding);

	if (strcmp(finding->rule, "saturation") == 0)
		return !is_of_a_few(&windows->saturation);
	return finding->weight == LEVEL_BROKEN && strcmp(finding->rule, "cpu") != 0 &&
	       (count == NULL || !is_of_a_few(count));
}

enum search_outcome
windows_decide(const struct windows *windows, const struct plan *plan, const struct level_verdict *verdict,
	const double *slo_values)
{
	if (verdict->status == LEVEL_INVALID || verdict->status == LEVEL_CUT)
		return SEARCH_VOID;
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (breaks(windows, &verdict->findings[i]))
			return SEARCH_BROKE;
	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;

		if (!isnan(slo_values[i]) && !expr->metric->is_of_the_run && !expr_holds(expr, slo_values[i]) &&
			!is_of_a_few(&windows->slos[i]))
			return SEARCH_BROKE;
	}
	return SEARCH_HELD;
}
