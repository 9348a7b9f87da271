#include "fleet/scheduler.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

struct scheduler {
	const char *name, *what, *index, *total, *first, *step;
};

static const struct scheduler schedulers[] = {
#define SCHEDULER(name, what, index, total, first, step) {#name, what, index, total, first, step},
#include "fleet/schedulers.def"
#undef SCHEDULER
};

#define SCHEDULERS_N ARRAY_LEN(schedulers)

/* What a scheduler's variables come to. */
struct place {
	const struct scheduler *scheduler;
	uint32_t shard, shards;
};

static bool
check_place(uint64_t shard, uint64_t shards, const char *where, struct place *place, struct error *err)
{
	if (shards == 0 || shards > SHARDS_MAX)
		return error_set(
			err, "%s: %llu shards; 1 to %d are possible", where, (unsigned long long)shards, SHARDS_MAX);
	if (shard >= shards)
		return error_set(err, "%s: there is no shard %llu of %llu; they count from 0 to %llu", where,
			(unsigned long long)shard, (unsigned long long)shards, (unsigned long long)shards - 1);
	place->shard = (uint32_t)shard;
	place->shards = (uint32_t)shards;
	return true;
}

/* name NULL, or no such variable: as it was. */
static bool
read_number(const char *name, char *(*get)(const char *), uint64_t *value, struct error *err)
{
	const char *text = name != NULL ? get(name) : NULL;

	if (text == NULL || units_parse_count(text, value))
		return true;
	return error_set(err, "--shard: %s is '%.60s', and a number is wanted", name, text);
}

static bool
read_place(const struct scheduler *scheduler, uint32_t total, char *(*get)(const char *), struct place *place,
	struct error *err)
{
	uint64_t index = 0, shards = 0, first = 0, step = 1;

	place->scheduler = scheduler;
	if (!read_number(scheduler->index, get, &index, err) || !read_number(scheduler->total, get, &shards, err) ||
		!read_number(scheduler->first, get, &first, err) || !read_number(scheduler->step, get, &step, err))
		return false;
	if (index < first || step == 0 || (index - first) % step != 0)
		return error_set(err, "--shard: %s is %llu, which lies beside %s %llu and %s %llu", scheduler->index,
			(unsigned long long)index, scheduler->first, (unsigned long long)first, scheduler->step,
			(unsigned long long)step);
	if (shards == 0 && total == 0)
		return error_set(err, "--shard: %s says which shard this is, and %s%s of how many; add --shards N",
			scheduler->index, scheduler->total != NULL ? scheduler->total : "nothing",
			scheduler->total != NULL ? " does not say" : " says");
	if (shards != 0 && total != 0 && shards != total)
		return error_set(err, "--shards %u, and %s is %llu; which of them is right?", total, scheduler->total,
			(unsigned long long)shards);
	return check_place((index - first) / step, shards != 0 ? shards : total, scheduler->index, place, err);
}

static void
list_variables(char *into, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < SCHEDULERS_N && n < size; i++)
		n += (size_t)snprintf(into + n, size - n, "%s%s", i > 0 ? ", " : "", schedulers[i].index);
}

/* A batch script's own variables say "0 of 1" beside those of the array or step that it is part of. */
static size_t
leave_single_ones_out(struct place *places, size_t n)
{
	size_t kept = 0;
	bool has_several = false;

	for (size_t i = 0; i < n; i++)
		has_several = has_several || places[i].shards > 1;
	for (size_t i = 0; i < n; i++)
		if (!has_several || places[i].shards > 1)
			places[kept++] = places[i];
	return kept;
}

static bool
says_total(const struct scheduler *scheduler, char *(*get)(const char *))
{
	return scheduler->total != NULL && get(scheduler->total) != NULL;
}

/* Those that are there. A batch script's own variables do not say of how many where it was not asked for tasks; then
 * those of whoever does are meant. */
static bool
read_places(uint32_t total, char *(*get)(const char *), struct place places[SCHEDULERS_N], size_t *n, struct error *err)
{
	bool any_says_total = false;

	for (size_t i = 0; i < SCHEDULERS_N; i++)
		any_says_total |= get(schedulers[i].index) != NULL && says_total(&schedulers[i], get);
	*n = 0;
	for (size_t i = 0; i < SCHEDULERS_N; i++)
		if (get(schedulers[i].index) != NULL && says_total(&schedulers[i], get) == any_says_total &&
			!read_place(&schedulers[i], total, get, &places[(*n)++], err))
			return false;
	return true;
}

static bool
find_place(uint32_t total, char *(*get)(const char *), struct place *found, struct error *err)
{
	struct place places[SCHEDULERS_N];
	char variables[256];
	size_t n;

	if (!read_places(total, get, places, &n, err))
		return false;
	list_variables(variables, sizeof(variables));
	if (n == 0)
		return error_set(err,
			"--shard env: no scheduler says which shard this is (%s are not set); write --shard I/N, I from 0",
			variables);
	n = leave_single_ones_out(places, n);
	for (size_t i = 1; i < n; i++)
		if (places[i].shard != places[0].shard || places[i].shards != places[0].shards)
			return error_set(err,
				"--shard env: %s says %u/%u, and %s says %u/%u; write --shard %s, --shard %s or --shard I/N",
				places[0].scheduler->index, places[0].shard, places[0].shards,
				places[i].scheduler->index, places[i].shard, places[i].shards,
				places[0].scheduler->name, places[i].scheduler->name);
	*found = places[0];
	return true;
}

static bool
parse_place(const char *text, uint32_t total, struct place *place, struct error *err)
{
	unsigned long long shard, shards;
	char end;

	if (strspn(text, "0123456789/") != strlen(text) ||
		sscanf(text, "%20llu/%20llu%c", &shard, &shards, &end) != 2) {
		char names[160] = "";

		for (size_t i = 0; i < SCHEDULERS_N; i++)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), ", %s", schedulers[i].name);
		return error_set(
			err, "--shard: '%.60s' is not I/N with I from 0, such as 0/3, nor one of env%s", text, names);
	}
	if (total != 0 && shards != total)
		return error_set(err, "--shard %s and --shards %u: which of them is right?", text, total);
	return check_place(shard, shards, "--shard", place, err);
}

bool
scheduler_shard(const char *text, uint32_t total, char *(*get)(const char *name), uint32_t *shard, uint32_t *shards,
	struct error *err)
{
	struct place place = {0};
	bool is_found = false, is_named = false;

	if (strcmp(text, "env") == 0)
		is_named = is_found = true;
	if (is_named && !find_place(total, get, &place, err))
		return false;
	for (size_t i = 0; i < SCHEDULERS_N && !is_named; i++) {
		if (strcmp(text, schedulers[i].name) != 0)
			continue;
		is_named = true;
		if (get(schedulers[i].index) == NULL)
			return error_set(err, "--shard %s: %s is not set, so this is not %s", text, schedulers[i].index,
				schedulers[i].what);
		is_found = read_place(&schedulers[i], total, get, &place, err);
	}
	if (!is_named)
		is_found = parse_place(text, total, &place, err);
	*shard = place.shard;
	*shards = place.shards;
	return is_found;
}
