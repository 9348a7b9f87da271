#include "cluster/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/cluster_parts.h"

/* Who leads a run over NATS: what comes in is for one of its links, the lock is kept, and all is put back at the end.
 */
#define LEFT_SUBJECT "brunt.left"
#define START_AHEAD_NS (1000 * NS_PER_MS)

/* The part of the subject behind "brunt.run.RUN.leader.". */
static void
cluster_on_message(void *context, const struct bus_message *message)
{
	struct cluster *cluster = context;
	char prefix[SUBJECT_MAX];
	size_t n = strlen(message_subject(prefix, "brunt.run.%s.leader.", cluster->run));

	if (strcmp(message->subject, LEFT_SUBJECT) == 0)
		link_on_left(cluster, message);
	if (strncmp(message->subject, prefix, n) != 0)
		return;
	const char *what = message->subject + n;

	if (strcmp(what, "here") == 0)
		cluster_on_here(cluster, message);
	else if (strcmp(what, "pong") == 0)
		cluster_on_pong(cluster, message);
	else if (strcmp(what, "answer") == 0)
		link_on_answer(cluster, message);
	else if (strcmp(what, "beat") == 0)
		link_on_beat(cluster, message);
	else if (strncmp(what, "gone.", 5) == 0)
		link_on_gone(cluster, message);
	else if (strncmp(what, "got.", 4) == 0)
		link_on_parcel(cluster, message);
}

static void
cluster_on_connected(void *context, bool is_connected)
{
	(void)context;
	if (is_connected)
		log_info("nats: connected again");
	else
		log_warn("nats: the connection to nats-server is lost; trying again");
}

static void
cluster_on_timer(uv_timer_t *timer)
{
	struct cluster *cluster = timer->data;

	lock_keep(cluster);
	cluster_call(cluster);
	for (uint32_t i = 0; i < cluster->fleet->workers; i++)
		if (cluster->links[i] != NULL)
			link_turn(cluster->links[i]);
}

static bool
cluster_open(struct cluster *cluster, struct error *err)
{
	struct bus_events events = {
		.on_message = cluster_on_message, .on_connected = cluster_on_connected, .context = cluster};
	char subject[SUBJECT_MAX];

	cluster->bus = bus_open(cluster->loop, &cluster->options->bus, &events, err);
	if (cluster->bus == NULL)
		return false;
	CHECK_OP(uv_timer_init(cluster->loop, &cluster->timer), ==, 0);
	cluster->timer.data = cluster;
	cluster->has_timer = true;
	CHECK_OP(uv_timer_start(&cluster->timer, cluster_on_timer, TICK_MS, TICK_MS), ==, 0);
	return bus_subscribe(cluster->bus, LEFT_SUBJECT, err) &&
	       bus_subscribe(cluster->bus, message_subject(subject, "brunt.run.%s.leader.>", cluster->run), err);
}

static bool
cluster_start(struct transport *transport, uv_loop_t *loop, const struct fleet_options *options, const bool *is_stopped,
	struct error *err)
{
	struct cluster *cluster = container_of(transport, struct cluster, base);

	cluster->loop = loop;
	cluster->fleet = options;
	cluster_name_run(cluster);
	return cluster_open(cluster, err) && cluster_gather(transport, loop, options, is_stopped, err);
}

static void
cluster_on_timer_closed(uv_handle_t *handle)
{
	struct cluster *cluster = handle->data;

	cluster->is_timer_closed = true;
}

static void
cluster_drop_profile(struct cluster *cluster)
{
	char key[SUBJECT_MAX];

	bus_remove(cluster->bus, PROFILE_BUCKET, cluster->run);
	bus_remove(cluster->bus, PROFILE_BUCKET, message_subject(key, "%s_plan", cluster->run));
	bus_remove(cluster->bus, PROFILE_BUCKET, message_subject(key, "%s_shards", cluster->run));
}

/* What the agents said is kept for a day where one of them was lost: it may be that not all of it was heard. */
static void
cluster_release(struct transport *transport)
{
	struct cluster *cluster = container_of(transport, struct cluster, base);
	char stream[SUBJECT_MAX];

	if (cluster->bus != NULL && bus_is_connected(cluster->bus)) {
		if (cluster->has_stream && !cluster->has_lost)
			bus_drop_stream(cluster->bus, message_subject(stream, "brunt-%s", cluster->run));
		if (cluster->has_stream && !cluster->has_lost)
			cluster_drop_profile(cluster);
		lock_release(cluster);
	}
	if (cluster->has_timer) {
		uv_close((uv_handle_t *)&cluster->timer, cluster_on_timer_closed);
		while (!cluster->is_timer_closed)
			uv_run(cluster->loop, UV_RUN_ONCE);
	}
	if (cluster->bus != NULL)
		bus_close(cluster->bus);
	cluster->bus = NULL;
	cluster->has_timer = cluster->has_lock = cluster->has_stream = false;
}

static const struct transport_ops nats_transport = {
	.name = "nats",
	.beats_missed_max = BEATS_MISSED_MAX,
	.start_ahead_ns = START_AHEAD_NS,
	.gather = cluster_start,
	.start = link_start,
	.say = link_say,
	.has_heard = link_has_heard,
	.kill = link_kill,
	.listen = link_listen,
	.describe = link_describe,
	.close = link_close,
	.release = cluster_release,
};

struct transport *
cluster_transport_new(const struct cluster_options *options)
{
	struct cluster *cluster = must_alloc(sizeof(*cluster));

	cluster->base.ops = &nats_transport;
	cluster->options = options;
	return &cluster->base;
}

void
cluster_transport_free(struct transport *transport)
{
	if (transport != NULL)
		free(container_of(transport, struct cluster, base));
}
