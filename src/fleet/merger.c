#include "fleet/merger.h"

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
	for (uint32_t i = 0; i < shards_n; i++) {
		merger->shards[i].current = interval_new(requests_n, MERGER_LEVELS_MAX);
		merger->shards[i].incoming = interval_new(requests_n, MERGER_LEVELS_MAX);
		merger->shards[i].warmup_is_closed = true; /* until it has one */
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

		interval_free(shard->current);
		interval_free(shard->incoming);
		for (size_t d = 0; d < MERGER_LEVELS_MAX; d++)
			free(shard->debts[d].requests);
	}
	for (size_t i = 0; i < ARRAY_LEN(merger->intervals); i++)
		interval_free(merger->intervals[i]);
	free(merger->shards);
	*merger = (struct merger){0};
}

static struct debt *
debt_of(const struct merger *merger, struct merger_shard *shard, uint32_t level)
{
	struct debt *unused = NULL;

	for (size_t i = 0; i < MERGER_LEVELS_MAX; i++) {
		struct debt *debt = &shard->debts[i];

		if (debt->is_used && debt->level == level)
			return debt;
		if (!debt->is_used && unused == NULL)
			unused = debt;
	}
	if (unused == NULL)
		return NULL;
	if (unused->requests == NULL)
		unused->requests = must_calloc(merger->plan->requests_n, sizeof(*unused->requests));
	unused->is_used = true;
	unused->level = level;
	return unused;
}

static void
debt_clear(const struct merger *merger, struct debt *debt)
{
	for (size_t i = 0; i < merger->plan->requests_n; i++)
		debt->requests[i] = (struct owed){0};
	debt->is_used = false;
}

/* What was scheduled or sent and has not ended yet, or the other way round where it began in an earlier interval. */
static bool
note_debts(const struct merger *merger, struct merger_shard *shard, const struct interval_level *level)
{
	struct debt *debt = debt_of(merger, shard, level->level);

	if (debt == NULL)
		return false;
	for (size_t i = 0; i < merger->plan->requests_n; i++) {
		const struct counts *c = &level->requests[i].counts;

		debt->requests[i].unsent += (int64_t)(c->scheduled - c->sent - c->dropped - c->unsent);
		debt->requests[i].unfinished += (int64_t)(c->sent - c->ok - c->failed - c->unfinished);
	}
	if (level->is_last)
		debt_clear(merger, debt);
	return true;
}

static bool
note_levels(struct merger *merger, struct merger_shard *shard, const struct interval *interval)
{
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		if (!level->is_used)
			continue;
		if (!note_debts(merger, shard, level))
			return false;
		merger->sent += level->all.counts.sent;
		if (level->level == LEVEL_WARMUP) {
			shard->warmup_is_closed = level->is_last;
			merger->has_warmup = true;
		} else {
			if (level->is_last && level->level >= shard->closed_below)
				shard->closed_below = level->level + 1;
			merger_begin_level(merger, level->level);
		}
	}
	return true;
}

/* What came in becomes part of the shard's account since the last tick; nearly always it is all of it. */
static bool
take_incoming(struct merger *merger, struct merger_shard *shard)
{
	struct interval *incoming = shard->incoming;

	shard->is_held = false;
	if (!note_levels(merger, shard, incoming))
		return false;
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
	if (shard->has_current) {
		bool fits = interval_extend(shard->current, incoming);

		interval_reset(incoming);
		return fits;
	}
	shard->has_current = true;
	shard->incoming = shard->current;
	shard->current = incoming;
	return true;
}

struct interval *
merger_incoming(struct merger *merger, uint32_t shard)
{
	CHECK_OP(shard, <, merger->shards_n);
	return merger->shards[shard].is_held ? NULL : merger->shards[shard].incoming;
}

bool
merger_add(struct merger *merger, uint32_t index)
{
	struct merger_shard *shard = &merger->shards[index];

	CHECK(!shard->is_held && !shard->is_gone);
	if (shard->incoming->start_ns < merger->tick_ns)
		return take_incoming(merger, shard);
	shard->is_held = true;
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

	CHECK(!shard->is_held);
	shard->closed_below = merger->levels_n;
	shard->warmup_is_closed = true;
}

static void
pay_debt(const struct merger *merger, struct merger_shard *shard, struct debt *debt)
{
	struct interval_level *level = interval_level_of(shard->current, debt->level);

	for (size_t i = 0; level != NULL && i < merger->plan->requests_n; i++) {
		const struct owed *owed = &debt->requests[i];
		struct counts *cells[] = {&level->all.counts, &level->requests[i].counts};

		for (size_t c = 0; c < ARRAY_LEN(cells); c++) {
			counts_add_failures(cells[c], FAILURE_CANCELLED, EXCHANGE_QUEUE,
				(uint64_t)(owed->unsent > 0 ? owed->unsent : 0));
			cells[c]->unfinished += (uint64_t)(owed->unfinished > 0 ? owed->unfinished : 0);
		}
	}
	debt_clear(merger, debt);
}

void
merger_lose(struct merger *merger, uint32_t index)
{
	struct merger_shard *shard = &merger->shards[index];

	if (shard->is_gone)
		return;
	shard->is_gone = true;
	if (shard->is_held)
		take_incoming(merger, shard);
	for (size_t i = 0; i < MERGER_LEVELS_MAX; i++)
		if (shard->debts[i].is_used)
			pay_debt(merger, shard, &shard->debts[i]);
	shard->has_current = true;
	shard->current->is_added_up = true;
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

		if (!shard->is_gone && !shard->is_held && shard->covered_ns < merger->tick_ns)
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

static void
merge_shards(struct merger *merger, struct interval *into)
{
	for (uint32_t i = 0; i < merger->shards_n; i++) {
		struct merger_shard *shard = &merger->shards[i];

		/* Where slots are short, which takes shards that lie a whole row of levels apart, it waits for the
		 * next. */
		if (!shard->has_current || !interval_merge(into, shard->current))
			continue;
		shard->has_current = false;
		interval_reset(shard->current);
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
	memcpy(into->scrapes, merger->scrapes, sizeof(into->scrapes));
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
		if (merger->shards[i].is_held && merger->shards[i].incoming->start_ns < merger->tick_ns)
			CHECK(take_incoming(merger, &merger->shards[i]));
	return taken;
}

void
merger_give(struct merger *merger, struct interval *interval)
{
	CHECK(merger->spare == NULL && interval != merger->next);
	interval_reset(interval);
	merger->spare = interval;
}
