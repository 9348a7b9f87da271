#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "load/schedule.h"
#include "measure/exchange.h"

/* Run time against schedule time, and the levels as they really ran. A level is a stretch of run time; a repeated or
 * resumed one is a new level with an index of its own. Levels close in order, each when its window is over and its last
 * exchange has ended. Schedule time + offset = run time: pausing and repeating only move the offset. */
struct timeline_level {
	int64_t from_ns;          /* what is due before is of an earlier level … */
	int64_t own_ns;           /* … from here on of this one, and in between it is warm-up */
	int64_t start_ns, end_ns; /* run time */
	size_t span;              /* which of the schedule's levels */
	uint64_t outstanding;     /* scheduled, not ended */
	double offered;
};

struct timeline {
	const struct schedule *lead; /* the scenario whose levels are the run's */
	int64_t tail_end_ns;         /* schedule time: end of the longest scenario */
	size_t spans_n;              /* the lead's levels, and one for the tail if there is one */
	int64_t offset_ns;
	struct timeline_level *levels;
	uint32_t n, capacity;
	size_t next_span;    /* which begins next */
	uint32_t first_open; /* the oldest level that is not closed */
	uint64_t warmup_outstanding;
	bool warmup_is_closed;
	int64_t gap_from_ns; /* the process stood still from here until now; INT64_MAX: it did not */
	int64_t ended_ns;    /* no arrival from here on: INT64_MAX until known */
	bool keeps_warmup;   /* levels that settle add to the warm-up until the end */
	bool keeps_lost;     /* one of several whose levels must bear the same numbers: a gap swallows none */
};

void timeline_init(struct timeline *timeline, const struct schedule *lead, int64_t tail_end_ns);
void timeline_fini(struct timeline *timeline);

/* The next level that is to begin at or before now, appended; false: none. */
bool timeline_begin_next(struct timeline *timeline, int64_t now_ns);

/* Which level an arrival due then belongs to; LEVEL_WARMUP before the first. */
uint32_t timeline_level_of(const struct timeline *timeline, int64_t due_ns);
/* Whose window is running; LEVEL_NONE once the last is over. */
uint32_t timeline_window_of(const struct timeline *timeline, int64_t now_ns);
/* When the next level begins or the last one ends, run time. */
int64_t timeline_next_boundary_ns(const struct timeline *timeline, int64_t now_ns);

void timeline_add(struct timeline *timeline, uint32_t level, int64_t scheduled); /* +1 scheduled, −1 ended */

/* The oldest level that can be closed now (LEVEL_WARMUP among them); LEVEL_NONE: none. Marks it closed. */
uint32_t timeline_close_next(struct timeline *timeline, int64_t now_ns);

/* Ends the running level's window now: the load stops, or pauses. */
void timeline_cut(struct timeline *timeline, int64_t now_ns);
/* Goes on at run time now with the level `span` of the schedule from its start. Returns the schedule time of it. */
int64_t timeline_resume(struct timeline *timeline, size_t span, int64_t now_ns);
/* Before resuming, with all levels closed: the next one bears this number at least. Others of a fleet have begun levels
 * that this one had not; here they were never. */
void timeline_number_from(struct timeline *timeline, uint32_t level, int64_t now_ns);
/* Steered: a new level, in the place of one that has not begun. May it? Not past the end, and not while as many levels
 * as can be told apart wait to be closed. */
#define TIMELINE_STEERED_OPEN_MAX 48
bool timeline_may_steer(const struct timeline *timeline, int64_t now_ns);
bool timeline_is_steered(const struct timeline *timeline);
/* settle_ns: its window begins so much later. for_ns: and is so long; 0: up to the schedule's end. from_ns: the first
 * due time that may be its own; what was taken before that keeps the level that it was taken for. */
void timeline_begin_steered(
	struct timeline *timeline, double offered, int64_t now_ns, int64_t from_ns, int64_t settle_ns, int64_t for_ns);
