#include "judge/judge.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "judge/alerts.h"
#include "judge/curve.h"
#include "judge/excerpt.h"
#include "judge/grade.h"
#include "judge/metrics.h"
#include "judge/recommend.h"
#include "judge/records.h"
#include "judge/recovery.h"
#include "judge/rule.h"
#include "judge/search_log.h"
#include "judge/sustained.h"

struct judge {
	const struct plan *plan;
	bool is_stepped;
	struct level_record **records; /* one by one, so that a verdict handed out stays where it is */
	size_t records_n, records_capacity;
	struct reference_level first;
	double oom_kills_before;
	struct spells spells;
	struct search_log *search; /* NULL: the load is none */
	struct alerts *alerts;     /* NULL: the plan has none */
	struct verdict verdict;
};

struct judge *
judge_new(const struct plan *plan)
{
	struct judge *judge = must_alloc(sizeof(*judge));

	judge->plan = plan;
	judge->is_stepped = plan_is_stepped(plan);
	judge->first = (struct reference_level){.p50_ns = -1, .p95_ns = -1};
	judge->oom_kills_before = NAN;
	spells_init(&judge->spells);
	judge->search = search_log_new(plan);
	judge->alerts = alerts_new(plan);
	return judge;
}

static void
verdict_fini(struct verdict *verdict)
{
	free(verdict->levels);
	free(verdict->slos);
	free(verdict->alerts);
	*verdict = (struct verdict){0};
}

void
judge_free(struct judge *judge)
{
	if (judge == NULL)
		return;
	for (size_t i = 0; i < judge->records_n; i++) {
		free(judge->records[i]->slo_values);
		free(judge->records[i]);
	}
	free(judge->records);
	search_log_free(judge->search);
	alerts_free(judge->alerts);
	verdict_fini(&judge->verdict);
	free(judge);
}

static struct level_record *
add_record(struct judge *judge, const struct summary *summary, const struct level_summary *level)
{
	struct level_record *record = must_alloc(sizeof(*record));

	if (judge->records_n == judge->records_capacity) {
		judge->records_capacity = judge->records_capacity * 2 + 16;
		judge->records = must_realloc(judge->records, judge->records_capacity * sizeof(struct level_record *));
	}
	judge->records[judge->records_n++] = record;
	record->verdict.level = level->index;
	record->offered = level->offered;
	record->achieved_per_s = level_achieved_per_s(level);
	record->error_rate = counts_error_rate(&level->counts);
	record->errors = rule_errors_of(level);
	record->start_ns = level->start_ns;
	record->end_ns = level->end_ns;
	curve_point_find(&record->point, level, judge->plan);
	record->slo_values = must_calloc(judge->plan->slos_n + 1, sizeof(double));
	for (size_t i = 0; i < judge->plan->slos_n; i++)
		record->slo_values[i] = judge_value(&judge->plan->slos[i].expr, summary, level);
	return record;
}

static bool
is_any_broken(const struct judge *judge)
{
	for (size_t i = 0; i < judge->records_n; i++)
		if (judge->records[i]->verdict.status == LEVEL_BROKEN)
			return true;
	return false;
}

/* INVALID outweighs BROKEN: what the generator spoiled says nothing about the target. In a stepped load a level is cut
 * because of another that is judged instead; then it says nothing, unless it is the first to break. A search has one
 * level at a time, so that one that was cut broke by itself. */
static enum level_status
status_of(const struct judge *judge, const struct level_verdict *verdict, const struct level_summary *level)
{
	enum level_status status = LEVEL_OK;

	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].weight > status)
			status = verdict->findings[i].weight;
	if (!level->is_cut)
		return status;
	if (status < LEVEL_BROKEN)
		return LEVEL_CUT;
	bool says_nothing = status != LEVEL_BROKEN || (judge->search == NULL && is_any_broken(judge));

	return judge->is_stepped && says_nothing ? LEVEL_CUT : status;
}

/* The counter as it stood before any load; a counter only rises, so that its smallest value is its first. */
static double
first_oom_kills(const struct summary *summary)
{
	double idle = gauge_last(&summary->target_idle, GAUGE_OOM_KILLS);
	const struct gauge_stats *all = &summary->target.gauges[GAUGE_OOM_KILLS];

	return !isnan(idle) ? idle : all->n > 0 ? all->min : NAN;
}

static bool
is_valid(enum level_status status)
{
	return status != LEVEL_INVALID && status != LEVEL_CUT;
}

const struct level_verdict *
judge_level(struct judge *judge, const struct summary *summary, const struct level_summary *level,
	const struct run_facts *facts)
{
	struct level_record *record = add_record(judge, summary, level);
	struct level_verdict *verdict = &record->verdict;
	struct reference_level own = {
		.p50_ns = rule_quantile_ns(level, METRIC_RESPONSE, 0.5),
		.p95_ns = rule_quantile_ns(level, METRIC_RESPONSE, 0.95),
	};
	bool is_first = judge->first.p95_ns < 0;

	if (isnan(judge->oom_kills_before))
		judge->oom_kills_before = first_oom_kills(summary);
	struct rule_context context = {.plan = judge->plan,
		.summary = summary,
		.level = level,
		.facts = facts,
		.first = is_first ? own : judge->first,
		.is_first = is_first,
		.oom_kills_before = judge->oom_kills_before};

	for (size_t i = 0; rules[i] != NULL; i++)
		if (!facts->is_shard || rules[i] == &generator_rule)
			rules[i]->look(&context, verdict);
	causes_order_level(verdict, level, judge->plan, summary->series.step_ns);
	for (size_t i = 0; i < verdict->findings_n; i++)
		excerpt_take(&verdict->findings[i], &summary->series);
	/* Where nobody is there to be tested, nothing can break. */
	verdict->status = facts->was_unreachable ? LEVEL_CUT : status_of(judge, verdict, level);
	if (judge->search != NULL)
		search_log_level(judge->search, verdict, summary, record->slo_values);
	if (is_valid(verdict->status)) {
		double kills = gauge_last(&summary->target, GAUGE_OOM_KILLS);

		judge->first = is_first ? own : judge->first;
		judge->oom_kills_before = isnan(kills) ? judge->oom_kills_before : kills;
	}
	return verdict;
}

/* Levels that were valid since the first one that broke, itself left out. */
static size_t
tested_since_broken(const struct judge *judge, bool *is_broken)
{
	size_t n = 0;

	*is_broken = false;
	for (size_t i = 0; i < judge->records_n; i++) {
		enum level_status status = judge->records[i]->verdict.status;

		n += *is_broken && is_valid(status);
		*is_broken = *is_broken || status == LEVEL_BROKEN;
	}
	return n;
}

/* The last one before the i-th that was not cut: a level that is repeated cuts the one that had begun after it. */
static const struct level_record *
whole_level_before(const struct judge *judge, size_t i)
{
	while (i-- > 0)
		if (judge->records[i]->verdict.status != LEVEL_CUT)
			return judge->records[i];
	return NULL;
}

enum judge_advice
judge_next(const struct judge *judge)
{
	bool is_broken;
	size_t n = judge->records_n, since = tested_since_broken(judge, &is_broken);
	const struct plan_stop *stop = &judge->plan->stop;

	if (!judge->is_stepped || judge->search != NULL || n == 0)
		return JUDGE_GO_ON;
	const struct level_record *last = judge->records[n - 1], *before = whole_level_before(judge, n - 1);

	if (last->verdict.status == LEVEL_INVALID) {
		bool was_repeated =
			before != NULL && before->verdict.status == LEVEL_INVALID && before->offered == last->offered;

		/* A generator that cannot keep up with this level cannot with the next. */
		return !was_repeated ? JUDGE_REPEAT : stop->when == STOP_MAX ? JUDGE_GO_ON : JUDGE_STOP;
	}
	if (!is_broken || stop->when == STOP_MAX)
		return JUDGE_GO_ON;
	return stop->when == STOP_AFTER && since < stop->after ? JUDGE_GO_ON : JUDGE_STOP;
}

const struct expr *
judge_abort(const struct judge *judge, const struct summary *summary)
{
	for (size_t i = 0; i < judge->plan->abort_when_n; i++) {
		const struct expr *expr = &judge->plan->abort_when[i];
		double value = metric_value_last(expr, summary);

		if (!isnan(value) && expr_holds(expr, value))
			return expr;
	}
	return NULL;
}

bool
judge_is_search(const struct judge *judge)
{
	return judge->search != NULL;
}

const struct search_trial *
judge_search_trial(const struct judge *judge)
{
	CHECK(judge->search != NULL);
	size_t n = search_log_trials(judge->search);

	return n > 0 ? search_log_trial(judge->search, n - 1) : NULL;
}

struct search_step
judge_search_step(const struct judge *judge, int64_t left_ns)
{
	CHECK(judge->search != NULL);
	return search_log_next(judge->search, left_ns);
}

struct search_answer
judge_search_answer(const struct judge *judge)
{
	CHECK(judge->search != NULL);
	return search_log_answer(judge->search);
}

void
judge_interval(struct judge *judge, const struct summary *summary)
{
	if (judge->search != NULL)
		search_log_interval(judge->search, summary);
	alerts_look(judge->alerts, summary);
	enum interval_state state = recovery_look(judge->plan, summary);

	/* A level that closes ends an interval early: too short a time for anything to hold in it. */
	if (state == INTERVAL_IDLE ||
		(state == INTERVAL_HOLDS && summary->last_interval_ns < judge->plan->output.interval_ns / 2))
		return;
	spells_add(&judge->spells, summary->last_ns - summary->last_interval_ns, state == INTERVAL_HOLDS);
}

void
judge_recovery(const struct judge *judge, struct chronicle *chronicle)
{
	recovery_find(&judge->spells, chronicle->actions, chronicle->actions_n);
}

/* By level index; a level that was never judged was cut. */
static void
fill_levels(struct verdict *verdict, const struct judge_view *view)
{
	verdict->levels_n = view->summary->levels_n;
	verdict->levels = must_calloc(verdict->levels_n + 1, sizeof(*verdict->levels));
	for (size_t i = 0; i < verdict->levels_n; i++)
		verdict->levels[i] = (struct level_verdict){.level = (uint32_t)i, .status = LEVEL_CUT};
	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_verdict *level = &view->records[i]->verdict;

		CHECK_OP(level->level, <, verdict->levels_n);
		verdict->levels[level->level] = *level;
	}
}

void
judge_stand(const struct judge *judge, const struct summary *summary, struct slo_verdict *slos)
{
	slo_stand(judge->plan, judge->is_stepped, summary, slos);
}

const struct verdict *
judge_run(struct judge *judge, const struct summary *summary, const struct run_facts *facts)
{
	struct verdict *verdict = &judge->verdict;
	struct judge_view view = {.plan = judge->plan,
		.summary = summary,
		.facts = facts,
		.records = judge->records,
		/* Where nobody was there to be tested, no level says anything. */
		.records_n = facts->was_unreachable ? 0 : judge->records_n,
		.is_stepped = judge->is_stepped && !facts->is_shard,
		.search = judge->search};

	verdict_fini(verdict);
	verdict->slos = must_calloc(judge->plan->slos_n + 1, sizeof(*verdict->slos));
	fill_levels(verdict, &view);
	breaking_point_find(&verdict->breaking_point, &view);
	spike_find(&verdict->spike, &view);
	curve_find(&verdict->curve, &view);
	sustained_find(&verdict->sustained, judge->plan, summary);
	causes_find(verdict, summary->series.step_ns);
	verdict_conclude(verdict, &view);
	verdict->alerts = alerts_records(judge->alerts);
	if (!facts->is_part) /* goals are those of its arm, over all its runs */
		grade_find(verdict, judge->plan, judge->is_stepped, NULL);
	if (!facts->is_shard)
		recommend_find(verdict, &view);
	for (size_t i = 0; facts->is_shard && i < judge->plan->slos_n; i++)
		verdict->slos[i].status = SLO_NA; /* of the whole, whatever a share of it came to */
	return verdict;
}
