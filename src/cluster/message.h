#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* What the leader of a run and the agents say to each other over NATS, beside the lines of control and events: JSON,
 * one message each, and where it is said. RUN: "20261122T020000Z-1a2b3c"; AGENT: a name; I: the shard's number, from 0.
 *
 *   brunt.hello                       who is there?                       leader → all agents         struct hello
 *   brunt.stop                        whoever runs anything ends it       anybody → all agents        empty
 *   brunt.left                        a client's connection ended       nats-server → leader          struct left
 *   brunt.agent.AGENT.ping            what does your clock say?           leader → agent              struct ping
 *   brunt.agent.AGENT.ask             take this shard                     leader → agent              struct ask
 *   brunt.agent.AGENT.got             the profile it asked for            nats-server → agent         YAML
 *   brunt.run.RUN.leader.here         an agent's answer to hello                                      struct here
 *   brunt.run.RUN.leader.pong         its answer to ping                                              struct ping
 *   brunt.run.RUN.leader.answer       its answer to ask                                               struct answer
 *   brunt.run.RUN.leader.beat         once per second, and whenever something changed                 struct beat
 *   brunt.run.RUN.leader.gone.I       nobody heard that somebody leads: status 503 of nats-server's own
 *   brunt.run.RUN.leader.got.I        a parcel of events that the leader asked for
 *   brunt.run.RUN.shard.I.control     a line of control, id RUN/control/NUMBER; again until a beat confirms it
 *   brunt.run.RUN.shard.I.lead        once per second: somebody leads     struct lead
 *   brunt.run.RUN.shard.I.kept.NUMBER JetStream has that parcel
 *   brunt.run.RUN.events.I            parcels of the event stream, id RUN/I/NUMBER; kept by the stream brunt-RUN
 *
 * brunt.left is $SYS.ACCOUNT.ACCOUNT.DISCONNECT, where nats-server's configuration imports it so; elsewhere silence is
 * all that tells. The profile stands in the bucket brunt_profiles under RUN, with all settings under RUN_plan; how many
 * shards under RUN_shards, and who leads under "led"; the lock in brunt_lock under "run". */
#define MESSAGE_MAX ((size_t)64 * 1024)
#define AGENT_NAME_MAX 48
#define RUN_ID_MAX 40
#define SUBJECT_MAX 160
#define SHARD_SETTINGS_MAX 64

struct hello {
	char run[RUN_ID_MAX];
	char brunt[32];
};

struct here {
	char agent[AGENT_NAME_MAX];
	char instance[24]; /* of the process: two agents of one name are a mistake */
	char brunt[32];
	uint32_t cpus;
	bool is_busy;
	char run[RUN_ID_MAX]; /* busy with */
	/* What it lets itself be asked for. 0: no ceiling. */
	char allow[256]; /* the list, cut */
	double rate_per_s;
	uint64_t users, connections;
	double duration_s;
};

struct ping {
	char agent[AGENT_NAME_MAX];
	int64_t sent_ns;           /* by the leader's clock */
	int64_t heard_ns, said_ns; /* by the agent's: 0 in the question */
};

struct ask {
	char run[RUN_ID_MAX];
	uint32_t shard, shards;
	char hash[24], brunt[32];
	char *settings[SHARD_SETTINGS_MAX]; /* "KEY=VALUE"; decoded: to be freed by ask_fini */
	size_t settings_n;
};
void ask_fini(struct ask *ask);

struct answer {
	char agent[AGENT_NAME_MAX];
	uint32_t shard;
	bool is_taken;
	char why[256]; /* not */
};

struct lead {
	uint64_t said;     /* lines of control */
	bool is_dismissed; /* whatever it still does is not wanted: it is free */
};

struct beat {
	char agent[AGENT_NAME_MAX];
	uint32_t shard;
	uint64_t heard; /* lines of control */
	uint64_t kept;  /* parcels of events */
	bool is_over;   /* the process is gone, and all that it said is kept */
	int exit_status, term_signal;
	char why[128]; /* it was ended, not by the leader; empty: it was not */
};

struct left {
	char client[AGENT_NAME_MAX]; /* the name that it gave its connection: an agent its own */
	char reason[64];
};

void hello_encode(struct buf *into, const struct hello *hello);
void here_encode(struct buf *into, const struct here *here);
void ping_encode(struct buf *into, const struct ping *ping);
void ask_encode(struct buf *into, const struct ask *ask);
void answer_encode(struct buf *into, const struct answer *answer);
void lead_encode(struct buf *into, const struct lead *lead);
void beat_encode(struct buf *into, const struct beat *beat);

/* False with err set: it makes no sense. */
bool hello_decode(const char *text, size_t length, struct hello *hello, struct error *err);
bool here_decode(const char *text, size_t length, struct here *here, struct error *err);
bool ping_decode(const char *text, size_t length, struct ping *ping, struct error *err);
bool ask_decode(const char *text, size_t length, struct ask *ask, struct error *err);
bool answer_decode(const char *text, size_t length, struct answer *answer, struct error *err);
bool lead_decode(const char *text, size_t length, struct lead *lead, struct error *err);
bool beat_decode(const char *text, size_t length, struct beat *beat, struct error *err);
bool left_decode(const char *text, size_t length, struct left *left, struct error *err);

/* A name or an id that may stand in a subject: [A-Za-z0-9_-]+ and dots in no place. */
bool message_is_token(const char *text);

/* "brunt.run.RUN.shard.2.lead"; returns into. */
const char *message_subject(char into[SUBJECT_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));
