#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "brunt_version.h"
#include "cluster/cluster_parts.h"
#include "plan/plan.h"

/* Before a run over NATS: the profile, who is there, and what their clocks say. */
#define GATHER_NS (5 * NS_PER_S)
#define CALL_STEP_NS (500 * NS_PER_MS)
#define PONG_LIMIT_NS (300 * NS_PER_MS)
#define CLOCK_ROUNDS 12
#define PROFILE_MAX ((size_t)512 * 1024)

static struct found *
found_by_name(struct cluster *cluster, const char *agent)
{
	for (size_t i = 0; i < cluster->found_n; i++)
		if (strcmp(cluster->found[i].here.agent, agent) == 0)
			return &cluster->found[i];
	return NULL;
}

static bool
is_fit(const struct found *found)
{
	return !found->is_twice && !found->here.is_busy && strcmp(found->here.brunt, BRUNT_VERSION) == 0;
}

static void
ping(struct cluster *cluster, struct found *found)
{
	char subject[SUBJECT_MAX], reply[SUBJECT_MAX];
	struct ping ping = {.sent_ns = bus_now_ns()};
	struct buf text;

	buf_init(&text, MESSAGE_MAX);
	ping_encode(&text, &ping);
	bus_say(cluster->bus, message_subject(subject, "brunt.agent.%s.ping", found->here.agent),
		message_subject(reply, "brunt.run.%s.leader.pong", cluster->run), NULL, text.bytes, text.length);
	buf_fini(&text);
	found->pinged_at_ns = ping.sent_ns;
}

void
cluster_on_here(struct cluster *cluster, const struct bus_message *message)
{
	struct here here;
	struct error err = {0};

	if (!here_decode(message->data, message->length, &here, &err)) {
		log_warn("nats: an agent's answer makes no sense: %s", err.message);
		return;
	}
	struct found *found = found_by_name(cluster, here.agent);

	if (found == NULL && cluster->found_n == AGENTS_MAX)
		return;
	if (found == NULL) {
		found = &cluster->found[cluster->found_n++];
		*found = (struct found){.pinged_at_ns = -1};
	}
	found->is_twice =
		found->is_twice || (found->here.agent[0] != '\0' && strcmp(found->here.instance, here.instance) != 0);
	found->here = here;
	if (is_fit(found) && found->clock.rounds == 0)
		ping(cluster, found);
}

void
cluster_on_pong(struct cluster *cluster, const struct bus_message *message)
{
	struct ping pong;
	struct error err = {0};

	if (!ping_decode(message->data, message->length, &pong, &err))
		return;
	struct found *found = found_by_name(cluster, pong.agent);

	if (found == NULL || pong.sent_ns != found->pinged_at_ns)
		return;
	found->pinged_at_ns = -1;
	clock_offset_add(&found->clock, &pong, message->at_ns);
	if (found->clock.rounds < CLOCK_ROUNDS)
		ping(cluster, found);
}

static bool
is_ready(const struct found *found)
{
	return is_fit(found) && found->clock.rounds >= CLOCK_ROUNDS;
}

static uint32_t
ready_n(const struct cluster *cluster)
{
	uint32_t n = 0;

	for (size_t i = 0; i < cluster->found_n; i++)
		n += is_ready(&cluster->found[i]);
	return n;
}

void
cluster_call(struct cluster *cluster)
{
	int64_t now_ns = bus_now_ns();
	char reply[SUBJECT_MAX];
	struct hello hello;
	struct buf text;

	if (cluster->chosen[0] != NULL || !cluster->has_stream)
		return;
	for (size_t i = 0; i < cluster->found_n; i++) {
		struct found *found = &cluster->found[i];

		if (found->pinged_at_ns >= 0 && now_ns - found->pinged_at_ns > PONG_LIMIT_NS)
			ping(cluster, found);
	}
	if (now_ns - cluster->called_at_ns < CALL_STEP_NS)
		return;
	cluster->called_at_ns = now_ns;
	snprintf(hello.run, sizeof(hello.run), "%s", cluster->run);
	snprintf(hello.brunt, sizeof(hello.brunt), "%s", BRUNT_VERSION);
	buf_init(&text, MESSAGE_MAX);
	hello_encode(&text, &hello);
	bus_say(cluster->bus, "brunt.hello", message_subject(reply, "brunt.run.%s.leader.here", cluster->run), NULL,
		text.bytes, text.length);
	buf_fini(&text);
}

static bool
lay_out_profile(struct cluster *cluster, struct error *err)
{
	const char *plan = cluster->options->plan->effective_yaml;
	char subject[SUBJECT_MAX], stream[SUBJECT_MAX], total[16];
	size_t length;
	char *text = file_read(cluster->fleet->profile, PROFILE_MAX, &length, err);

	snprintf(total, sizeof(total), "%u", cluster->fleet->workers);
	bool is_good = text != NULL && bus_put(cluster->bus, PROFILE_BUCKET, cluster->run, text, length, err) &&
		       bus_put(cluster->bus, PROFILE_BUCKET, message_subject(subject, "%s_plan", cluster->run), plan,
			       strlen(plan), err) &&
		       bus_put(cluster->bus, PROFILE_BUCKET, message_subject(subject, "%s_shards", cluster->run), total,
			       strlen(total), err) &&
		       bus_make_stream(cluster->bus, message_subject(stream, "brunt-%s", cluster->run),
			       message_subject(subject, "brunt.run.%s.events.*", cluster->run), err);

	free(text);
	cluster->has_stream = is_good;
	return is_good;
}

static int
compare_names(const void *a, const void *b)
{
	const struct found *const *x = a, *const *y = b;

	return strcmp((*x)->here.agent, (*y)->here.agent);
}

static void
choose(struct cluster *cluster)
{
	uint32_t n = 0;

	for (size_t i = 0; i < cluster->found_n && n < cluster->fleet->workers; i++)
		if (is_ready(&cluster->found[i]))
			cluster->chosen[n++] = &cluster->found[i];
	qsort(cluster->chosen, n, sizeof(struct found *), compare_names);
	for (uint32_t i = 0; i < n; i++)
		log_info("run %s: shard %u of %u: agent %s, %u CPUs, clock %+.3f ms (± %.3f)", cluster->run, i + 1, n,
			cluster->chosen[i]->here.agent, cluster->chosen[i]->here.cpus,
			(double)cluster->chosen[i]->clock.offset_ns / 1e6,
			(double)cluster->chosen[i]->clock.round_ns / 2e6);
}

static bool
refuse_few(const struct cluster *cluster, struct error *err)
{
	char others[96] = "";
	size_t length = 0;

	for (size_t i = 0; i < cluster->found_n && length < sizeof(others) - 1; i++) {
		const struct here *here = &cluster->found[i].here;

		if (cluster->found[i].is_twice)
			length += (size_t)snprintf(others + length, sizeof(others) - length,
				"; the name %.16s is there twice", here->agent);
		else if (here->is_busy)
			length += (size_t)snprintf(others + length, sizeof(others) - length, "; %.16s is busy with %s",
				here->agent, here->run);
		else if (strcmp(here->brunt, BRUNT_VERSION) != 0)
			length += (size_t)snprintf(others + length, sizeof(others) - length, "; %.16s is brunt %.16s",
				here->agent, here->brunt);
	}
	return error_set(err, "%u agents are wanted, %u answered within %d s%s; nothing was sent",
		cluster->fleet->workers, ready_n(cluster), (int)(GATHER_NS / NS_PER_S), others);
}

bool
cluster_gather(struct transport *transport, uv_loop_t *loop, const struct fleet_options *options,
	const bool *is_stopped, struct error *err)
{
	struct cluster *cluster = container_of(transport, struct cluster, base);

	if (!lock_take(cluster, err) || !lay_out_profile(cluster, err))
		return false;
	int64_t until_ns = bus_now_ns() + GATHER_NS;

	while (ready_n(cluster) < options->workers && bus_now_ns() < until_ns && !*is_stopped)
		uv_run(loop, UV_RUN_ONCE);
	if (*is_stopped)
		return error_set(err, "stopped before the agents were there; nothing was sent");
	if (ready_n(cluster) < options->workers)
		return refuse_few(cluster, err);
	choose(cluster);
	return true;
}
