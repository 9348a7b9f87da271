#include "judge/recommend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "judge/metrics.h"

struct rule_of_advice {
	const char *name, *text;
	const char *when;       /* an expression; or … */
	enum failure_mode mode; /* … a cause; or … */
	bool (*look)(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX]);
	const char *instead_of; /* the row is only this: `name` makes that one needless */
};

static const struct rule_of_advice rows[] = {
#define ADVISE_ON(MODE) {.mode = FAILURE_MODE_##MODE},
#define ADVISE_WHEN(of, expression, what) {.name = #of, .text = (what), .when = (expression)},
#define ADVISE_BY(of, what) {.name = #of, .text = (what), .look = look_##of},
#define ADVISE_INSTEAD(graver, milder) {.name = #graver, .instead_of = #milder},
#include "judge/recommendations.def"
#undef ADVISE_ON
#undef ADVISE_WHEN
#undef ADVISE_BY
#undef ADVISE_INSTEAD
};

/* Enough of it where it cannot be seen whole. */
static void
add(struct verdict *verdict, const char *name, const char *text, const char *evidence)
{
	if (verdict->advice_n == ADVICE_MAX)
		return;
	struct advice *advice = &verdict->advice[verdict->advice_n++];

	*advice = (struct advice){.name = name, .text = text};
	snprintf(advice->evidence, sizeof(advice->evidence), "%s", evidence);
}

static bool
has(const struct verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->advice_n; i++)
		if (strcmp(verdict->advice[i].name, name) == 0)
			return true;
	return false;
}

/* The level that a stepped load is asked about: the highest that held, else the first that broke; NULL: neither. */
static const struct level_summary *
answering_level(const struct verdict *verdict, const struct judge_view *view)
{
	const struct breaking_point *point = &verdict->breaking_point;
	int32_t level = point->max_sustainable_level >= 0 ? point->max_sustainable_level : point->first_broken_level;

	return level >= 0 && (size_t)level < view->summary->levels_n ? &view->summary->levels[level] : NULL;
}

/* Of a level whose histograms are gone there are the usual percentiles. */
static double
settled_value(const struct expr *expr, const struct level_summary *level)
{
	if (metric_kind(expr->metric) != METRIC_OF_DISTRIBUTION || expr->request >= 0 || expr->stat != EXPR_PERCENTILE)
		return NAN;
	const struct latency_figures *f = &level->figures[metric_index(expr->metric)];
	int64_t value_ns = expr->quantile == 0.5    ? f->p50_ns
			   : expr->quantile == 0.95 ? f->p95_ns
			   : expr->quantile == 0.99 ? f->p99_ns
						    : -1;

	return f->count > 0 && value_ns >= 0 ? (double)value_ns : NAN;
}

static double
value_of(const struct expr *expr, const struct verdict *verdict, const struct judge_view *view)
{
	const struct arm_run run = {.max_sustainable = verdict->breaking_point.max_sustainable,
		.max_goodput_per_s = verdict->breaking_point.max_goodput_per_s,
		.sustained = verdict->sustained,
		.memory = verdict->curve.memory,
		.ready_ns = view->facts->ready_ns > 0 ? view->facts->ready_ns : -1};

	if (expr->metric->is_of_the_run)
		return metric_of_the_run(expr->metric, &run);
	if (!view->is_stepped)
		return judge_value(expr, view->summary, NULL);
	const struct level_summary *level = answering_level(verdict, view);

	if (level == NULL)
		return NAN;
	double value = judge_value(expr, view->summary, level);

	return isnan(value) ? settled_value(expr, level) : value;
}

static void
look_at(struct verdict *verdict, const struct judge_view *view, const char *name, const char *text,
	const struct expr *when)
{
	char value[64], where[64] = "", evidence[ADVICE_TEXT_MAX];
	double measured = value_of(when, verdict, view);
	const struct level_summary *level = answering_level(verdict, view);

	/* Where nothing was measured of it, or a percentile falls among the failures, the failures say what is wrong.
	 */
	if (!isfinite(measured) || !expr_holds(when, measured))
		return;
	if (view->is_stepped && !when->metric->is_of_the_run && level != NULL)
		snprintf(where, sizeof(where), " at %.4g%s", level->offered,
			view->plan->scenarios[0].load.in_users ? " users" : "/s");
	snprintf(evidence, sizeof(evidence), "'%.100s': it was %s%s", when->text,
		metric_value_text(when, measured, view->plan->target.timeout_ns, value, sizeof(value)), where);
	add(verdict, name, text, evidence);
}

static void
look_at_mode(struct verdict *verdict, enum failure_mode mode)
{
	for (size_t i = 0; i < verdict->evidence_n; i++)
		if (verdict->evidence[i]->mode == mode) {
			add(verdict, failure_mode_rows[mode].name, failure_mode_rows[mode].advice,
				verdict->evidence[i]->text);
			return;
		}
}

static void
look_at_text(struct verdict *verdict, const struct judge_view *view, const struct rule_of_advice *row)
{
	struct arena arena;
	struct expr when;
	struct error err = {0};

	arena_init(&arena);
	/* The table's own expressions are right: every run that is judged parses them all. */
	CHECK(expr_parse(row->when, judge_metrics, NULL, 0, &arena, &when, &err));
	look_at(verdict, view, row->name, row->text, &when);
	arena_fini(&arena);
}

static void
drop(struct verdict *verdict, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < verdict->advice_n; i++)
		if (strcmp(verdict->advice[i].name, name) != 0)
			verdict->advice[kept++] = verdict->advice[i];
	verdict->advice_n = kept;
}

static void
look_at_row(struct verdict *verdict, const struct judge_view *view, const struct rule_of_advice *row)
{
	char evidence[ADVICE_TEXT_MAX] = "";

	if (row->instead_of != NULL) {
		if (has(verdict, row->name))
			drop(verdict, row->instead_of);
	} else if (row->when != NULL)
		look_at_text(verdict, view, row);
	else if (row->look == NULL)
		look_at_mode(verdict, row->mode);
	else if (row->look(verdict, view, evidence))
		add(verdict, row->name, row->text, evidence);
}

void
recommend_find(struct verdict *verdict, const struct judge_view *view)
{
	bool is_reliable = verdict->status == VERDICT_PASS || verdict->status == VERDICT_FAIL;

	verdict->advice_n = 0;
	for (size_t i = 0; i < view->plan->recommendations_n && is_reliable; i++)
		look_at(verdict, view, "profile", view->plan->recommendations[i].text,
			&view->plan->recommendations[i].when);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_reliable || (rows[i].when == NULL && rows[i].look == NULL) || rows[i].look == look_slow_start)
			look_at_row(verdict, view, &rows[i]);
}
