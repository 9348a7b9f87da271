#include "daemon/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/order.h"
#include "base/units.h"
#include "daemon/civil.h"

#define DAY_NS (DAY_S * NS_PER_S)
#define GOAL_WITHIN_DAYS 3650

const char *const trend_by_names[TREND_BYS_N + 1] = {"run", "day", "week", "month", "quarter", NULL};

static int32_t
offset_s(const struct zone *zone, int64_t at_s)
{
	return zone != NULL ? zone_offset_s(zone, at_s) : 0;
}

static int64_t
local_days(const struct zone *zone, int64_t at_ns)
{
	int64_t at_s = civil_floor_div(at_ns, NS_PER_S);

	return civil_floor_div(at_s + offset_s(zone, at_s), DAY_S);
}

/* When that day begins: by the offset that holds then. */
static int64_t
midnight_ns(const struct zone *zone, int64_t days)
{
	int64_t at_s = days * DAY_S - offset_s(zone, days * DAY_S);

	return (days * DAY_S - offset_s(zone, at_s)) * NS_PER_S;
}

/* The first day of the period that this day is in. */
static int64_t
period_of(enum trend_by by, int64_t days)
{
	struct civil date = civil_of_days(days);

	switch (by) {
	case TREND_BY_WEEK: return days - (civil_weekday(days) + 6) % 7;
	case TREND_BY_MONTH: return civil_to_days(date.year, date.month, 1);
	case TREND_BY_QUARTER: return civil_to_days(date.year, (date.month - 1) / 3 * 3 + 1, 1);
	default: return days;
	}
}

static double
median_of(const struct trend_point *points, size_t n)
{
	double *sorted = must_calloc(n + 1, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = points[i].value;
	qsort(sorted, n, sizeof(*sorted), order_by_value);
	double median = order_median(sorted, n);

	free(sorted);
	return median;
}

static void
fill_period(struct trend_period *period, const struct trend_figure *figure)
{
	const struct trend_point *points = figure->points;
	size_t from = 0, to;

	while (from < figure->points_n && points[from].at_ns < period->from_ns)
		from++;
	period->least = period->most = NAN;
	for (to = from; to < figure->points_n && points[to].at_ns < period->to_ns; to++) {
		period->least = fmin(period->least, points[to].value); /* fmin prefers a number to NAN */
		period->most = fmax(period->most, points[to].value);
	}
	period->runs = to - from;
	period->median = median_of(points + from, to - from);
}

static void
fill_periods(struct trend_figure *figure, const struct trend_config *config)
{
	int64_t first = period_of(config->by, local_days(config->zone, config->now_ns)), next;

	CHECK_OP(config->periods, <=, TREND_PERIODS_MAX);
	figure->periods_n = config->by == TREND_BY_RUN ? 0 : config->periods;
	figure->periods = must_calloc(figure->periods_n + 1, sizeof(*figure->periods));
	next = first + (config->by == TREND_BY_DAY              ? 1
			       : config->by == TREND_BY_WEEK    ? 7
			       : config->by == TREND_BY_MONTH   ? 31
			       : config->by == TREND_BY_QUARTER ? 92
								: 0);
	next = period_of(config->by, next);
	for (size_t i = figure->periods_n; i > 0; i--) {
		struct trend_period *period = &figure->periods[i - 1];

		period->from_ns = midnight_ns(config->zone, first);
		period->to_ns = midnight_ns(config->zone, next);
		fill_period(period, figure);
		next = first;
		first = period_of(config->by, first - 1);
	}
}

static void
find_slope(struct trend_figure *figure)
{
	size_t n = figure->points_n, from = n > CHANGE_RUNS_MAX ? n - CHANGE_RUNS_MAX : 0;
	double *x = must_calloc(2 * n + 1, sizeof(*x)), *y = x + n;
	size_t kept = 0;

	for (size_t i = from; i < n; i++) {
		double days = (double)(figure->points[i].at_ns - figure->points[from].at_ns) / (double)DAY_NS;

		if (kept > 0 && days <= x[kept - 1])
			continue; /* two at one moment have no slope between them */
		x[kept] = days;
		y[kept++] = figure->points[i].value;
	}
	figure->has_slope = trend_find(&figure->slope, x, y, kept);
	free(x);
}

static void
find_steps(struct trend_figure *figure)
{
	struct change_point found[CHANGE_STEPS_MAX];
	double *values = must_calloc(figure->points_n + 1, sizeof(*values));
	bool is_higher_better = history_rows[figure->figure].metric.is_higher_better;

	for (size_t i = 0; i < figure->points_n; i++)
		values[i] = figure->points[i].value;
	figure->steps_n = change_point_find(values, figure->points_n, CHANGE_P, found);
	for (size_t i = 0; i < figure->steps_n; i++)
		figure->steps[i] = (struct trend_step){.point = found[i],
			.first = found[i].at,
			.change = found[i].before != 0 ? found[i].after / found[i].before - 1 : NAN,
			.is_worse = is_higher_better ? found[i].delta < 0 : found[i].delta > 0};
	free(values);
}

static double
last_of(const struct trend_figure *figure)
{
	size_t since = figure->steps_n > 0 ? figure->steps[figure->steps_n - 1].first : 0;

	for (size_t i = figure->periods_n; i > 0; i--)
		if (figure->periods[i - 1].runs > 0)
			return figure->periods[i - 1].median;
	return figure->periods_n > 0 ? NAN : median_of(figure->points + since, figure->points_n - since);
}

/* When a line from where it is now, as steep as the runs say, is at the goal. */
static int64_t
goal_at(const struct trend_figure *figure, int64_t now_ns)
{
	double per_day = figure->has_slope && figure->slope.p < TREND_SIGNIFICANT ? figure->slope.slope : 0;
	double days = per_day != 0 ? (figure->goal - figure->last) / per_day : NAN;

	return figure->headroom > 0 && days > 0 && days < GOAL_WITHIN_DAYS ? now_ns + (int64_t)(days * (double)DAY_NS)
									   : 0;
}

void
trend_figure_make(struct trend_figure *into, const struct trend_config *config, enum history_figure figure,
	const struct trend_point *points, size_t n, double baseline, double goal)
{
	bool is_higher_better = history_rows[figure].metric.is_higher_better;

	*into = (struct trend_figure){
		.figure = figure, .points = points, .points_n = n, .baseline = baseline, .goal = goal};
	fill_periods(into, config);
	find_slope(into);
	find_steps(into);
	into->last = last_of(into);
	into->against = baseline != 0 ? into->last / baseline - 1 : NAN;
	into->headroom = goal != 0 ? (is_higher_better ? into->last / goal - 1 : 1 - into->last / goal) : NAN;
	into->goal_at_ns = goal_at(into, config->now_ns);
}

void
trend_figure_fini(struct trend_figure *figure)
{
	free(figure->periods);
	*figure = (struct trend_figure){.points_n = 0};
}
