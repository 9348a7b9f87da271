#pragma once

#include "cluster/bus.h"
#include "cluster/clock_offset.h"
#include "cluster/cluster.h"
#include "cluster/message.h"
#include "cluster/parcel.h"
#include "fleet/worker.h"

/* What cluster.c (the transport), lock.c (one run at a time), muster.c (who is there) and link.c (one agent that has a
 * shard) share; nobody else includes it. */
#define AGENTS_MAX 256
#define LOCK_BUCKET "brunt_lock"
#define LOCK_KEY "run"
#define PROFILE_BUCKET "brunt_profiles"
#define PROFILE_KEPT_NS (24 * 3600 * NS_PER_S)
/* An agent of which nothing was heard for so many seconds is lost; it has noticed the same a second later, and ends its
 * load (agent.c). */
#define BEATS_MISSED_MAX 8
#define TICK_MS 50

struct found {
	struct here here;
	struct clock_offset clock;
	int64_t pinged_at_ns; /* −1: it was not, or has answered */
	bool is_twice;        /* two processes have that name */
};

struct cluster_link {
	struct cluster *cluster;
	struct worker *worker;
	char agent[AGENT_NAME_MAX];
	struct clock_offset clock;
	/* What was said, line by line, until it is known to have been heard. */
	struct buf lines[256]; /* a ring: line n stands at n % 256 */
	uint64_t said, heard;
	int64_t said_at_ns;
	/* What it says: parcels of its event stream, asked for one after the other. */
	struct parcel_receiver parcels;
	uint64_t sequence;             /* of the last one, in the stream */
	int64_t asked_at_ns;           /* −1: nothing is being asked for */
	int64_t ask_again_at_ns;       /* not before */
	int64_t offered_at_ns;         /* when the shard was; −1: it has answered */
	int64_t led_at_ns, beat_at_ns; /* when it was last told that somebody leads; when it last said that it lives */
	bool is_doubted;               /* its connection ended, and nothing was heard of it since */
	unsigned unheard_n;            /* times in a row that nobody listened when it was led */
	bool has_last_beat;            /* its process is gone: */
	struct beat last_beat;
};

struct cluster {
	struct transport base;
	const struct cluster_options *options;
	const struct fleet_options *fleet;
	struct bus *bus;
	uv_loop_t *loop;
	uv_timer_t timer;
	bool has_timer, is_timer_closed, has_lock, has_stream, has_lost;
	int64_t locked_at_ns, called_at_ns;
	char run[RUN_ID_MAX];
	char lock[160]; /* its value */
	struct found found[AGENTS_MAX];
	size_t found_n;
	struct found *chosen[FLEET_WORKERS_MAX]; /* by shard, once they are enough */
	struct cluster_link *links[FLEET_WORKERS_MAX];
};

/* lock.c */
void cluster_name_run(struct cluster *cluster);
/* False with err set: another run has the agents. */
bool lock_take(struct cluster *cluster, struct error *err);
void lock_keep(struct cluster *cluster); /* at each turn of the timer */
void lock_release(struct cluster *cluster);
/* What its agents said was brought out by somebody else. */
void lock_forget_leader(struct bus *bus, const char *run);

/* muster.c */
bool cluster_gather(struct transport *transport, uv_loop_t *loop, const struct fleet_options *options,
	const bool *is_stopped, struct error *err);
void cluster_on_here(struct cluster *cluster, const struct bus_message *message);
void cluster_on_pong(struct cluster *cluster, const struct bus_message *message);
void cluster_call(struct cluster *cluster); /* at each turn of the timer, until the first link is there */

/* link.c */
bool link_start(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err);
void link_say(struct worker *worker, const struct control *control);
bool link_has_heard(const struct worker *worker);
void link_kill(struct worker *worker);
void link_listen(struct worker *worker, bool is_listening);
void link_describe(const struct worker *worker, struct shard_record *record);
void link_close(struct worker *worker);
void link_turn(struct cluster_link *link);
void link_on_answer(struct cluster *cluster, const struct bus_message *message);
void link_on_beat(struct cluster *cluster, const struct bus_message *message);
void link_on_left(struct cluster *cluster, const struct bus_message *message);
void link_on_gone(struct cluster *cluster, const struct bus_message *message);
void link_on_parcel(struct cluster *cluster, const struct bus_message *message);
