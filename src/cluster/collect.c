#include "cluster/collect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/cluster_parts.h"

#define ANSWER_LIMIT_NS (2 * NS_PER_S)
#define TRIES_MAX 5

/* One question at a time, and its answer. */
struct collection {
	uv_loop_t loop;
	uv_timer_t timer;
	struct bus *bus;
	const char *run;
	struct parcel_receiver parcels;
	uint64_t sequence;
	bool has_answer, has_nothing, has_gap;
	FILE *events;
};

static void
on_message(void *context, const struct bus_message *message)
{
	struct collection *c = context;

	if (message->status[0] != '\0') {
		c->has_nothing = strcmp(message->status, "404") == 0;
		c->has_answer = c->has_nothing;
		return;
	}
	if (message->sequence <= c->sequence)
		return; /* asked twice, answered twice */
	c->sequence = message->sequence;
	c->has_answer = true;
	switch (parcel_take(&c->parcels, parcel_number_of(message->id))) {
	case PARCEL_NEW: fwrite(message->data, 1, message->length, c->events); break;
	case PARCEL_REPEATED: break;
	case PARCEL_MISSING: c->has_gap = true; break;
	}
}

static void
on_connected(void *context, bool is_connected)
{
	(void)context;
	(void)is_connected;
}

static void
on_timer(uv_timer_t *timer)
{
	(void)timer;
}

static void
ask(const struct collection *c, uint32_t shard)
{
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX], question[256];
	int n = snprintf(question, sizeof(question), "{\"seq\":%llu,\"next_by_subj\":\"brunt.run.%s.events.%u\"}",
		(unsigned long long)c->sequence + 1, c->run, shard);

	bus_say(c->bus, message_subject(subject, "$JS.API.DIRECT.GET.brunt-%s", c->run),
		message_subject(reply, "brunt.run.%s.leader.got.%u", c->run, shard), NULL, question, (size_t)n);
}

/* The next parcel, or that there is none. False: nobody answers. */
static bool
next(struct collection *c, uint32_t shard)
{
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		int64_t until_ns = bus_now_ns() + ANSWER_LIMIT_NS;

		c->has_answer = c->has_nothing = false;
		ask(c, shard);
		while (!c->has_answer && bus_now_ns() < until_ns)
			uv_run(&c->loop, UV_RUN_ONCE);
		if (c->has_answer)
			return true;
	}
	return false;
}

static bool
collect_shard(struct collection *c, struct collected *into, uint32_t shard, const char *profile, struct error *err)
{
	char *dir = into->dirs[into->shards_n], path[200];

	snprintf(dir, sizeof(into->dirs[0]), "%s/%u", into->dir, shard);
	snprintf(path, sizeof(path), "%s/profile.yaml", dir);
	if (!file_make_dirs(dir, err) || !file_write_atomic(path, profile, strlen(profile), err))
		return false;
	snprintf(path, sizeof(path), "%s/events.ndjson", dir);
	c->events = fopen(path, "we");
	if (c->events == NULL)
		return error_set(err, "cannot write '%s': %s", path, strerror(errno));
	c->parcels = (struct parcel_receiver){0};
	c->sequence = 0;
	c->has_gap = false;
	bool is_there = true;

	while (is_there && !c->has_gap && (is_there = next(c, shard)) && !c->has_nothing)
		;
	bool is_written = fclose(c->events) == 0;

	if (!is_written)
		return error_set(err, "cannot write '%s': %s", path, strerror(errno));
	if (c->has_gap)
		log_warn("shard %u: what it said as number %llu is missing; it is used as far as that", shard,
			(unsigned long long)c->parcels.taken + 1);
	if (c->parcels.taken > 0)
		into->pointers[into->shards_n++] = dir;
	return is_there ||
	       error_set(err, "nats: nothing is known of a run '%s', or the server has no JetStream", c->run);
}

static bool
collect_all(struct collection *c, struct collected *into, struct error *err)
{
	char key[RUN_ID_MAX + 8], subject[SUBJECT_MAX], total[16] = "";

	snprintf(key, sizeof(key), "%s_plan", c->run);
	char *profile = bus_get(c->bus, PROFILE_BUCKET, key, err);
	char *shards = bus_get(c->bus, PROFILE_BUCKET, message_subject(subject, "%s_shards", c->run), err);
	bool is_good = profile != NULL && shards != NULL;

	if (is_good)
		snprintf(total, sizeof(total), "%s", shards);
	into->total = (uint32_t)strtoul(total, NULL, 10);
	is_good = is_good && into->total > 0 && into->total <= FLEET_WORKERS_MAX &&
		  bus_subscribe(c->bus, message_subject(subject, "brunt.run.%s.leader.got.*", c->run), err);
	for (uint32_t i = 0; is_good && i < into->total; i++)
		is_good = collect_shard(c, into, i, profile, err);
	free(profile);
	free(shards);
	return (is_good && into->shards_n > 0) || error_set(err, "nats: nothing is known of a run '%s'", c->run);
}

bool
collect(struct collected *into, const struct bus_options *options, const char *run, struct error *err)
{
	struct collection *c = must_alloc(sizeof(*c));
	struct bus_events events = {.on_message = on_message, .on_connected = on_connected, .context = c};

	*into = (struct collected){.total = 0};
	if (!message_is_token(run) || strlen(run) >= RUN_ID_MAX) {
		free(c);
		return error_set(err, "'%.80s' is not the name of a run, which brunt run --nats said", run);
	}
	snprintf(into->dir, sizeof(into->dir), "%s-shards", run);
	into->dirs = must_calloc(FLEET_WORKERS_MAX, sizeof(into->dirs[0]));
	into->pointers = must_calloc(FLEET_WORKERS_MAX, sizeof(char *));
	c->run = run;
	CHECK_OP(uv_loop_init(&c->loop), ==, 0);
	CHECK_OP(uv_timer_init(&c->loop, &c->timer), ==, 0);
	CHECK_OP(uv_timer_start(&c->timer, on_timer, TICK_MS, TICK_MS), ==, 0);
	c->bus = bus_open(&c->loop, options, &events, err);
	bool is_good = c->bus != NULL && collect_all(c, into, err);

	if (is_good)
		lock_forget_leader(c->bus, run);
	if (c->bus != NULL)
		bus_close(c->bus);
	uv_close((uv_handle_t *)&c->timer, NULL);
	while (uv_run(&c->loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_OP(uv_loop_close(&c->loop), ==, 0);
	free(c);
	return is_good;
}

void
collected_fini(struct collected *collected)
{
	free(collected->dirs);
	free((void *)collected->pointers);
}
