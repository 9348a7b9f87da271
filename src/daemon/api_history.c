#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/api_parts.h"
#include "daemon/past.h"
#include "daemon/row.h"
#include "measure/json.h"

/* What the ledger says of the runs that were: the overview, one figure over time, and a report of the main ones. */

#define LIMIT_DEFAULT 500
#define LIMIT_MAX 2000
#define DAY_NS (86400 * NS_PER_S)

/* An overview in the making: the desk's in turns with all else that it does. */
struct viewing {
	struct desk_order order;
	struct api_call *call;
	struct overview_walk *walk;
	bool is_over;
};

static void
view_work(struct desk_order *order, struct ledger *ledger)
{
	struct viewing *viewing = container_of(order, struct viewing, order);
	struct api_call *call = viewing->call;

	overview_walk_on(viewing->walk, ledger, &call->text, &viewing->is_over, &call->err);
}

static void
viewed(struct desk_order *order)
{
	struct viewing *viewing = container_of(order, struct viewing, order);
	struct api_call *call = viewing->call;

	if (!viewing->is_over && !error_is_set(&call->err) && call->request != NULL) {
		desk_give(api_config_of(call)->desk, order);
		return;
	}
	if (error_is_set(&call->err))
		api_answer_failure(call);
	else
		api_answer_json(call, 200, &call->text);
	overview_walk_free(viewing->walk);
	free(viewing);
}

void
api_history(struct api_call *call)
{
	struct viewing *viewing = must_alloc(sizeof(*viewing));

	viewing->order = (struct desk_order){.work = view_work, .done = viewed};
	viewing->call = call;
	viewing->walk = overview_walk_new(api_overview(call));
	desk_give(api_config_of(call)->desk, &viewing->order);
}

/* --- what is asked of a trend --- */

struct asking {
	struct desk_order order;
	struct api_call *call;
	char name[API_PARAMETER_MAX], zone_name[API_PARAMETER_MAX], baseline[API_PARAMETER_MAX];
	int figure; /* −1: a report of the main ones */
	enum trend_by by;
	int64_t from_ns, to_ns; /* to_ns INT64_MAX: until now */
	uint64_t limit;
	double goal;
	bool is_markdown;
	struct zone *zone;
	struct past past;
};

static bool
take_by(struct asking *asking, enum trend_by otherwise)
{
	char text[16] = "";

	snprintf(text, sizeof(text), "%s", trend_by_names[otherwise]);
	if (!api_query_text(asking->call, "by", text, sizeof(text)))
		return false;
	for (int i = 0; i < TREND_BYS_N; i++)
		if (strcmp(trend_by_names[i], text) == 0) {
			asking->by = (enum trend_by)i;
			return true;
		}
	return api_fail(asking->call, 400, "by: write run, day, week, month or quarter");
}

static bool
take_time(struct asking *asking, const char *name, int64_t *into)
{
	char text[32] = "";

	if (!api_query_text(asking->call, name, text, sizeof(text)))
		return false;
	if (text[0] == '\0')
		return true;
	*into = wall_of_text(text);
	return *into != 0 ||
	       api_fail(asking->call, 400, "%s: '%.31s' is no time such as 2026-11-22T02:00:00Z", name, text);
}

static bool
take_name(struct asking *asking, const char *name, char into[API_PARAMETER_MAX])
{
	return api_query_text(asking->call, name, into, API_PARAMETER_MAX) &&
	       (into[0] == '\0' || submission_is_name(into) ||
		       api_fail(asking->call, 400, "%s: write a name of letters, digits, '.', '_' and '-'", name));
}

static bool
take_figure(struct asking *asking)
{
	char text[API_PARAMETER_MAX] = "";

	if (!api_query_text(asking->call, "metric", text, sizeof(text)))
		return false;
	asking->figure = history_find(text);
	return asking->figure >= 0 ||
	       api_fail(asking->call, 400, "metric: '%.64s' is no figure that is kept; GET /api/v1/history names them",
		       text);
}

static bool
take_goal(struct asking *asking)
{
	char text[64] = "";
	const struct unit_row *unit = &unit_rows[history_rows[asking->figure].metric.unit];

	return api_query_text(asking->call, "goal", text, sizeof(text)) &&
	       (text[0] == '\0' || unit->parse(text, &asking->goal) ||
		       api_fail(asking->call, 400, "goal: '%.40s' is not %s", text, unit->form));
}

static bool
take_common(struct asking *asking)
{
	snprintf(asking->zone_name, sizeof(asking->zone_name), "UTC");
	return take_time(asking, "from", &asking->from_ns) && take_time(asking, "to", &asking->to_ns) &&
	       take_name(asking, "baseline", asking->baseline) &&
	       api_query_text(asking->call, "time_zone", asking->zone_name, sizeof(asking->zone_name));
}

/* Answered, and freed, where it cannot be asked so. */
static void
give(struct asking *asking, bool is_good)
{
	struct api_call *call = asking->call;

	if (is_good && !api_query_number(call, "limit", 1, LIMIT_MAX, &asking->limit))
		free(asking); /* and it was answered */
	else if (is_good)
		desk_give(api_config_of(call)->desk, &asking->order);
	else {
		api_answer_failure(call);
		free(asking);
	}
}

static struct asking *
asking_new(struct api_call *call, void (*work)(struct desk_order *order, struct ledger *ledger),
	void (*done)(struct desk_order *order))
{
	struct asking *asking = must_alloc(sizeof(*asking));

	*asking = (struct asking){.order = {.work = work, .done = done},
		.call = call,
		.figure = -1,
		.to_ns = INT64_MAX,
		.limit = LIMIT_DEFAULT,
		.goal = NAN};
	return asking;
}

/* --- what is made of it, on the desk --- */

static bool
see_run(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	(void)run;
	(void)figures;
	(void)n;
	*(bool *)context = true;
	return false;
}

static bool
read_past(struct asking *asking, struct ledger *ledger)
{
	struct api_call *call = asking->call;
	const struct ledger_filter any = {.name = asking->name, .limit = 1};
	struct error why = {0};
	bool is_there = false;

	if (!past_read(
		    &asking->past, ledger, asking->name, asking->limit, asking->from_ns, asking->to_ns, &call->err) ||
		!ledger_list_runs(ledger, &any, see_run, &is_there, &call->err))
		return false;
	if (!is_there)
		return api_fail(call, 404, "there are no runs of '%.64s'", asking->name);
	asking->zone = zone_open(asking->zone_name, NULL, &why);
	return asking->zone != NULL || api_fail(call, 400, "time_zone: %s", why.message);
}

/* As many as reach back to the oldest run. */
static struct trend_config
config_of(const struct asking *asking)
{
	static const int shortest_days[TREND_BYS_N] = {0, 1, 7, 28, 90};
	int64_t now_ns = wall_now_ns();
	struct trend_config config = {
		.by = asking->by, .zone = asking->zone, .now_ns = asking->to_ns < now_ns ? asking->to_ns : now_ns};

	if (asking->by != TREND_BY_RUN && asking->past.n > 0) {
		int64_t back_ns = config.now_ns - asking->past.runs[0].at_ns;
		uint64_t periods = back_ns > 0 ? (uint64_t)(back_ns / DAY_NS / shortest_days[asking->by]) + 2 : 2;

		config.periods = periods < TREND_PERIODS_MAX ? (size_t)periods : TREND_PERIODS_MAX;
	}
	return config;
}

/* That of the baseline that was named, or else that the newest run was compared with; NAN: there is none. */
static bool
baseline_of(struct asking *asking, struct shelf_baseline *into)
{
	const char *name = asking->baseline[0] != '\0' ? asking->baseline : asking->past.baseline;

	return (name != NULL && shelf_find(api_shelf(asking->call), name, into)) || asking->baseline[0] == '\0' ||
	       api_fail(asking->call, 404, "there is no baseline '%.64s'", asking->baseline);
}

static double
value_of(const struct shelf_baseline *baseline, int figure)
{
	return baseline->runs > 0 ? baseline->figures[figure] : NAN;
}

static const char *
status_of(const struct past *past, const char *run)
{
	for (size_t i = 0; i < past->n; i++)
		if (past->runs[i].id == run)
			return past->runs[i].status;
	return NULL;
}

static void
add_runs(struct buf *into, const struct asking *asking, const struct trend_figure *trend)
{
	for (size_t i = 0; i < trend->points_n; i++) {
		const struct trend_point *point = &trend->points[i];

		json_open(into, NULL, '{');
		row_add_time(into, "at", point->at_ns);
		json_add_text(into, "run", point->run);
		json_add_u64(into, "runs", 1);
		json_add_double(into, "value", point->value);
		json_add_text(into, "status", status_of(&asking->past, point->run));
		json_close(into, '}');
	}
}

static void
add_periods(struct buf *into, const struct trend_figure *trend)
{
	for (size_t i = 0; i < trend->periods_n; i++) {
		const struct trend_period *period = &trend->periods[i];

		if (period->runs == 0)
			continue;
		json_open(into, NULL, '{');
		row_add_time(into, "at", period->from_ns);
		json_add_null(into, "run");
		json_add_u64(into, "runs", period->runs);
		json_add_double(into, "value", period->median);
		json_add_double(into, "min", period->least);
		json_add_double(into, "max", period->most);
		json_add_null(into, "status");
		json_close(into, '}');
	}
}

static const char *
unit_name(enum plan_unit unit)
{
	return unit == UNIT_GROWTH || unit == UNIT_SLOPE ? "other" : unit_rows[unit].name;
}

static void
trend_work(struct desk_order *order, struct ledger *ledger)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct buf *text = &asking->call->text;
	struct shelf_baseline baseline = {.runs = 0};
	struct trend_figure trend;

	if (!read_past(asking, ledger) || !baseline_of(asking, &baseline))
		return;
	const struct trend_config config = config_of(asking);
	const struct plan_metric *metric = &history_rows[asking->figure].metric;
	struct trend_point *points = must_calloc(asking->past.n + 1, sizeof(*points));
	size_t n = past_points(&asking->past, (enum history_figure)asking->figure, points);

	trend_figure_make(&trend, &config, (enum history_figure)asking->figure, points, n,
		value_of(&baseline, asking->figure), asking->goal);
	json_open(text, NULL, '{');
	json_add_text(text, "name", asking->name);
	json_add_text(text, "metric", metric->name);
	json_add_text(text, "unit", unit_name(metric->unit));
	json_add_bool(text, "higher_is_better", metric->is_higher_better);
	json_add_text(text, "by", trend_by_names[asking->by]);
	json_add_text(text, "time_zone", zone_name(asking->zone));
	json_open(text, "points", '[');
	if (asking->by == TREND_BY_RUN)
		add_runs(text, asking, &trend);
	else
		add_periods(text, &trend);
	json_close(text, ']');
	trend_figure_json(&trend, text);
	json_close(text, '}');
	trend_figure_fini(&trend);
	free(points);
}

static void
report_work(struct desk_order *order, struct ledger *ledger)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct buf *text = &asking->call->text;
	struct trend_figure figures[HISTORY_FIGURES_N];
	struct shelf_baseline baseline = {.runs = 0};
	size_t n = 0;

	if (!read_past(asking, ledger) || !baseline_of(asking, &baseline))
		return;
	const struct trend_config config = config_of(asking);
	struct trend_point *points = must_calloc((asking->past.n + 1) * HISTORY_FIGURES_N, sizeof(*points)),
			   *at = points;

	for (int i = 0; i < HISTORY_FIGURES_N; i++) {
		size_t points_n = past_points(&asking->past, (enum history_figure)i, at);

		if (points_n == 0 || !history_rows[i].is_main)
			continue;
		trend_figure_make(
			&figures[n++], &config, (enum history_figure)i, at, points_n, value_of(&baseline, i), NAN);
		at += points_n;
	}
	const struct trend_report report = {asking->name, &config, figures, n};

	if (asking->is_markdown)
		trend_report_markdown(&report, text);
	else
		trend_report_json(&report, text);
	for (size_t i = 0; i < n; i++)
		trend_figure_fini(&figures[i]);
	free(points);
}

static void
answer(struct desk_order *order)
{
	struct asking *asking = container_of(order, struct asking, order);
	struct api_call *call = asking->call;

	if (error_is_set(&call->err))
		api_answer_failure(call);
	else if (asking->is_markdown && !call->text.overflowed)
		api_answer(call, 200, "text/markdown; charset=utf-8", NULL, call->text.bytes, call->text.length);
	else
		api_answer_json(call, 200, &call->text);
	past_fini(&asking->past);
	if (asking->zone != NULL)
		zone_close(asking->zone);
	free(asking);
}

void
api_trend_show(struct api_call *call)
{
	struct asking *asking = asking_new(call, trend_work, answer);

	give(asking, take_name(asking, "name", asking->name) &&
			     (asking->name[0] != '\0' || api_fail(call, 400, "name: say whose runs")) &&
			     take_figure(asking) && take_goal(asking) && take_by(asking, TREND_BY_RUN) &&
			     take_common(asking));
}

void
api_trend_report(struct api_call *call)
{
	struct asking *asking = asking_new(call, report_work, answer);
	char format[16] = "json";

	snprintf(asking->name, sizeof(asking->name), "%s", call->id);
	bool is_said = api_query_text(call, "format", format, sizeof(format));

	asking->is_markdown = strcmp(format, "md") == 0;
	give(asking, is_said &&
			     (asking->is_markdown || strcmp(format, "json") == 0 ||
				     api_fail(call, 400, "format: '%s' is neither json nor md", format)) &&
			     take_by(asking, TREND_BY_WEEK) && take_common(asking));
}
