#include "fleet/merger_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"

static void
reading_forget(struct reading *reading)
{
	reading->at_ns = -1;
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		reading->values[i] = NAN;
}

static void
forget_now(struct merger_shard *shard)
{
	shard->now = (struct shard_now){.current_level = LEVEL_NONE};
	reading_forget(&shard->now.self);
}

void
merger_init(struct merger *merger, const struct plan *plan, uint32_t shards_n)
{
	uint32_t requests_n = (uint32_t)plan->requests_n;

	CHECK_OP(shards_n, <=, MERGER_SHARDS_MAX);
	*merger = (struct merger){.plan = plan, .shards_n = shards_n, .step_ns = plan->output.interval_ns};
	merger->tick_ns = merger->step_ns;
	merger->shards = must_calloc(shards_n, sizeof(*merger->shards));
	merger->scratch = must_calloc((size_t)shards_n + 1, sizeof(struct interval *));
	for (uint32_t i = 0; i < shards_n; i++) {
		merger->shards[i].warmup_is_closed = true; /* until it has one */
		gauge_stats_init(&merger->shards[i].account.cpu);
		forget_now(&merger->shards[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(merger->intervals); i++)
		merger->intervals[i] = interval_new(requests_n, MERGER_LEVELS_MAX);
	merger->next = merger->intervals[0];
	merger->spare = merger->intervals[1];
	reading_forget(&merger->target);
	scraped_now_init(merger->scraped);
}

void
merger_fini(struct merger *merger)
{
	for (uint32_t i = 0; i < merger->shards_n; i++) {
		struct merger_shard *shard = &merger->shards[i];

		interval_free(shard->outline);
		interval_free(shard->held);
		histogram_fini(&shard->account.lateness);
		for (size_t d = 0; d < MERGER_LEVELS_MAX; d++)
			free(shard->debts[d].requests);
	}
	for (size_t i = 0; i < ARRAY_LEN(merger->intervals); i++)
		interval_free(merger->intervals[i]);
	for (uint32_t i = 0; i < merger->scratch_n; i++)
		interval_free(merger->scratch[i]);
	free((void *)merger->scratch);
	free(merger->shards);
	*merger = (struct merger){0};
}

/* What adds up becomes part of the run's interval, the rest of the shard's outline. */
static void
take_apart(struct merger *merger, struct merger_shard *shard, const struct interval *incoming)
{
	struct interval *outline = shard->outline;

	if (outline == NULL)
		outline = shard->outline = interval_new_outline((uint32_t)merger->plan->requests_n, MERGER_LEVELS_MAX);
	CHECK(interval_extend(outline, incoming)); /* it has no more levels than the run's interval had room for */
	shard->has_outline = true;
	shard->covered_ns = incoming->end_ns;
	shard->now = (struct shard_now){
		.in_flight = incoming->in_flight,
		.connections = incoming->connections,
		.users = incoming->users,
		.current_level = incoming->current_level,
		.backlog = incoming->backlog,
		.offered = incoming->offered,
		.self = incoming->self,
	};
	/* Where nobody leads, one of them looks at the target. */
	if (incoming->target.at_ns >= 0)
		merger->target = incoming->target;
	for (size_t i = 0; i < merger->plan->scrape.endpoints_n; i++)
		if (incoming->scrapes[i].good + incoming->scrapes[i].failed > 0) {
			memcpy(merger->scraped, incoming->scraped, sizeof(merger->scraped));
			break;
		}
}

enum taking { TAKEN, NO_ROOM, TOO_MANY_LEVELS };

/* NO_ROOM: it waits until the run's interval, which has other levels, was handed out. */
static enum taking
take_interval(struct merger *merger, struct merger_shard *shard, const struct interval *incoming)
{
	if (!interval_has_room(merger->next, incoming))
		return NO_ROOM;
	if (!merger_note_levels(merger, shard, incoming))
		return TOO_MANY_LEVELS;
	CHECK(interval_add(merger->next, incoming));
	take_apart(merger, shard, incoming);
	return TAKEN;
}

struct interval *
merger_incoming(struct merger *merger, uint32_t shard)
{
	CHECK_OP(shard, <, merger->shards_n);
	if (merger->shards[shard].held != NULL)
		return NULL;
	if (merger->scratch_n == 0)
		merger->scratch[merger->scratch_n++] =
			interval_new((uint32_t)merger->plan->requests_n, MERGER_LEVELS_MAX);
	return merger->scratch[merger->scratch_n - 1];
}

bool
merger_waits_for(const struct merger *merger, uint32_t index)
{
	const struct merger_shard *shard = &merger->shards[index];

	return !shard->is_gone && shard->held == NULL && shard->covered_ns < merger->tick_ns;
}

static void
release(struct merger *merger, struct interval *interval)
{
	interval_reset(interval);
	merger->scratch[merger->scratch_n++] = interval;
}

bool
merger_add(struct merger *merger, uint32_t index)
{
	struct merger_shard *shard = &merger->shards[index];
	struct interval *incoming = merger_incoming(merger, index);

	CHECK(incoming != NULL && !shard->is_gone);
	enum taking taking = incoming->start_ns < merger->tick_ns ? take_interval(merger, shard, incoming) : NO_ROOM;

	merger->scratch_n--;
	if (taking == NO_ROOM)
		shard->held = incoming;
	else
		release(merger, incoming);
	return taking != TOO_MANY_LEVELS;
}

/* What was held is taken, now that its time has come; true: it is held no more. */
static bool
take_held(struct merger *merger, struct merger_shard *shard)
{
	if (shard->held == NULL || take_interval(merger, shard, shard->held) == NO_ROOM)
		return shard->held == NULL;
	release(merger, shard->held);
	shard->held = NULL;
	return true;
}

void
merger_begin_level(struct merger *merger, uint32_t level)
{
	if (level == LEVEL_WARMUP && !merger->has_warmup) {
		merger->has_warmup = true;
		for (uint32_t i = 0; i < merger->shards_n; i++)
			merger->shards[i].warmup_is_closed = false;
	} else if (level != LEVEL_WARMUP && level >= merger->levels_n)
		merger->levels_n = level + 1;
}

void
merger_close_all(struct merger *merger, uint32_t index)
{
	struct merger_shard *shard = &merger->shards[index];

	CHECK(shard->held == NULL);
	shard->closed_below = merger->levels_n;
	shard->warmup_is_closed = true;
}

void
merger_lose(struct merger *merger, uint32_t index)
{
	struct merger_shard *shard = &merger->shards[index];

	if (shard->is_gone)
		return;
	shard->is_gone = true;
	take_held(merger, shard);
	merger_pay_debts(merger, shard);
	forget_now(shard);
}

void
merger_end(struct merger *merger, uint32_t index)
{
	merger_close_all(merger, index);
	merger->shards[index].is_gone = true;
}

static struct target_readings *
readings_of(struct merger *merger, uint32_t level)
{
	struct target_readings *readings = merger->readings;

	/* Far more levels than readings: the last place has the mean of them. */
	while (readings + 1 < merger->readings + ARRAY_LEN(merger->readings) && readings->is_used &&
		readings->level != level)
		readings++;
	if (readings->is_used)
		return readings;
	readings->is_used = true;
	readings->level = level;
	gauge_set_init(&readings->set);
	scraped_set_init(&readings->scraped);
	return readings;
}

void
merger_add_target_reading(struct merger *merger, uint32_t level, const struct reading *reading)
{
	merger->target = *reading;
	gauge_set_add(&readings_of(merger, level)->set, reading);
}

void
merger_add_scraped(struct merger *merger, uint32_t level, const struct scraped *scraped)
{
	scraped_now_set(merger->scraped, scraped);
	scrape_counts_add(merger->scrapes, scraped);
	scraped_set_add(&readings_of(merger, level)->scraped, scraped);
}

static bool
all_have_closed(const struct merger *merger, uint32_t level)
{
	for (uint32_t i = 0; i < merger->shards_n; i++) {
		const struct merger_shard *shard = &merger->shards[i];

		if (shard->is_gone)
			continue;
		if (level == LEVEL_WARMUP ? !shard->warmup_is_closed : shard->closed_below <= level)
			return false;
	}
	return true;
}

static bool
warmup_can_close(const struct merger *merger)
{
	return merger->has_warmup && !merger->warmup_is_closed && all_have_closed(merger, LEVEL_WARMUP);
}

bool
merger_is_settled(const struct merger *merger)
{
	return merger->first_open == merger->levels_n && !warmup_can_close(merger);
}

static bool
all_are_past_tick(const struct merger *merger)
{
	bool is_any = false;

	for (uint32_t i = 0; i < merger->shards_n; i++) {
		const struct merger_shard *shard = &merger->shards[i];

		if (merger_waits_for(merger, i))
			return false;
		is_any = is_any || !shard->is_gone;
	}
	return is_any;
}

/* When the merged interval ends: as far as all living shards have come. Never empty, or it would not be digested. */
static int64_t
end_of_next(const struct merger *merger, bool is_final)
{
	int64_t least_ns = INT64_MAX, most_ns = 0;

	for (uint32_t i = 0; i < merger->shards_n; i++) {
		const struct merger_shard *shard = &merger->shards[i];

		if (shard->covered_ns > most_ns)
			most_ns = shard->covered_ns;
		if (!shard->is_gone && shard->covered_ns < least_ns)
			least_ns = shard->covered_ns;
	}
	int64_t end_ns = is_final || least_ns == INT64_MAX ? most_ns : least_ns;

	return end_ns > merger->start_ns ? end_ns : merger->start_ns + 1;
}

/* What does not add up. Their levels are there already, with what does. */
static void
merge_shards(struct merger *merger, struct interval *into)
{
	for (uint32_t i = 0; i < merger->shards_n; i++) {
		struct merger_shard *shard = &merger->shards[i];

		if (!shard->has_outline)
			continue;
		CHECK(interval_merge(into, shard->outline));
		shard->has_outline = false;
		interval_reset(shard->outline);
	}
}

/* As of now: also of those that have said nothing new since the last interval. */
static void
merge_now(const struct merger *merger, struct interval *into)
{
	int64_t latest_ns = -1;

	into->in_flight = into->connections = into->users = 0;
	into->backlog = 0;
	into->offered = 0;
	into->current_level = LEVEL_NONE;
	reading_forget(&into->self);
	for (uint32_t i = 0; i < merger->shards_n; i++) {
		const struct merger_shard *shard = &merger->shards[i];
		const struct shard_now *now = &shard->now;

		if (shard->is_gone)
			continue;
		into->in_flight += now->in_flight;
		into->connections += now->connections;
		into->users += now->users;
		into->backlog += now->backlog;
		into->offered = fmax(into->offered, now->offered);
		if (shard->covered_ns > latest_ns)
			into->current_level = now->current_level;
		latest_ns = shard->covered_ns > latest_ns ? shard->covered_ns : latest_ns;
		reading_merge_beside(&into->self, &now->self);
	}
}

static bool
close_level(struct interval *into, uint32_t index)
{
	struct interval_level *level = interval_level_of(into, index);

	if (level != NULL)
		level->is_last = true;
	return level != NULL;
}

/* A level is closed once, in the interval in which the last living shard closed it. */
static void
close_levels(struct merger *merger, struct interval *into)
{
	for (uint32_t i = 0; i < into->levels_n; i++)
		into->levels[i].is_last = false;
	if (warmup_can_close(merger))
		merger->warmup_is_closed = close_level(into, LEVEL_WARMUP);
	while (merger->first_open < merger->levels_n && all_have_closed(merger, merger->first_open) &&
		close_level(into, merger->first_open))
		merger->first_open++;
}

static void
add_target_readings(struct merger *merger, struct interval *into)
{
	into->target = merger->target;
	memcpy(into->scraped, merger->scraped, sizeof(into->scraped));
	scrape_counts_merge(into->scrapes, merger->scrapes);
	memset(merger->scrapes, 0, sizeof(merger->scrapes));
	for (size_t i = 0; i < ARRAY_LEN(merger->readings) && merger->readings[i].is_used; i++) {
		struct target_readings *readings = &merger->readings[i];
		struct interval_level *level =
			readings->level != LEVEL_NONE ? interval_level_of(into, readings->level) : NULL;

		gauge_set_merge(level != NULL ? &level->target : &into->target_outside, &readings->set);
		if (level != NULL)
			scraped_set_merge(&level->scraped, &readings->scraped);
		readings->is_used = false;
	}
}

struct interval *
merger_take(struct merger *merger, bool is_final)
{
	bool can_close = warmup_can_close(merger) ||
			 (merger->first_open < merger->levels_n && all_have_closed(merger, merger->first_open));

	if (merger->spare == NULL || !(is_final || can_close || all_are_past_tick(merger)))
		return NULL;
	struct interval *taken = merger->next;

	merger->next = merger->spare;
	merger->spare = NULL;
	merge_shards(merger, taken);
	merge_now(merger, taken);
	close_levels(merger, taken);
	add_target_readings(merger, taken);
	taken->is_added_up = true;
	taken->seq = merger->seq++;
	taken->start_ns = merger->start_ns;
	taken->end_ns = merger->start_ns = end_of_next(merger, is_final);
	merger->tick_ns = taken->end_ns - taken->end_ns % merger->step_ns + merger->step_ns;
	for (uint32_t i = 0; i < merger->shards_n; i++)
		if (merger->shards[i].held != NULL && merger->shards[i].held->start_ns < merger->tick_ns)
			take_held(merger, &merger->shards[i]);
	return taken;
}

void
merger_give(struct merger *merger, struct interval *interval)
{
	CHECK(merger->spare == NULL && interval != merger->next);
	interval_reset(interval);
	merger->spare = interval;
}
