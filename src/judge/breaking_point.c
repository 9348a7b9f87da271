#include <math.h>
#include <string.h>

#include "judge/records.h"
#include "load/shape.h"

/* From OK to BROKEN within this much more load. */
#define SUDDEN_FACTOR 1.10
/* Memory that is back is at most so many times what it was, or so much more: allocators keep some, and a small process
 * that is a little larger has lost nothing. */
#define MEMORY_BACK_FACTOR 1.10
#define MEMORY_BACK_BYTES (1024.0 * 1024)

bool
plan_is_search(const struct plan *plan)
{
	const struct plan_load *load = &plan->scenarios[0].load;

	return load->shape.choice != NULL && strcmp(load->shape.choice->name, "search") == 0;
}

bool
plan_is_stepped(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_choice *shape = plan->scenarios[i].load.shape.choice;

		if (shape != NULL && shape_of(&plan->scenarios[i].load.shape)->is_stepped)
			return true;
	}
	return false;
}

static bool
is_valid(const struct level_record *record)
{
	return record->verdict.status != LEVEL_INVALID && record->verdict.status != LEVEL_CUT;
}

/* The lowest that broke: in a rising load the first in time too. */
static const struct level_record *
first_broken(const struct judge_view *view)
{
	const struct level_record *first = NULL;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *r = view->records[i];

		if (r->verdict.status == LEVEL_BROKEN && (first == NULL || r->offered < first->offered))
			first = r;
	}
	return first;
}

static const struct level_record *
highest_sustained(const struct judge_view *view, const struct level_record *broken)
{
	const struct level_record *highest = NULL;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *r = view->records[i];

		if (is_valid(r) && r->verdict.status != LEVEL_BROKEN && r->verdict.slo_holds &&
			(broken == NULL || r->offered < broken->offered) &&
			(highest == NULL || r->offered > highest->offered))
			highest = r;
	}
	return highest;
}

/* How long until the next level could begin. */
static int64_t
recovery_ns(const struct judge_view *view, const struct level_record *broken)
{
	if (view->facts->did_not_recover || (view->search != NULL && search_log_end(view->search) == SEARCH_END_GONE))
		return -1;
	int64_t none = -2;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *r = view->records[i];

		if (!is_valid(r) || r->start_ns < broken->end_ns)
			continue;
		if (!r->verdict.is_trial || r->verdict.trial == SEARCH_HELD)
			return r->start_ns - broken->end_ns;
		none = -1; /* a search went down, and even there it did not hold */
	}
	return none;
}

/* The last level before that one which held what was asked of it. */
static const struct level_record *
last_held_before(const struct judge_view *view, const struct level_record *broken)
{
	const struct level_record *last = NULL;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *r = view->records[i];
		bool held = r->verdict.is_trial ? r->verdict.trial == SEARCH_HELD
						: r->verdict.status != LEVEL_BROKEN && r->verdict.slo_holds;

		if (is_valid(r) && held && r->end_ns <= broken->start_ns)
			last = r;
	}
	return last;
}

/* In the first row that ends at that time or later; where none does, or it says nothing, the last before that does. */
static double
memory_at(const struct series *series, int64_t at_ns, int64_t not_before_ns)
{
	double memory = NAN;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];

		if (row->at_ns > not_before_ns && !isnan(row->target[GAUGE_MEMORY]))
			memory = row->target[GAUGE_MEMORY];
		if (row->at_ns >= at_ns && row->at_ns > not_before_ns)
			break;
	}
	return memory;
}

static void
fill_memory(struct breaking_point *point, const struct judge_view *view, const struct level_record *broken)
{
	const struct level_record *held = last_held_before(view, broken);
	int64_t back_ns = point->recovered_after_ns >= 0 ? broken->end_ns + point->recovered_after_ns : INT64_MAX;

	if (point->recovered_after_ns == -2)
		return;
	point->memory_before = held != NULL
				       ? gauge_last(&view->summary->levels[held->verdict.level].target, GAUGE_MEMORY)
				       : gauge_avg(&view->summary->target_idle, GAUGE_MEMORY);
	point->memory_after = memory_at(&view->summary->series, back_ns, broken->end_ns);
	point->has_memory_returned = point->memory_after <= fmax(MEMORY_BACK_FACTOR * point->memory_before,
								    point->memory_before + MEMORY_BACK_BYTES);
}

static void
fill_broken(struct breaking_point *point, const struct judge_view *view, const struct level_record *broken,
	const struct level_record *sustained)
{
	point->is_found = true;
	point->first_broken_level = (int32_t)broken->verdict.level;
	point->first_broken = point->interval[1] = broken->offered;
	point->error_rate_at_break = broken->error_rate;
	point->is_sudden = sustained != NULL && sustained->verdict.status == LEVEL_OK &&
			   broken->offered <= SUDDEN_FACTOR * sustained->offered;
	point->recovered_after_ns = recovery_ns(view, broken);
	fill_memory(point, view, broken);
	confidence_find(&point->confidence, view->plan, broken, sustained);
}

/* The level whose trial said so of that load; where several did, the last, which was confirmed if any was. */
static const struct level_record *
level_of(const struct judge_view *view, double load, enum search_outcome outcome)
{
	const struct level_record *found = NULL;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct search_trial *trial = search_log_trial(view->search, i);

		if (trial->level == load && trial->outcome == outcome)
			found = view->records[i];
	}
	return found;
}

/* Whether it took little more load from a level at which all was well to one that broke by a rule of break_when. */
static bool
is_sudden_search(const struct judge_view *view, double median)
{
	double well = NAN, broken = NAN;

	for (size_t i = 0; i < view->records_n; i++) {
		const struct level_record *r = view->records[i];

		if (r->verdict.status == LEVEL_OK && r->offered < median)
			well = fmax(well, r->offered);
		if (r->verdict.status == LEVEL_BROKEN && r->offered >= median)
			broken = fmin(broken, r->offered);
	}
	return broken <= SUDDEN_FACTOR * well;
}

/* What the search came to, whose levels are judged by their windows and tested in any order. */
static void
fill_searched(struct breaking_point *point, const struct judge_view *view)
{
	struct search_answer answer = search_log_answer(view->search);
	const struct level_record *broken = level_of(view, answer.broke, SEARCH_BROKE);
	const struct level_record *sustained = level_of(view, answer.held, SEARCH_HELD);

	point->is_searched = true;
	point->search_end = search_log_end(view->search);
	point->is_at_least = isnan(answer.broke);
	point->is_at_most = answer.is_at_most;
	point->is_confirmed = answer.is_confirmed;
	point->median = answer.median;
	if (broken != NULL) {
		fill_broken(point, view, broken, sustained);
		point->is_sudden = is_sudden_search(view, isnan(answer.median) ? answer.broke : answer.median);
	}
	if (sustained != NULL) {
		point->max_sustainable_level = (int32_t)sustained->verdict.level;
		point->max_sustainable = answer.held;
		point->safe = view->plan->safe_share * answer.held;
	}
	point->interval[0] = answer.interval[0];
	point->interval[1] = answer.interval[1];
}

/* The highest that held below the first that broke. */
static void
fill_stepped(struct breaking_point *point, const struct judge_view *view)
{
	const struct level_record *broken = first_broken(view), *sustained = highest_sustained(view, broken);

	point->is_at_least = broken == NULL;
	if (broken != NULL)
		fill_broken(point, view, broken, sustained);
	if (sustained == NULL)
		return;
	point->max_sustainable_level = (int32_t)sustained->verdict.level;
	point->max_sustainable = point->interval[0] = sustained->offered;
	point->safe = view->plan->safe_share * sustained->offered;
}

void
breaking_point_find(struct breaking_point *point, const struct judge_view *view)
{
	*point = (struct breaking_point){.max_sustainable_level = -1,
		.first_broken_level = -1,
		.max_sustainable = NAN,
		.first_broken = NAN,
		.safe = NAN,
		.interval = {NAN, NAN},
		.max_goodput_per_s = NAN,
		.error_rate_at_break = NAN,
		.recovered_after_ns = -2,
		.memory_before = NAN,
		.memory_after = NAN,
		.median = NAN};
	for (size_t i = 0; i < view->records_n; i++)
		if (is_valid(view->records[i])) {
			point->levels_tested++;
			point->max_goodput_per_s = fmax(point->max_goodput_per_s, view->records[i]->achieved_per_s);
		}
	if (!view->is_stepped)
		return;
	point->is_stepped = true;
	if (view->search != NULL)
		fill_searched(point, view);
	else
		fill_stepped(point, view);
}
