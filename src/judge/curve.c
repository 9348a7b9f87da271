#include "judge/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "judge/knee.h"
#include "judge/line.h"
#include "judge/little.h"
#include "judge/usl.h"

/* Points that the memory's line wants at least, the idle target one of them. */
#define MEMORY_POINTS_MIN 3

void
curve_point_find(struct curve_point *point, const struct level_summary *level, const struct plan *plan)
{
	int64_t p95_ns = rule_quantile_ns(level, METRIC_RESPONSE, 0.95);

	*point = (struct curve_point){.level = level->index,
		.load = level->offered,
		.in_flight = level->in_flight_avg,
		.achieved_per_s = level_achieved_per_s(level),
		.p95_ns = p95_ns >= 0 ? (double)p95_ns : NAN,
		.memory_bytes = gauge_avg(&level->target, GAUGE_MEMORY)};
	little_find(&point->little, level, plan);
}

static bool
has_died(const struct level_verdict *verdict)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].mode == FAILURE_MODE_CRASH ||
			verdict->findings[i].mode == FAILURE_MODE_OUT_OF_MEMORY)
			return true;
	return false;
}

static int
by_load(const void *a, const void *b)
{
	const struct curve_point *p = a, *q = b;

	return (p->load > q->load) - (p->load < q->load);
}

/* Those of the levels that say anything, by load. */
static size_t
collect(const struct judge_view *view, struct curve_point *points)
{
	size_t n = 0;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *record = view->records[i];

		if (record->verdict.status == LEVEL_INVALID || record->verdict.status == LEVEL_CUT)
			continue;
		points[n] = record->point;
		points[n++].has_died = has_died(&record->verdict);
	}
	qsort(points, n, sizeof(*points), by_load);
	return n;
}

static void
find_usl(struct usl *usl, const struct curve_point *points, size_t n, bool in_users)
{
	double *load = must_calloc(2 * n + 1, sizeof(*load)), *achieved = load + n;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		double under_way = in_users ? points[i].load : points[i].in_flight;

		if (points[i].has_died || !(under_way > 0) || !(points[i].achieved_per_s > 0))
			continue;
		load[used] = under_way;
		achieved[used++] = points[i].achieved_per_s;
	}
	usl_fit(usl, load, achieved, used);
	usl->in_users = in_users;
	free(load);
}

/* A load that was tested several times counts as their mean. */
static void
find_knee(struct knee *knee, const struct curve_point *points, size_t n)
{
	double *load = must_calloc(2 * n + 1, sizeof(*load)), *p95_ns = load + n;
	uint32_t *levels = must_calloc(n + 1, sizeof(*levels));
	size_t used = 0, same = 0;

	for (size_t i = 0; i < n; i++) {
		if (points[i].has_died || isnan(points[i].p95_ns))
			continue;
		same = used > 0 && points[i].load <= load[used - 1] ? same + 1 : 1;
		used += same == 1;
		load[used - 1] = points[i].load;
		p95_ns[used - 1] += (points[i].p95_ns - p95_ns[used - 1]) / (double)same;
		levels[used - 1] = points[i].level;
	}
	knee_find(knee, levels, load, p95_ns, used);
	free(levels);
	free(load);
}

static void
set_above_idle(struct memory_fit *fit, const double *load, const double *memory, size_t n)
{
	double idle = isnan(fit->measured_idle_bytes) ? fit->idle_bytes : fit->measured_idle_bytes;

	fit->most_load = load[n - 1];
	fit->most_bytes = memory[n - 1];
	fit->above_idle_bytes = fit->most_bytes - idle;
	fit->above_idle_share = idle > 0 ? fit->above_idle_bytes / idle : NAN;
}

static void
fit_memory(struct memory_fit *fit, const double *load, const double *memory, size_t n)
{
	struct line_fit line;

	fit->points = n;
	if (n < MEMORY_POINTS_MIN || !(load[n - 1] > load[0])) {
		snprintf(fit->why_not, sizeof(fit->why_not),
			n == 0 ? "nobody watched the target's memory"
			       : "it takes the memory at %d loads, and it was read at %zu",
			MEMORY_POINTS_MIN, n);
		return;
	}
	line_fit_find(&line, load, memory, n);
	fit->idle_bytes = line.intercept;
	fit->per_load_bytes = line.slope;
	fit->per_load_ci[0] = line.slope_ci[0];
	fit->per_load_ci[1] = line.slope_ci[1];
	fit->r_squared = line.r_squared;
	fit->residual_bytes = line.residual;
	set_above_idle(fit, load, memory, n);
}

static void
find_memory(struct memory_fit *fit, const struct judge_view *view, const struct curve_point *points, size_t n)
{
	double *load = must_calloc(2 * n + 2, sizeof(*load)), *memory = load + n + 1;
	double idle = gauge_avg(&view->summary->target_idle, GAUGE_MEMORY);
	size_t used = 0;

	*fit = (struct memory_fit){.measured_idle_bytes = idle, .in_users = view->plan->scenarios[0].load.in_users};
	if (!isnan(idle))
		memory[used++] = idle;
	for (size_t i = 0; i < n; i++) {
		if (points[i].has_died || isnan(points[i].memory_bytes))
			continue;
		load[used] = points[i].load;
		memory[used++] = points[i].memory_bytes;
	}
	fit_memory(fit, load, memory, used);
	free(load);
}

/* How far outside of what it may be. */
static double
distance(const struct little *l)
{
	return fmax(l->least - l->in_flight, l->in_flight - l->most);
}

static void
check_little(struct load_curve *curve, const struct curve_point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct little *little = &points[i].little;

		curve->little_checked += little->is_checked;
		if (!little->is_checked || little->holds)
			continue;
		if (curve->little_off++ == 0 || distance(little) > distance(&curve->worst)) {
			curve->worst = *little;
			curve->worst_level = points[i].level;
		}
	}
}

void
curve_find(struct load_curve *curve, const struct judge_view *view)
{
	struct curve_point *points = must_calloc(view->records_n + 1, sizeof(*points));
	size_t n = collect(view, points);

	*curve = (struct load_curve){.is_known = view->is_stepped};
	find_usl(&curve->usl, points, n, view->plan->scenarios[0].load.in_users);
	find_knee(&curve->knee, points, n);
	find_memory(&curve->memory, view, points, n);
	check_little(curve, points, n);
	free(points);
}
