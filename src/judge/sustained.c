#include "judge/sustained.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/trend.h"

#define NS_PER_H (3600 * (double)NS_PER_S)

/* Growth that is slower than this in the second half, as a share of the first half's, comes to its end. */
#define SLOWING_SHARE 0.5

/* Blocks of the load that count, in order. */
struct stretch {
	const struct block *const *blocks;
	size_t n;
};

/* One window's figure; NAN: it has none. */
typedef double window_value(const struct block *const *blocks, size_t n, double argument);

static double
quantile_value(const struct block *const *blocks, size_t n, double q)
{
	struct tally all;
	double value = NAN;

	tally_init(&all);
	for (size_t i = 0; i < n; i++)
		tally_merge(&all, &blocks[i]->all.tallies[METRIC_RESPONSE]);
	uint64_t rank = histogram_rank(q, all.total);

	for (size_t w = 0; w < all.words_n && isnan(value); w++) {
		uint64_t here = tally_count(all.words[w]);

		if (here >= rank)
			value = (double)histogram_highest_at_ns(tally_place(all.words[w]));
		rank -= here >= rank ? 0 : here;
	}
	tally_fini(&all);
	return value;
}

static double
achieved_value(const struct block *const *blocks, size_t n, double unused)
{
	uint64_t ok = 0;
	int64_t window_ns = 0;

	(void)unused;
	for (size_t i = 0; i < n; i++) {
		ok += blocks[i]->all.counts.ok_in_window;
		window_ns += blocks[i]->window_ns;
	}
	return (double)ok / ns_to_s(window_ns);
}

static double
memory_value(const struct block *const *blocks, size_t n, double unused)
{
	struct gauge_set all;

	(void)unused;
	gauge_set_init(&all);
	for (size_t i = 0; i < n; i++)
		gauge_set_merge(&all, &blocks[i]->target);
	return gauge_avg(&all, GAUGE_MEMORY);
}

/* The figure of each group of neighbours, and when: those that have none are left out. Returns how many there are. */
static size_t
collect(const struct stretch *s, size_t group, window_value *value, double argument, double *x, double *y)
{
	size_t n = 0;

	for (size_t i = 0; i + group <= s->n; i += group) {
		double v = value(s->blocks + i, group, argument);

		if (isnan(v))
			continue;
		x[n] = ((double)s->blocks[i]->start_ns + (double)s->blocks[i + group - 1]->end_ns) / 2 / NS_PER_H;
		y[n++] = v;
	}
	return n;
}

/* As a share of where the line begins. */
static void
set_change(struct drift *drift, double length)
{
	drift->change = drift->change_ci[0] = drift->change_ci[1] = NAN;
	if (!(drift->first > 0))
		return;
	drift->change = (drift->last - drift->first) / drift->first;
	for (int i = 0; i < 2; i++)
		drift->change_ci[i] = drift->per_h_ci[i] * length / drift->first;
}

static void
drift_of_trend(struct drift *drift, const struct trend *trend, const double *x)
{
	double to = x[trend->n - 1];

	*drift = (struct drift){.windows = trend->n,
		.first = trend->intercept + trend->slope * x[0],
		.last = trend->intercept + trend->slope * to,
		.per_h = trend->slope,
		.per_h_ci = {trend->ci[0], trend->ci[1]},
		.p = trend->p,
		.is_trend = trend->p < 1 - TREND_CONFIDENCE && (trend->ci[0] > 0 || trend->ci[1] < 0)};
	set_change(drift, to - x[0]);
}

bool
drift_find(struct drift *drift, const double *x, const double *y, size_t n)
{
	struct trend trend;

	*drift = (struct drift){.windows = 0};
	if (n < SUSTAINED_WINDOWS_MIN || !trend_find(&trend, x, y, n))
		return false;
	drift_of_trend(drift, &trend, x);
	return true;
}

/* A second look at the same run, and so at half the chance of a false alarm. */
static bool
is_late_growth(const struct trend *trend)
{
	return trend->p < (1 - TREND_CONFIDENCE) / 2 && trend->ci[0] > 0;
}

/* Growth that began late is seen in the second half alone, which then is what the drift tells of. */
enum memory_course
memory_course_find(struct drift *drift, const double *x, const double *y, size_t n)
{
	size_t half = n / 2;
	struct trend before, after;

	if (!drift_find(drift, x, y, n) || !trend_find(&before, x, y, half) ||
		!trend_find(&after, x + half, y + half, n - half))
		return MEMORY_UNKNOWN;
	bool grows = drift->is_trend && drift->per_h > 0;

	if (!grows && !is_late_growth(&after))
		return drift->is_trend ? MEMORY_SHRINKS : MEMORY_FLAT;
	if (!(after.slope > 0) || after.slope < SLOWING_SHARE * before.slope)
		return MEMORY_WARM_UP;
	if (!grows)
		drift_of_trend(drift, &after, x + half);
	return MEMORY_LEAK;
}

/* How many blocks a window takes to have the n samples that a percentile wants. */
static size_t
group_for(const struct stretch *s, double samples)
{
	uint64_t total = 0;

	for (size_t i = 0; i < s->n; i++)
		total += s->blocks[i]->all.tallies[METRIC_RESPONSE].total;
	if (total == 0)
		return s->n + 1;
	return (size_t)fmax(1, ceil(samples * (double)s->n / (double)total));
}

static void
set_window(struct drift *drift, const struct stretch *s, size_t group)
{
	if (drift->windows > 0)
		drift->window_s =
			ns_to_s((s->blocks[s->n - 1]->end_ns - s->blocks[0]->start_ns)) / (double)s->n * (double)group;
}

static void
find_quantile(struct drift *drift, const struct stretch *s, double q, double *x, double *y)
{
	size_t group = group_for(s, 1 / (1 - q));

	drift_find(drift, x, y, collect(s, group, quantile_value, q, x, y));
	set_window(drift, s, group);
}

static void
find_all(struct sustained *sustained, const struct stretch *s)
{
	double *x = must_calloc(2 * s->n, sizeof(*x)), *y = x + s->n;

	find_quantile(&sustained->p50, s, 0.5, x, y);
	find_quantile(&sustained->p95, s, 0.95, x, y);
	find_quantile(&sustained->p99, s, 0.99, x, y);
	drift_find(&sustained->achieved, x, y, collect(s, 1, achieved_value, 0, x, y));
	set_window(&sustained->achieved, s, 1);
	sustained->memory_course = memory_course_find(&sustained->memory, x, y, collect(s, 1, memory_value, 0, x, y));
	set_window(&sustained->memory, s, 1);
	free(x);
}

/* One level from the beginning to the end, that nobody steered away from. */
static bool
is_steady(const struct plan *plan, const struct summary *summary)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_choice *shape = plan->scenarios[i].load.shape.choice;

		if (shape == NULL || (strcmp(shape->name, "steady") != 0 && strcmp(shape->name, "concurrency") != 0))
			return false;
	}
	return summary->levels_n == 1;
}

/* Not before the first quarter is over, and none that is only the rest at the end. */
static size_t
choose(const struct blocks *blocks, const struct block **chosen)
{
	size_t n = 0;

	if (blocks->n == 0)
		return 0;
	int64_t from_ns = blocks->blocks[0].start_ns, to_ns = blocks->blocks[blocks->n - 1].end_ns;
	int64_t begin_ns = from_ns + (int64_t)(SUSTAINED_LEFT_OUT * (double)(to_ns - from_ns));

	for (size_t i = 0; i < blocks->n; i++)
		if (blocks->blocks[i].start_ns >= begin_ns && blocks->blocks[i].window_ns >= blocks->length_ns / 2)
			chosen[n++] = &blocks->blocks[i];
	return n;
}

void
sustained_find(struct sustained *sustained, const struct plan *plan, const struct summary *summary)
{
	const struct block *chosen[BLOCKS_MAX + 1];
	struct stretch s = {.blocks = chosen};

	*sustained = (struct sustained){.from_ns = -1, .to_ns = -1};
	if (!is_steady(plan, summary)) {
		snprintf(sustained->why_not, sizeof(sustained->why_not), "the load was not steady");
		return;
	}
	s.n = choose(summary->blocks, chosen);
	if (s.n < SUSTAINED_WINDOWS_MIN) {
		snprintf(sustained->why_not, sizeof(sustained->why_not),
			"%zu windows of %.3g s are left of the last three quarters: too few for a trend, which takes %d",
			s.n, ns_to_s(summary->blocks->length_ns), SUSTAINED_WINDOWS_MIN);
		return;
	}
	sustained->is_known = true;
	sustained->from_ns = chosen[0]->start_ns;
	sustained->to_ns = chosen[s.n - 1]->end_ns;
	find_all(sustained, &s);
}
