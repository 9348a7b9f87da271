#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "plan/plan.h"
#include "request/session.h"

/* A session under way: what it carries, and where in its flow it is. It has one request on its way, or it thinks. */
struct visit {
	struct session session;
	uint64_t k;        /* of its arrival */
	uint64_t n;        /* its own number, in the order of starting: what it is called and how it thinks */
	uint32_t step;     /* of the flow, from 0 */
	uint64_t jumps;    /* back to steps that were performed before */
	uint64_t position; /* steps performed before this one, repetitions counted */
	int64_t due_ns;    /* while it thinks: of its next step, run time */
	struct list node;  /* among the free */
};

/* The sessions that one scenario may have at once, allocated at start, and those of them that think: a heap by due
 * time. Nothing is allocated later but for conversations, which are bounded. */
struct sessions {
	const struct plan_flow *flow;
	const struct plan_request *steps; /* flow->steps_n of them */
	uint64_t seed;
	uint32_t shard, shards; /* this one has numbers of its own */
	struct visit *all;
	char *memory; /* what the sessions keep: backed as far as they are used */
	struct list free;
	uint32_t n, used_first; /* of `all`, those that were ever used */
	struct visit **thinking;
	uint32_t thinking_n, under_way_n;
	uint64_t started;
};

/* Most that all sessions of a scenario may keep, conversations apart. */
#define SESSIONS_MEMORY_MAX ((uint64_t)4 << 30)

/* Sessions that a scenario with a flow may have at once, in all shards together: as many as it has slots. */
uint64_t sessions_most(const struct plan *plan, const struct plan_scenario *scenario);
/* What so many of them keep, conversations apart. */
uint64_t sessions_memory_size(const struct plan_flow *flow, uint64_t n);
/* False with err set: they would keep more than SESSIONS_MEMORY_MAX. */
bool sessions_check(const struct plan *plan, struct error *err);

void sessions_init(struct sessions *sessions, const struct plan *plan, const struct plan_scenario *scenario,
	uint64_t seed, uint32_t n);
void sessions_fini(struct sessions *sessions);

/* Another one, at its first step; there must be room for it. */
struct visit *sessions_take(struct sessions *sessions, uint64_t k);
void sessions_give(struct sessions *sessions, struct visit *visit);

/* How long it thinks before it goes on: as the step that it leaves says. Once for each time. */
int64_t sessions_think_ns(const struct sessions *sessions, struct visit *visit);
/* On to the next repetition, or the next step whose condition holds; false: there is none. */
bool sessions_advance(const struct sessions *sessions, struct visit *visit);
/* To this step, or the next one after it whose condition holds. */
bool sessions_enter(const struct sessions *sessions, struct visit *visit, uint32_t step);

/* It thinks until visit->due_ns. */
void sessions_think(struct sessions *sessions, struct visit *visit);
int64_t sessions_next_due_ns(const struct sessions *sessions); /* INT64_MAX: nobody thinks */
/* The one whose step is due first. */
struct visit *sessions_wake(struct sessions *sessions);
