#include <math.h>
#include <string.h>

#include "judge/records.h"

/* From OK to BROKEN within this much more load. */
#define SUDDEN_FACTOR 1.10

bool
plan_is_stepped(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_choice *shape = plan->scenarios[i].load.shape.choice;

		if (shape != NULL && (strcmp(shape->name, "steps") == 0 || strcmp(shape->name, "search") == 0))
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
	if (view->facts->did_not_recover)
		return -1;
	for (size_t i = 0; i < view->records_n; i++)
		if (is_valid(view->records[i]) && view->records[i]->start_ns >= broken->end_ns)
			return view->records[i]->start_ns - broken->end_ns;
	return -2;
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
	confidence_find(&point->confidence, view->plan, broken, sustained);
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
		.recovered_after_ns = -2};
	for (size_t i = 0; i < view->records_n; i++)
		if (is_valid(view->records[i])) {
			point->levels_tested++;
			point->max_goodput_per_s = fmax(point->max_goodput_per_s, view->records[i]->achieved_per_s);
		}
	if (!view->is_stepped)
		return;
	const struct level_record *broken = first_broken(view), *sustained = highest_sustained(view, broken);

	point->is_stepped = true;
	point->is_at_least = broken == NULL;
	if (broken != NULL)
		fill_broken(point, view, broken, sustained);
	if (sustained == NULL)
		return;
	point->max_sustainable_level = (int32_t)sustained->verdict.level;
	point->max_sustainable = point->interval[0] = sustained->offered;
	point->safe = view->plan->safe_share * sustained->offered;
}
