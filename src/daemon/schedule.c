#include "daemon/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"

/* Wall time that is set back by more than this was wrong before: what is due then is due again. */
#define SET_BACK_NS (3 * 3600 * NS_PER_S)
#define JITTER_MAX_NS (86400 * NS_PER_S)

struct entry {
	struct schedule_wish wish; /* its texts are in the arena */
	struct schedule_state state;
	struct cron cron;
	struct zone *zone; /* NULL: of `every` */
	int64_t shift_ns;  /* what jitter makes later */
	int64_t next_ns;   /* the first time after what was looked at; INT64_MAX: it is paused */
	struct arena arena;
	bool is_fresh; /* put since the last sweep */
};

struct schedule {
	struct entry **entries; /* by name */
	size_t n;
};

static bool
is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strspn(name, letters);

	return length > 0 && length <= SCHEDULE_NAME_MAX && name[length] == '\0' && name[0] != '.';
}

/* FNV-1a, 64 bits */
static uint64_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return hash;
}

static void
entry_free(struct entry *entry)
{
	if (entry == NULL)
		return;
	zone_close(entry->zone);
	arena_fini(&entry->arena);
	free(entry);
}

static const char *
kept(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

static void
keep_wish(struct entry *entry, const struct schedule_wish *wish)
{
	struct arena *arena = &entry->arena;
	const struct plan_pair *pairs = wish->set.items;
	struct plan_pair *own = arena_alloc(arena, (wish->set.n + 1) * sizeof(*own));

	for (size_t i = 0; i < wish->set.n; i++)
		own[i] = (struct plan_pair){kept(arena, pairs[i].name), kept(arena, pairs[i].value)};
	entry->wish = *wish;
	entry->wish.name = kept(arena, wish->name);
	entry->wish.profile = kept(arena, wish->profile);
	entry->wish.cron = kept(arena, wish->cron);
	entry->wish.every = kept(arena, wish->every);
	entry->wish.time_zone = kept(arena, wish->time_zone);
	entry->wish.baseline = kept(arena, wish->baseline);
	entry->wish.set = (struct plan_list){.items = own, .n = wish->set.n};
}

static bool
set_every(struct entry *entry, struct error *err)
{
	int64_t every_ns;

	if (entry->wish.time_zone != NULL)
		return error_set(err, "time_zone: 'every' counts from 1970 in UTC; write cron for times of a day");
	if (!units_parse_time_ns(entry->wish.every, &every_ns))
		return error_set(err, "every: '%.60s' is not %s", entry->wish.every, units_time_form);
	return cron_set_every(&entry->cron, every_ns, err);
}

static bool
set_times(struct entry *entry, struct error *err)
{
	const struct schedule_wish *wish = &entry->wish;
	struct error why = {0};

	if ((wish->cron == NULL) == (wish->every == NULL))
		return error_set(err, "write one of cron, such as '0 2 * * *', and every, such as 6h");
	if (wish->jitter_ns < 0 || wish->jitter_ns > JITTER_MAX_NS)
		return error_set(err, "jitter: write a time from 0 to 24h");
	/* The same name is always as much later, and names are spread out. */
	entry->shift_ns = (int64_t)(rng_unit_at(hash_of(wish->name), RNG_SPACING, 0) * (double)wish->jitter_ns);
	if (wish->every != NULL)
		return set_every(entry, err);
	if (!cron_parse(wish->cron, &entry->cron, &why))
		return error_set(err, "cron: %s", why.message);
	entry->zone = zone_open(wish->time_zone != NULL ? wish->time_zone : "UTC", NULL, &why);
	return entry->zone != NULL || error_set(err, "time_zone: %s", why.message);
}

static void
set_next(struct entry *entry)
{
	int64_t after_ns = entry->state.looked_ns - entry->shift_ns;

	entry->next_ns = entry->state.is_paused ? INT64_MAX
						: cron_next_ns(&entry->cron, entry->zone, after_ns) + entry->shift_ns;
}

static struct entry *
entry_new(const struct schedule_wish *wish, int64_t now_ns, struct error *err)
{
	struct entry *entry = must_alloc(sizeof(*entry));

	arena_init(&entry->arena);
	keep_wish(entry, wish);
	entry->is_fresh = true;
	if (!is_name(wish->name))
		error_set(err, "'%.80s' is no name: write up to %d letters, digits, '.', '_' and '-', no '.' first",
			wish->name, SCHEDULE_NAME_MAX);
	else if (wish->profile == NULL || !is_name(wish->profile))
		error_set(err, "profile: write the name of a profile in the operator's directory");
	else if (set_times(entry, err)) {
		struct schedule_state *state = &entry->state;

		snprintf(state->name, sizeof(state->name), "%s", wish->name);
		snprintf(state->when, sizeof(state->when), "%.120s %.40s +%lld",
			wish->cron != NULL ? wish->cron : wish->every, wish->cron != NULL ? zone_name(entry->zone) : "",
			(long long)wish->jitter_ns);
		state->looked_ns = now_ns;
		set_next(entry);
		return entry;
	}
	entry_free(entry);
	return NULL;
}

struct schedule *
schedule_new(void)
{
	struct schedule *schedule = must_alloc(sizeof(*schedule));

	schedule->entries = must_calloc(SCHEDULE_ENTRIES_MAX, sizeof(struct entry *));
	return schedule;
}

void
schedule_free(struct schedule *schedule)
{
	if (schedule == NULL)
		return;
	for (size_t i = 0; i < schedule->n; i++)
		entry_free(schedule->entries[i]);
	free(schedule->entries);
	free(schedule);
}

/* Where that name is, or would be. */
static size_t
place_of(const struct schedule *schedule, const char *name)
{
	size_t i = 0;

	while (i < schedule->n && strcmp(schedule->entries[i]->wish.name, name) < 0)
		i++;
	return i;
}

size_t
schedule_find(const struct schedule *schedule, const char *name)
{
	size_t i = place_of(schedule, name);

	return i < schedule->n && strcmp(schedule->entries[i]->wish.name, name) == 0 ? i : SIZE_MAX;
}

/* What of an older state is still true. */
static void
take_state(struct entry *entry, const struct schedule_state *old)
{
	struct schedule_state own = entry->state;

	entry->state = *old;
	memcpy(entry->state.name, own.name, sizeof(own.name));
	memcpy(entry->state.when, own.when, sizeof(own.when));
	if (strncmp(own.when, old->when, sizeof(own.when)) != 0)
		entry->state.looked_ns = own.looked_ns;
	set_next(entry);
}

bool
schedule_put(struct schedule *schedule, const struct schedule_wish *wish, int64_t now_ns, struct error *err)
{
	struct entry *entry = entry_new(wish, now_ns, err);

	if (entry == NULL)
		return false;
	size_t i = place_of(schedule, wish->name);

	if (schedule_find(schedule, wish->name) != SIZE_MAX) {
		take_state(entry, &schedule->entries[i]->state);
		entry_free(schedule->entries[i]);
		schedule->entries[i] = entry;
		return true;
	}
	if (schedule->n == SCHEDULE_ENTRIES_MAX) {
		entry_free(entry);
		return error_set(err, "there are %d entries already, and no room for more", SCHEDULE_ENTRIES_MAX);
	}
	memmove(&schedule->entries[i + 1], &schedule->entries[i], (schedule->n - i) * sizeof(struct entry *));
	schedule->entries[i] = entry;
	schedule->n++;
	return true;
}

static void
remove_at(struct schedule *schedule, size_t i)
{
	entry_free(schedule->entries[i]);
	schedule->n--;
	memmove(&schedule->entries[i], &schedule->entries[i + 1], (schedule->n - i) * sizeof(struct entry *));
}

bool
schedule_remove(struct schedule *schedule, const char *name)
{
	size_t i = schedule_find(schedule, name);

	if (i != SIZE_MAX)
		remove_at(schedule, i);
	return i != SIZE_MAX;
}

void
schedule_sweep(struct schedule *schedule)
{
	for (size_t i = schedule->n; i > 0; i--) {
		struct entry *entry = schedule->entries[i - 1];

		if (entry->wish.is_of_file && !entry->is_fresh)
			remove_at(schedule, i - 1);
		else
			entry->is_fresh = false;
	}
}

void
schedule_restore(struct schedule *schedule, const struct schedule_state *states, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = schedule_find(schedule, states[i].name);

		if (at != SIZE_MAX)
			take_state(schedule->entries[at], &states[i]);
	}
}

size_t
schedule_count(const struct schedule *schedule)
{
	return schedule->n;
}

const struct schedule_wish *
schedule_wish_at(const struct schedule *schedule, size_t i)
{
	CHECK_OP(i, <, schedule->n);
	return &schedule->entries[i]->wish;
}

const struct schedule_state *
schedule_state_at(const struct schedule *schedule, size_t i)
{
	CHECK_OP(i, <, schedule->n);
	return &schedule->entries[i]->state;
}

size_t
schedule_preview(const struct schedule *schedule, size_t i, int64_t after_ns, int64_t *into, size_t n)
{
	CHECK_OP(i, <, schedule->n);
	const struct entry *entry = schedule->entries[i];

	for (size_t k = 0; k < n; k++) {
		into[k] = cron_next_ns(&entry->cron, entry->zone, after_ns - entry->shift_ns) + entry->shift_ns;
		after_ns = into[k];
	}
	return n;
}

static struct entry *
next_entry(const struct schedule *schedule)
{
	struct entry *next = NULL;

	for (size_t i = 0; i < schedule->n; i++)
		if (next == NULL || schedule->entries[i]->next_ns < next->next_ns)
			next = schedule->entries[i];
	return next;
}

int64_t
schedule_next_ns(const struct schedule *schedule)
{
	const struct entry *next = next_entry(schedule);

	return next != NULL ? next->next_ns : INT64_MAX;
}

struct occasion {
	uint64_t n;                 /* occurrences until now */
	int64_t last_ns, before_ns; /* the last of them, and the one before it */
};

static struct occasion
occurrences_until(struct entry *entry, int64_t now_ns)
{
	struct occasion occasion = {0, entry->next_ns, entry->next_ns};

	while (entry->next_ns <= now_ns && occasion.n < SCHEDULE_COUNT_MAX) {
		occasion.n++;
		occasion.before_ns = occasion.last_ns;
		occasion.last_ns = entry->next_ns;
		entry->state.looked_ns = entry->next_ns;
		set_next(entry);
	}
	entry->state.looked_ns = now_ns;
	set_next(entry);
	return occasion;
}

struct ear {
	void (*tell)(void *context, const struct schedule_told *told);
	void *context;
};

static void
tell_event(struct entry *entry, enum schedule_event event, int64_t due_ns, uint64_t n, const struct ear *ear)
{
	struct schedule_state *state = &entry->state;
	const struct schedule_told told = {.event = event, .wish = &entry->wish, .due_ns = due_ns, .n = n};

	switch (event) {
	case SCHEDULE_START:
		state->started++;
		state->active++;
		state->last_due_ns = due_ns;
		state->last = SCHEDULE_RAN;
		break;
	case SCHEDULE_OVERLAPPED:
		state->overlapped += n;
		state->last = SCHEDULE_SKIPPED_OVERLAP;
		break;
	case SCHEDULE_MISSED:
		state->missed += n;
		state->last = SCHEDULE_SKIPPED_MISSED;
		break;
	}
	ear->tell(ear->context, &told);
}

static void
deal_with(struct entry *entry, int64_t now_ns, const struct ear *ear)
{
	struct occasion occasion = occurrences_until(entry, now_ns);
	bool is_late = now_ns - occasion.last_ns > SCHEDULE_GRACE_NS;
	uint32_t active_most = entry->wish.overlap == SCHEDULE_OVERLAP_QUEUE ? 2 : 1;
	uint64_t n = occasion.n;

	if (entry->wish.missed == SCHEDULE_MISSED_SKIP) {
		uint64_t missed = is_late ? n : n - 1;

		if (missed > 0)
			tell_event(
				entry, SCHEDULE_MISSED, is_late ? occasion.last_ns : occasion.before_ns, missed, ear);
		if (is_late)
			return;
		n = 1;
	}
	tell_event(entry, entry->state.active < active_most ? SCHEDULE_START : SCHEDULE_OVERLAPPED, occasion.last_ns, n,
		ear);
}

void
schedule_look(struct schedule *schedule, int64_t now_ns, void (*tell)(void *context, const struct schedule_told *told),
	void *context)
{
	const struct ear ear = {tell, context};

	for (size_t i = 0; i < schedule->n; i++) {
		struct entry *entry = schedule->entries[i];

		if (entry->state.looked_ns - now_ns > SET_BACK_NS) {
			entry->state.looked_ns = now_ns;
			set_next(entry);
		}
	}
	for (struct entry *next; (next = next_entry(schedule)) != NULL && next->next_ns <= now_ns;)
		deal_with(next, now_ns, &ear);
}

void
schedule_ended(struct schedule *schedule, const char *name)
{
	size_t i = schedule_find(schedule, name);

	if (i != SIZE_MAX && schedule->entries[i]->state.active > 0)
		schedule->entries[i]->state.active--;
}

bool
schedule_pause(struct schedule *schedule, const char *name, bool is_paused, int64_t now_ns)
{
	size_t i = schedule_find(schedule, name);

	if (i == SIZE_MAX)
		return false;
	struct entry *entry = schedule->entries[i];

	if (entry->state.is_paused && !is_paused)
		entry->state.looked_ns = now_ns;
	entry->state.is_paused = is_paused;
	set_next(entry);
	return true;
}
