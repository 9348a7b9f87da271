#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "daemon/trend.h"
#include "measure/json.h"

static void
add_time(struct buf *into, const char *name, int64_t wall_ns)
{
	char text[32];

	if (wall_ns != 0)
		json_add_text(into, name, wall_text(wall_ns, text, sizeof(text)));
	else
		json_add_null(into, name);
}

static void
add_interval(struct buf *into, const double ci[2])
{
	json_open(into, "ci", '[');
	json_add_double(into, NULL, ci[0]);
	json_add_double(into, NULL, ci[1]);
	json_close(into, ']');
}

static void
add_slope(struct buf *into, const struct trend_figure *figure)
{
	if (!figure->has_slope) {
		json_add_null(into, "slope");
		return;
	}
	json_open(into, "slope", '{');
	json_add_double(into, "per_day", figure->slope.slope);
	add_interval(into, figure->slope.ci);
	json_add_double(into, "p", figure->slope.p);
	json_add_bool(into, "is_trend", figure->slope.p < TREND_SIGNIFICANT);
	json_close(into, '}');
}

static void
add_periods(struct buf *into, const struct trend_figure *figure)
{
	json_open(into, "periods", '[');
	for (size_t i = 0; i < figure->periods_n; i++) {
		const struct trend_period *period = &figure->periods[i];

		json_open(into, NULL, '{');
		add_time(into, "from", period->from_ns);
		add_time(into, "to", period->to_ns);
		json_add_u64(into, "runs", period->runs);
		json_add_double(into, "median", period->median);
		json_add_double(into, "min", period->least);
		json_add_double(into, "max", period->most);
		json_close(into, '}');
	}
	json_close(into, ']');
}

void
trend_step_json(const struct trend_figure *figure, const struct trend_step *step, struct buf *into)
{
	json_open(into, NULL, '{');
	json_add_text(into, "metric", history_rows[figure->figure].metric.name);
	add_time(into, "at", figure->points[step->first].at_ns);
	json_add_text(into, "run", figure->points[step->first].run);
	json_add_double(into, "before", step->point.before);
	json_add_double(into, "after", step->point.after);
	json_add_double(into, "change", step->change);
	json_add_double(into, "delta", step->point.delta);
	add_interval(into, step->point.ci);
	json_add_double(into, "p", step->point.p);
	add_time(into, "from", figure->points[step->point.first].at_ns);
	add_time(into, "to", figure->points[step->point.last].at_ns);
	json_add_bool(into, "is_worse", step->is_worse);
	json_close(into, '}');
}

static void
add_steps(struct buf *into, const struct trend_figure *figure)
{
	json_open(into, "change_points", '[');
	for (size_t i = 0; i < figure->steps_n; i++)
		trend_step_json(figure, &figure->steps[i], into);
	json_close(into, ']');
}

void
trend_figure_json(const struct trend_figure *figure, struct buf *into)
{
	json_add_double(into, "last", figure->last);
	json_add_double(into, "baseline", figure->baseline);
	json_add_double(into, "against", figure->against);
	json_add_double(into, "goal", figure->goal);
	json_add_double(into, "headroom", figure->headroom);
	add_time(into, "goal_at", figure->goal_at_ns);
	add_slope(into, figure);
	add_steps(into, figure);
}

static void
add_figure(struct buf *into, const struct trend_figure *figure)
{
	const struct plan_metric *metric = &history_rows[figure->figure].metric;

	json_open(into, NULL, '{');
	json_add_text(into, "metric", metric->name);
	json_add_text(into, "unit", unit_rows[metric->unit].name);
	json_add_bool(into, "higher_is_better", metric->is_higher_better);
	json_add_u64(into, "runs", figure->points_n);
	trend_figure_json(figure, into);
	add_periods(into, figure);
	json_close(into, '}');
}

bool
trend_report_json(const struct trend_report *report, struct buf *into)
{
	const struct trend_config *config = report->config;

	json_open(into, NULL, '{');
	json_add_text(into, "name", report->name);
	json_add_text(into, "by", trend_by_names[config->by]);
	json_add_text(into, "time_zone", config->zone != NULL ? zone_name(config->zone) : "UTC");
	add_time(into, "made_at", config->now_ns);
	json_open(into, "figures", '[');
	for (size_t i = 0; i < report->figures_n; i++)
		add_figure(into, &report->figures[i]);
	json_close(into, ']');
	json_close(into, '}');
	return !into->overflowed;
}

/* "2026-11-22", by the zone's clocks. */
static const char *
date_text(const struct zone *zone, int64_t wall_ns, char into[32])
{
	int64_t ahead_s = zone != NULL ? zone_offset_s(zone, wall_ns / NS_PER_S) : 0;

	wall_text(wall_ns + ahead_s * NS_PER_S, into, 32);
	into[strcspn(into, "T")] = '\0';
	return into;
}

static const char *
value_text(const struct trend_figure *figure, double value, char into[64])
{
	return expr_value_text(history_rows[figure->figure].metric.unit, value, into, 64);
}

static const char *
share_text(double share, char into[32])
{
	if (isnan(share))
		return "";
	snprintf(into, 32, "%+.1f%%", share * 100);
	return into;
}

/* A change below 0 of a size or a time is written with a sign of its own, which units do not have. */
static const char *
slope_text(const struct trend_figure *figure, char into[96])
{
	char shown[64];
	double per_week = figure->slope.slope * 7;

	if (!figure->has_slope)
		snprintf(into, 96, "too few runs");
	else if (figure->slope.p >= TREND_SIGNIFICANT)
		snprintf(into, 96, "none that can be told");
	else
		snprintf(into, 96, "%s%s per week (p %.2g)", per_week < 0 ? "−" : "+",
			value_text(figure, fabs(per_week), shown), figure->slope.p);
	return into;
}

static void
tell_overview(const struct trend_report *report, struct buf *into)
{
	char last[64], base[64], goal[64], against[32], headroom[32], slope[96], date[32];

	buf_add_text(into, "| figure | runs | now | baseline | against it | goal | headroom | trend |\n"
			   "|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < report->figures_n; i++) {
		const struct trend_figure *f = &report->figures[i];

		buf_printf(into, "| %s | %zu | %s | %s | %s | %s | %s%s%s | %s |\n",
			history_rows[f->figure].metric.name, f->points_n, value_text(f, f->last, last),
			isnan(f->baseline) ? "" : value_text(f, f->baseline, base), share_text(f->against, against),
			isnan(f->goal) ? "" : value_text(f, f->goal, goal), share_text(f->headroom, headroom),
			f->goal_at_ns != 0 ? ", used up by " : "",
			f->goal_at_ns != 0 ? date_text(report->config->zone, f->goal_at_ns, date) : "",
			slope_text(f, slope));
	}
}

static void
tell_steps(const struct trend_report *report, struct buf *into)
{
	const struct zone *zone = report->config->zone;
	char before[64], after[64], change[32], at[32], from[32], to[32];
	size_t n = 0;

	buf_add_text(into, "\n## Steps\n\n");
	for (size_t i = 0; i < report->figures_n; i++)
		for (size_t k = 0; k < report->figures[i].steps_n; k++, n++) {
			const struct trend_figure *f = &report->figures[i];
			const struct trend_step *step = &f->steps[k];

			buf_printf(into, "- **%s** %s on %s (%s to %s): from %s to %s, %s; p %.2g, run %s\n",
				history_rows[f->figure].metric.name, step->is_worse ? "became worse" : "became better",
				date_text(zone, f->points[step->first].at_ns, at),
				date_text(zone, f->points[step->point.first].at_ns, from),
				date_text(zone, f->points[step->point.last].at_ns, to),
				value_text(f, step->point.before, before), value_text(f, step->point.after, after),
				share_text(step->change, change), step->point.p, f->points[step->first].run);
		}
	if (n == 0)
		buf_add_text(into, "None.\n");
}

static void
tell_periods(const struct trend_report *report, const struct trend_figure *f, struct buf *into)
{
	char date[32], median[64], least[64], most[64];

	buf_printf(into, "\n## %s\n\n| %s from | runs | median | least | most |\n|---|---|---|---|---|\n",
		history_rows[f->figure].metric.name, trend_by_names[report->config->by]);
	for (size_t i = 0; i < f->periods_n; i++) {
		const struct trend_period *period = &f->periods[i];

		buf_printf(into, "| %s | %zu | %s | %s | %s |\n",
			date_text(report->config->zone, period->from_ns, date), period->runs,
			value_text(f, period->median, median), value_text(f, period->least, least),
			value_text(f, period->most, most));
	}
}

bool
trend_report_markdown(const struct trend_report *report, struct buf *into)
{
	const struct trend_config *config = report->config;
	char date[32];

	buf_printf(into, "# %s, by %s, %s\n\n", report->name, trend_by_names[config->by],
		date_text(config->zone, config->now_ns, date));
	tell_overview(report, into);
	tell_steps(report, into);
	for (size_t i = 0; i < report->figures_n; i++)
		if (report->figures[i].periods_n > 0)
			tell_periods(report, &report->figures[i], into);
	return !into->overflowed;
}
