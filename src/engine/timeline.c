#include "engine/timeline.h"

#include <stdlib.h>

#include "base/check.h"

void
timeline_init(struct timeline *timeline, const struct schedule *lead, int64_t tail_end_ns)
{
	size_t levels_n = schedule_levels_count(lead);

	*timeline = (struct timeline){
		.lead = lead, .tail_end_ns = tail_end_ns, .gap_from_ns = INT64_MAX, .ended_ns = INT64_MAX};
	timeline->spans_n = levels_n + (tail_end_ns > schedule_end_ns(lead) ? 1 : 0);
	/* Each may run twice (repeated once) and be cut once; steering adds more, by reallocation. */
	timeline->capacity = (uint32_t)(3 * timeline->spans_n + 8);
	timeline->levels = must_calloc(timeline->capacity, sizeof(*timeline->levels));
	timeline->keeps_warmup = schedule_is_steered(lead);
	timeline->warmup_is_closed = schedule_measured_from_ns(lead) == 0 && !timeline->keeps_warmup;
}

void
timeline_fini(struct timeline *timeline)
{
	free(timeline->levels);
	timeline->levels = NULL;
}

/* The i-th of the lead's levels, or what remains of longer scenarios after its end. */
static struct level_span
span_at(const struct timeline *timeline, size_t i)
{
	if (i < schedule_levels_count(timeline->lead))
		return schedule_level_span(timeline->lead, i);
	return (struct level_span){.start_ns = schedule_end_ns(timeline->lead), .end_ns = timeline->tail_end_ns};
}

static struct timeline_level *
timeline_append(struct timeline *timeline)
{
	if (timeline->n == timeline->capacity) {
		timeline->capacity *= 2;
		timeline->levels = must_realloc(timeline->levels, timeline->capacity * sizeof(*timeline->levels));
	}
	struct timeline_level *level = &timeline->levels[timeline->n++];

	*level = (struct timeline_level){0};
	return level;
}

/* A level whose whole window fell into a gap never was: what was due in it is lost, and counts in the level before. */
static bool
is_lost_in_gap(const struct timeline *timeline, const struct level_span *span, int64_t now_ns)
{
	return !timeline->keeps_lost && timeline->n > 0 &&
	       span->start_ns + timeline->offset_ns >= timeline->gap_from_ns &&
	       span->end_ns <= now_ns - timeline->offset_ns;
}

bool
timeline_begin_next(struct timeline *timeline, int64_t now_ns)
{
	struct level_span span;

	do {
		if (timeline->next_span >= timeline->spans_n || timeline->ended_ns <= now_ns)
			return false;
		span = span_at(timeline, timeline->next_span);
		if (span.start_ns == INT64_MAX || span.start_ns + timeline->offset_ns > now_ns)
			return false;
		timeline->next_span++;
	} while (is_lost_in_gap(timeline, &span, now_ns));
	struct timeline_level *level = timeline_append(timeline);

	level->from_ns = level->own_ns = level->start_ns = span.start_ns + timeline->offset_ns;
	level->end_ns = span.end_ns == INT64_MAX ? INT64_MAX : span.end_ns + timeline->offset_ns;
	level->span = timeline->next_span - 1;
	level->offered = span.offered;
	return true;
}

uint32_t
timeline_level_of(const struct timeline *timeline, int64_t due_ns)
{
	for (uint32_t i = timeline->n; i > 0; i--)
		if (due_ns >= timeline->levels[i - 1].from_ns)
			return due_ns >= timeline->levels[i - 1].own_ns ? i - 1 : LEVEL_WARMUP;
	return LEVEL_WARMUP;
}

uint32_t
timeline_window_of(const struct timeline *timeline, int64_t now_ns)
{
	uint32_t level = timeline_level_of(timeline, now_ns);

	if (level == LEVEL_WARMUP)
		return timeline->ended_ns <= now_ns ? LEVEL_NONE : LEVEL_WARMUP;
	return now_ns < timeline->levels[level].end_ns ? level : LEVEL_NONE;
}

int64_t
timeline_next_boundary_ns(const struct timeline *timeline, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (timeline->ended_ns <= now_ns)
		return INT64_MAX;
	if (timeline->next_span < timeline->spans_n)
		next_ns = span_at(timeline, timeline->next_span).start_ns + timeline->offset_ns;
	if (timeline->n > 0) {
		const struct timeline_level *last = &timeline->levels[timeline->n - 1];
		int64_t boundary_ns = last->start_ns > now_ns ? last->start_ns : last->end_ns;

		if (boundary_ns > now_ns && boundary_ns < next_ns)
			next_ns = boundary_ns;
	}
	return next_ns;
}

void
timeline_add(struct timeline *timeline, uint32_t level, int64_t scheduled)
{
	uint64_t *outstanding =
		level == LEVEL_WARMUP ? &timeline->warmup_outstanding : &timeline->levels[level].outstanding;

	CHECK(scheduled > 0 || *outstanding >= (uint64_t)-scheduled);
	*outstanding += (uint64_t)scheduled;
}

uint32_t
timeline_close_next(struct timeline *timeline, int64_t now_ns)
{
	if (!timeline->warmup_is_closed) {
		bool is_over = (timeline->n > 0 && !timeline->keeps_warmup) || timeline->ended_ns <= now_ns;

		if (!is_over && !timeline->keeps_warmup)
			return LEVEL_NONE;
		/* Another scenario's warm-up may outlast it: the levels do not wait for that. */
		if (is_over && timeline->warmup_outstanding == 0) {
			timeline->warmup_is_closed = true;
			return LEVEL_WARMUP;
		}
	}
	if (timeline->first_open >= timeline->n)
		return LEVEL_NONE;
	struct timeline_level *level = &timeline->levels[timeline->first_open];

	if (now_ns < level->end_ns || level->outstanding > 0)
		return LEVEL_NONE;
	return timeline->first_open++;
}

void
timeline_cut(struct timeline *timeline, int64_t now_ns)
{
	if (timeline->n > 0 && timeline->levels[timeline->n - 1].end_ns > now_ns)
		timeline->levels[timeline->n - 1].end_ns = now_ns;
	timeline->ended_ns = now_ns;
}

int64_t
timeline_resume(struct timeline *timeline, size_t span, int64_t now_ns)
{
	int64_t schedule_ns = span_at(timeline, span).start_ns;

	timeline->next_span = span;
	timeline->offset_ns = now_ns - schedule_ns;
	timeline->ended_ns = INT64_MAX;
	return schedule_ns;
}

void
timeline_number_from(struct timeline *timeline, uint32_t level, int64_t now_ns)
{
	while (timeline->n < level) {
		struct timeline_level *skipped = timeline_append(timeline);

		skipped->from_ns = skipped->own_ns = skipped->start_ns = skipped->end_ns = now_ns;
		timeline->first_open = timeline->n;
	}
}

bool
timeline_is_steered(const struct timeline *timeline)
{
	return timeline->n > 0 && timeline->levels[timeline->n - 1].span == timeline->spans_n;
}

bool
timeline_may_steer(const struct timeline *timeline, int64_t now_ns)
{
	return timeline->ended_ns > now_ns && now_ns - timeline->offset_ns < timeline->tail_end_ns &&
	       timeline->n - timeline->first_open < TIMELINE_STEERED_OPEN_MAX;
}

/* The one that is replaced, where its window had not begun by then; else a new one. Arrivals in the backlog are asked
 * for their level again and must answer the same: what was due while the replaced one settled stays warm-up, and what a
 * worker that hears of it late has taken for it stays its own. */
static struct timeline_level *
timeline_steered(struct timeline *timeline, int64_t now_ns, int64_t from_ns)
{
	struct timeline_level *last = timeline->n > 0 ? &timeline->levels[timeline->n - 1] : NULL;

	if (timeline_is_steered(timeline) && last->start_ns >= now_ns)
		return last;
	if (last != NULL && last->end_ns > now_ns)
		last->end_ns = now_ns;
	last = timeline_append(timeline);
	last->from_ns = from_ns;
	last->own_ns = INT64_MAX;
	return last;
}

void
timeline_begin_steered(
	struct timeline *timeline, double offered, int64_t now_ns, int64_t from_ns, int64_t settle_ns, int64_t for_ns)
{
	int64_t end_ns = timeline->tail_end_ns == INT64_MAX ? INT64_MAX : timeline->tail_end_ns + timeline->offset_ns;
	struct timeline_level *level = timeline_steered(timeline, now_ns, from_ns);

	level->start_ns = now_ns + settle_ns;
	if (from_ns <= level->own_ns)
		level->own_ns = level->start_ns > from_ns ? level->start_ns : from_ns;
	level->end_ns = for_ns > 0 && level->start_ns + for_ns < end_ns ? level->start_ns + for_ns : end_ns;
	level->span = timeline->spans_n;
	level->offered = offered;
	timeline->next_span = timeline->spans_n;
}
