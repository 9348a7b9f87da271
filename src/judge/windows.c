#include "judge/windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "judge/metrics.h"
#include "judge/rule.h"
#include "load/params.h"

void
windows_init(struct windows *windows, const struct plan *plan)
{
	const struct search *goal = plan->scenarios[0].load.shape.params;

	*windows = (struct windows){.level = LEVEL_NONE,
		.least_ns = goal->every_ns / WINDOWS_PER_LEVEL_MOST,
		.slos = must_calloc(plan->slos_n + 1, sizeof(*windows->slos))};
	for (size_t i = 0; i < plan->slos_n; i++)
		cell_init(&windows->slos[i].open, false);
}

void
windows_fini(struct windows *windows, const struct plan *plan)
{
	for (size_t i = 0; i < plan->slos_n; i++)
		cell_fini(&windows->slos[i].open);
	free(windows->slos);
}

static void
slo_windows_close(struct slo_windows *slo)
{
	cell_reset(&slo->open);
	slo->open_ns = 0;
}

void
windows_begin(struct windows *windows, const struct plan *plan, uint32_t level)
{
	*windows = (struct windows){.level = level, .least_ns = windows->least_ns, .slos = windows->slos};
	for (size_t i = 0; i < plan->slos_n; i++) {
		slo_windows_close(&windows->slos[i]);
		windows->slos[i].count = (struct window_count){0};
	}
}

static void
count(struct window_count *count, bool is_bad, int64_t window_ns)
{
	count->told++;
	count->told_ns += window_ns;
	count->bad += is_bad;
	count->bad_ns += is_bad ? window_ns : 0;
}

/* Long enough for a window, if its last interval may be half its length short of that. */
static bool
is_whole(const struct windows *windows, const struct summary *summary, int64_t window_ns)
{
	return window_ns + summary->last_interval_ns / 2 >= windows->least_ns;
}

/* Of what ended in the window, and of what was due in it and did not. */
static void
count_rates(struct windows *windows, const struct plan *plan, const struct summary *summary)
{
	const struct counts *c = &summary->last.counts;
	struct window_open *open = &windows->ended;
	uint64_t failures = c->failed + c->dropped + c->unsent, ended = c->ok + failures;

	if (ended == 0)
		return;
	open->ns += summary->last_interval_ns;
	open->requests += counts_due_or_ended(c->scheduled, ended);
	open->failures += failures;
	open->timeouts += counts_timeouts(c);
	if (!is_whole(windows, summary, open->ns))
		return;
	shares_add(&windows->error_rate.shares, (double)open->failures, (double)open->requests);
	shares_add(&windows->timeout_rate.shares, (double)open->timeouts, (double)open->requests);
	count(&windows->error_rate, (double)open->failures > plan->break_when.error_rate * (double)open->requests,
		open->ns);
	count(&windows->timeout_rate, (double)open->timeouts > plan->break_when.timeout_rate * (double)open->requests,
		open->ns);
	*open = (struct window_open){0};
}

/* While the load runs; a window that a level's begin or end made too short tells of no rate. */
static void
count_running(struct windows *windows, const struct plan *plan, const struct summary *summary)
{
	const struct counts *c = &summary->last.counts;
	struct window_open *open = &windows->running;

	if (plan->scenarios[0].load.in_users)
		return;
	open->ns += summary->last_interval_ns;
	open->requests += c->scheduled;
	open->ok += c->ok;
	if (!is_whole(windows, summary, open->ns))
		return;
	shares_add(&windows->saturation.shares, (double)open->requests - (double)open->ok, (double)open->requests);
	if (open->requests >= RULE_FEW_REQUESTS)
		count(&windows->saturation, (double)open->ok < RULE_DEGR_ACHIEVED_SHARE * (double)open->requests,
			open->ns);
	*open = (struct window_open){0};
}

static bool
is_of_requests(const struct expr *expr)
{
	return metric_kind(expr->metric) == METRIC_OF_DISTRIBUTION && expr->stat == EXPR_PERCENTILE &&
	       (expr->op == EXPR_LT || expr->op == EXPR_LE);
}

/* By the interval alone where that tells, else by all since the last that did. */
static double
value_of(const struct windows *windows, struct slo_windows *slo, const struct expr *expr, const struct summary *summary)
{
	bool is_alone = slo->open_ns == 0 && is_whole(windows, summary, summary->last_interval_ns);
	double value = is_alone ? metric_value_last(expr, summary) : NAN;

	if (!isnan(value))
		return value;
	cell_merge(&slo->open, &summary->last);
	slo->open_ns += summary->last_interval_ns;
	return is_whole(windows, summary, slo->open_ns) ? metric_value_window(expr, summary, &slo->open, slo->open_ns)
							: NAN;
}

/* Of a percentile the requests beyond what it may be, of all else its mean over time, turned round where it is to be
 * high. A range has no bound. */
static void
add_share(struct slo_windows *slo, const struct expr *expr, double value, const struct cell *cell, int64_t window_ns)
{
	double sign = expr->op == EXPR_GT || expr->op == EXPR_GE ? -1 : 1;

	if (is_of_requests(expr)) {
		const struct histogram *h = &cell->histograms[metric_index(expr->metric)];
		uint64_t above = metric_samples_above((enum metric)metric_index(expr->metric), &cell->counts);
		uint64_t slower = h->total - histogram_count_until(h, (int64_t)expr->value);

		shares_add(&slo->count.shares, (double)(slower + above), (double)(h->total + above));
	} else if (expr->op != EXPR_IN && isfinite(value))
		shares_add(&slo->count.shares, sign * value * (double)window_ns, (double)window_ns);
}

static double
bound_of(const struct expr *expr)
{
	return is_of_requests(expr)                         ? 1 - expr->quantile
	       : expr->op == EXPR_GT || expr->op == EXPR_GE ? -expr->value
							    : expr->value;
}

static void
count_slos(struct windows *windows, const struct plan *plan, const struct summary *summary, bool tells_rates)
{
	for (size_t i = 0; i < plan->slos_n; i++) {
		struct slo_windows *slo = &windows->slos[i];
		const struct expr *expr = &plan->slos[i].expr;
		bool is_told = expr->of == EXPR_OF_RUN && expr->request < 0 && !expr->metric->is_of_the_run &&
			       (tells_rates || expr->metric->unit != UNIT_RATE);
		double value = is_told ? value_of(windows, slo, expr, summary) : NAN;

		if (isnan(value))
			continue;
		int64_t window_ns = slo->open_ns > 0 ? slo->open_ns : summary->last_interval_ns;

		count(&slo->count, !expr_holds(expr, value), window_ns);
		add_share(slo, expr, value, slo->open_ns > 0 ? &slo->open : &summary->last, window_ns);
		slo_windows_close(slo);
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
	count_rates(windows, plan, summary);
	if (is_running && is_long)
		count_running(windows, plan, summary);
	count_slos(windows, plan, summary, is_running && is_long);
}

static bool
is_worse(const struct window_count *a, const struct window_count *b)
{
	return b->told == 0 || (double)a->bad_ns * (double)b->told_ns > (double)b->bad_ns * (double)a->told_ns;
}

struct window_count
windows_worst(const struct windows *windows, const struct plan *plan)
{
	const struct window_count *worst = &windows->error_rate;
	const struct window_count *rates[] = {&windows->timeout_rate, &windows->saturation};

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		worst = is_worse(rates[i], worst) ? rates[i] : worst;
	for (size_t i = 0; i < plan->slos_n; i++)
		worst = is_worse(&windows->slos[i].count, worst) ? &windows->slos[i].count : worst;
	return *worst;
}

/* It was bad in so few windows that it is their doing that the level missed it. */
static bool
is_of_a_few(const struct window_count *count)
{
	return count->told >= WINDOWS_FEW &&
	       (count->bad <= 1 || (double)count->bad_ns <= WINDOWS_BAD_SHARE * (double)count->told_ns);
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
			!is_of_a_few(&windows->slos[i].count))
			return SEARCH_BROKE;
	}
	return SEARCH_HELD;
}

/* Something broke it that is no matter of windows. */
static bool
is_certain(const struct windows *windows, const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++) {
		const struct finding *finding = &verdict->findings[i];

		if (finding->weight == LEVEL_BROKEN && strcmp(finding->rule, "cpu") != 0 &&
			strcmp(finding->rule, "saturation") != 0 && windows_of(windows, finding) == NULL)
			return true;
	}
	return false;
}

double
windows_doubt(const struct windows *windows, const struct plan *plan, const struct level_verdict *verdict,
	enum search_outcome outcome)
{
	const struct {
		const struct window_count *count;
		double bound;
	} rates[] = {
		{&windows->error_rate, plan->break_when.error_rate},
		{&windows->timeout_rate, plan->break_when.timeout_rate},
		{&windows->saturation, 1 - RULE_DEGR_ACHIEVED_SHARE},
	};
	double missed = 0; /* the likeliest of all that is asked */

	if (outcome == SEARCH_VOID || is_certain(windows, verdict))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		missed = fmax(missed, shares_chance_above(&rates[i].count->shares, rates[i].bound, WINDOWS_FEW));
	for (size_t i = 0; i < plan->slos_n; i++)
		missed = fmax(missed, shares_chance_above(&windows->slos[i].count.shares, bound_of(&plan->slos[i].expr),
					      WINDOWS_FEW));
	if (outcome == SEARCH_HELD)
		return fmin(missed, 0.5);
	return missed > 0.5 ? 1 - missed : 0; /* else it broke by what the windows cannot tell */
}
