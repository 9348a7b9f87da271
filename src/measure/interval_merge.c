#include "measure/interval_merge.h"

#include <string.h>

#include "base/check.h"

struct interval_level *
interval_level_of(struct interval *interval, uint32_t level)
{
	uint32_t free_slot = interval->levels_n;

	for (uint32_t i = interval->levels_n; i-- > 0;) {
		if (interval->levels[i].is_used && interval->levels[i].level == level)
			return &interval->levels[i];
		if (!interval->levels[i].is_used)
			free_slot = i;
	}
	return free_slot < interval->levels_n ? interval_use_slot(interval, free_slot, level) : NULL;
}

bool
interval_has_room(const struct interval *into, const struct interval *from)
{
	uint32_t used = 0, more = 0;

	for (uint32_t i = 0; i < into->levels_n; i++)
		used += into->levels[i].is_used;
	for (uint32_t i = 0; i < from->levels_n; i++) {
		bool is_there = !from->levels[i].is_used;

		for (uint32_t k = 0; k < into->levels_n && !is_there; k++)
			is_there = into->levels[k].is_used && into->levels[k].level == from->levels[i].level;
		more += !is_there;
	}
	return used + more <= into->levels_n;
}

/* What adds up whoever's it is, and whenever it was. */
static struct interval_level *
merge_level(struct interval *into, const struct interval_level *from)
{
	struct interval_level *level = interval_level_of(into, from->level);

	CHECK(level != NULL);
	level->is_last = level->is_last || from->is_last;
	if (level->requests == NULL || from->requests == NULL)
		return level;
	cell_merge(&level->all, &from->all);
	for (uint32_t i = 0; i < into->requests_n; i++)
		cell_merge(&level->requests[i], &from->requests[i]);
	level->in_flight_ns += from->in_flight_ns;
	if (from->loop_gap_max_ns > level->loop_gap_max_ns)
		level->loop_gap_max_ns = from->loop_gap_max_ns;
	scraped_set_merge(&level->scraped, &from->scraped); /* one process at the most scrapes */
	return level;
}

static void
merge_totals(struct interval *into, const struct interval *from)
{
	into->is_added_up = true;
	if (into->is_outline || from->is_outline)
		return;
	into->connects += from->connects;
	into->connects_failed += from->connects_failed;
	into->prefetch += from->prefetch;
	into->prefetch_failed += from->prefetch_failed;
	scrape_counts_merge(into->scrapes, from->scrapes);
	peers_merge(&into->peers, &from->peers);
	tls_told_merge(&into->tls, &from->tls);
	check_counts_merge(&into->checks, &from->checks);
}

bool
interval_add(struct interval *into, const struct interval *from)
{
	CHECK(from->is_added_up && !into->is_outline && !from->is_outline);
	CHECK_OP(into->requests_n, ==, from->requests_n);
	if (!interval_has_room(into, from))
		return false;
	for (uint32_t i = 0; i < from->levels_n; i++)
		if (from->levels[i].is_used)
			merge_level(into, &from->levels[i]);
	merge_totals(into, from);
	return true;
}

bool
interval_extend(struct interval *into, const struct interval *later)
{
	CHECK(later->is_added_up);
	CHECK_OP(into->requests_n, ==, later->requests_n);
	if (!interval_has_room(into, later))
		return false;
	for (uint32_t i = 0; i < later->levels_n; i++) {
		const struct interval_level *from = &later->levels[i];

		if (!from->is_used)
			continue;
		struct interval_level *level = merge_level(into, from);

		level->window_ns += from->window_ns;
		if (from->in_flight_peak > level->in_flight_peak)
			level->in_flight_peak = from->in_flight_peak;
		gauge_set_merge(&level->target, &from->target);
		gauge_set_merge(&level->self, &from->self);
	}
	merge_totals(into, later);
	memcpy(into->scraped, later->scraped, sizeof(into->scraped));
	gauge_set_merge(&into->target_outside, &later->target_outside);
	gauge_set_merge(&into->self_outside, &later->self_outside);
	into->seq = later->seq;
	into->end_ns = later->end_ns;
	into->in_flight = later->in_flight;
	into->connections = later->connections;
	into->users = later->users;
	into->backlog = later->backlog;
	into->offered = later->offered;
	into->current_level = later->current_level;
	into->target = later->target;
	into->self = later->self;
	return true;
}

bool
interval_merge(struct interval *into, const struct interval *beside)
{
	CHECK(beside->is_added_up);
	CHECK_OP(into->requests_n, ==, beside->requests_n);
	if (!interval_has_room(into, beside))
		return false;
	for (uint32_t i = 0; i < beside->levels_n; i++) {
		const struct interval_level *from = &beside->levels[i];

		if (!from->is_used)
			continue;
		struct interval_level *level = merge_level(into, from);

		if (from->window_ns > level->window_ns)
			level->window_ns = from->window_ns;
		level->in_flight_peak += from->in_flight_peak;
		gauge_set_merge_beside(&level->target, &from->target);
		gauge_set_merge_beside(&level->self, &from->self);
	}
	merge_totals(into, beside);
	gauge_set_merge_beside(&into->target_outside, &beside->target_outside);
	gauge_set_merge_beside(&into->self_outside, &beside->self_outside);
	into->in_flight += beside->in_flight;
	into->connections += beside->connections;
	into->users += beside->users;
	into->backlog += beside->backlog;
	if (beside->offered > into->offered)
		into->offered = beside->offered;
	if (beside->end_ns >= into->end_ns)
		into->current_level = beside->current_level;
	if (beside->end_ns > into->end_ns)
		into->end_ns = beside->end_ns;
	reading_merge_beside(&into->target, &beside->target);
	reading_merge_beside(&into->self, &beside->self);
	scraped_now_merge_beside(into->scraped, beside->scraped);
	return true;
}
