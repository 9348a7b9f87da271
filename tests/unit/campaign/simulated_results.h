/* Results directories of runs that never ran: seconds simulated as unit/judge/arms.h does, written by measure's own
 * encoder as a run's journal, beside a result.json of which no more is there than comparing reads. Include after
 * cmocka.h. */
#pragma once

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "brunt_version.h"
#include "campaign/against.h"
#include "load/shape.h"
#include "proto/protocol.h"
#include "reader/reader.h"
#include "unit/judge/arms.h"

#define SIMULATED_PROFILE                                                                                              \
	"name: simulated\n"                                                                                            \
	"target: {url: 'http://127.0.0.1:9'}\n"                                                                        \
	"load: {steady: {rate: 100/s, for: 1h}}\n"                                                                     \
	"requests: [{name: root, get: /}]\n"

struct simulated {
	char folder[64]; /* of all of them */
	struct plan *plan;
	struct interval *interval;
	struct buf events;
	uint64_t resamples;
};

static const struct plan_tables simulated_tables = {
	.shapes = shape_choices, .protocols = protocol_choices, .readers = reader_choices, .metrics = judge_metrics};

/* resamples: of the bootstrap; it stands in the profile. */
static inline void
simulated_init(struct simulated *s, uint64_t resamples)
{
	struct error err = {0};
	char profile[512];

	snprintf(profile, sizeof(profile), SIMULATED_PROFILE "compare: {resamples: %llu}\n",
		(unsigned long long)resamples);
	snprintf(s->folder, sizeof(s->folder), "/tmp/brunt-simulated-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	s->plan = plan_load_text(profile, strlen(profile), "simulated.yaml", NULL, 0, &simulated_tables, &err);
	if (s->plan == NULL)
		fail_msg("%s", err.message);
	s->interval = interval_new(1, 1);
	buf_init(&s->events, (size_t)64 * 1024 * 1024);
}

static inline int
simulated_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

static inline void
simulated_fini(struct simulated *s)
{
	nftw(s->folder, simulated_remove, 16, FTW_DEPTH | FTW_PHYS);
	buf_fini(&s->events);
	interval_free(s->interval);
	plan_free(s->plan);
}

static inline void
simulate_journal(struct simulated *s, struct dice *dice, const struct world *world, const char *id)
{
	const struct run_identity identity = {.id = id, .started_wall_ns = INT64_C(1795312800) * NS_PER_S, .shards = 1};
	const struct arm nobody = {.name = id};
	const struct verdict passed = {.status = VERDICT_PASS};
	double of_run = world->runs * roll_normal(dice), wander = world->wander * roll_normal(dice);

	buf_clear(&s->events);
	CHECK(event_encode_run(&s->events, &identity, s->plan));
	CHECK(event_encode_level(&s->events, 0, 0, world->seconds * NS_PER_S, world->per_second));
	for (int second = 0; second < world->seconds; second++) {
		struct interval_level *level = interval_use_slot(s->interval, 0, 0);

		s->interval->start_ns = second * NS_PER_S;
		s->interval->end_ns = s->interval->start_ns + NS_PER_S;
		s->interval->is_added_up = true;
		level->window_ns = NS_PER_S;
		level->is_last = second == world->seconds - 1;
		simulate_second(dice, world, of_run + wander, &(struct place){&nobody, 0, second}, &level->all);
		CHECK(event_encode_interval(&s->events, s->interval, s->plan));
		interval_reset(s->interval);
		wander = world->memory * wander +
			 world->wander * sqrt(1 - world->memory * world->memory) * roll_normal(dice);
	}
	CHECK(event_encode_end(&s->events, &passed, world->seconds * NS_PER_S));
}

static inline void
write_in(const char *dir, const char *name, const char *bytes, size_t length)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%.120s/%.32s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* One run, over what was there under this name; into: its directory. */
static inline const char *
simulate_results(struct simulated *s, struct dice *dice, const struct world *world, const char *name, char into[128])
{
	char id[64];
	struct buf result;

	snprintf(into, 128, "%.60s/%.60s", s->folder, name);
	snprintf(id, sizeof(id), "20261122T020000Z-%.40s", name);
	mkdir(into, 0777);
	simulate_journal(s, dice, world, id);
	write_in(into, "events.ndjson", s->events.bytes, s->events.length);
	buf_init(&result, (size_t)1024 * 1024);
	buf_printf(&result,
		"{\"schema\": \"brunt/result/1\", \"id\": \"%s\", \"started_at\": \"2026-11-22T02:00:00Z\", \"brunt\": "
		"{\"version\": \"%s\"}, \"verdict\": {\"status\": \"pass\", \"exit_code\": 0, \"reasons\": []}, "
		"\"profile_hash\": \"%s\", \"profile\": %s}\n",
		id, BRUNT_VERSION, s->plan->hash, s->plan->effective_json);
	write_in(into, "result.json", result.bytes, result.length);
	buf_fini(&result);
	return into;
}
