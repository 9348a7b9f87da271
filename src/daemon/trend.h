#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "daemon/history.h"
#include "daemon/zone.h"
#include "judge/change_point.h"
#include "judge/trend.h"

/* How a figure went over the runs of one name: medians of days, weeks, months or quarters, the slope of all runs with
 * its 95% interval (judge/trend.h), steps (judge/change_point.h), and where the last period stands against a baseline
 * and a goal. Several of them are a report. Pure; some 10 ms for 500 runs: for a thread that may take its time. Who
 * hands runs in leaves out those that say nothing: interrupted, lost, or limited by the generator. */

enum trend_by { TREND_BY_RUN, TREND_BY_DAY, TREND_BY_WEEK, TREND_BY_MONTH, TREND_BY_QUARTER, TREND_BYS_N };
extern const char *const trend_by_names[TREND_BYS_N + 1]; /* "run", "day", … ended by NULL */

#define TREND_PERIODS_MAX 400
#define TREND_SIGNIFICANT 0.05 /* p of a slope that is one */

struct trend_point {
	int64_t at_ns; /* wall time */
	double value;  /* finite */
	const char *run;
};

struct trend_config {
	enum trend_by by;
	const struct zone *zone; /* whose clocks days begin by; NULL: UTC. Weeks begin on Mondays */
	size_t periods;          /* how many, up to the one that now_ns is in; 0: none, as by run */
	int64_t now_ns;
};

struct trend_period {
	int64_t from_ns, to_ns;
	size_t runs;
	double median, least, most; /* NAN: no run */
};

struct trend_step {
	struct change_point point;
	size_t first;  /* index of the first run of the new level */
	double change; /* after / before − 1; NAN where before is 0 */
	bool is_worse;
};

struct trend_figure {
	enum history_figure figure;
	const struct trend_point *points; /* the caller's, in the order of their time */
	size_t points_n;
	struct trend_period *periods;
	size_t periods_n;
	bool has_slope;     /* TREND_POINTS_MIN runs at least: */
	struct trend slope; /* per day */
	struct trend_step steps[CHANGE_STEPS_MAX];
	size_t steps_n;
	double last;              /* the median of the last period with a run; by run: of all since the last step */
	double baseline, against; /* NAN: none; last / baseline − 1 */
	double goal, headroom;    /* NAN: none; how far last is on the good side of it, as a share of it */
	int64_t goal_at_ns; /* when the slope will have used the headroom up; 0: it does not, or within ten years */
};

/* goal, baseline: NAN where there is none. Points must outlive it. */
void trend_figure_make(struct trend_figure *into, const struct trend_config *config, enum history_figure figure,
	const struct trend_point *points, size_t n, double baseline, double goal);
void trend_figure_fini(struct trend_figure *figure);

struct trend_report {
	const char *name; /* of the runs */
	const struct trend_config *config;
	const struct trend_figure *figures;
	size_t figures_n;
};

/* {name, by, time_zone, made_at, figures[{metric, unit, higher_is_better, runs, last, baseline, against, goal,
 * headroom, goal_at, slope{per_day, ci[2], p, is_trend}|null, periods[{from, to, runs, median, min, max}],
 * change_points[{metric, at, run, before, after, change, delta, ci[2], p, from, to, is_worse}]}]}. False: the buffer's
 * ceiling. */
bool trend_report_json(const struct trend_report *report, struct buf *into);
/* Its members last, baseline, against, goal, headroom, goal_at, slope and change_points; one of the last as an object.
 */
void trend_figure_json(const struct trend_figure *figure, struct buf *into);
void trend_step_json(const struct trend_figure *figure, const struct trend_step *step, struct buf *into);
bool trend_report_markdown(const struct trend_report *report, struct buf *into);
