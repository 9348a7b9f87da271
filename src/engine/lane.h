#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/backlog.h"
#include "engine/flight.h"
#include "engine/sessions.h"
#include "load/schedule.h"
#include "plan/plan.h"
#include "request/split.h"

/* A scenario under way: its schedule, the flights or sessions it has, its backlog, or, in a closed loop, its users. */
struct lane {
	const struct plan *plan;
	const struct plan_scenario *scenario;
	uint64_t seed;
	struct schedule schedule;

	/* Open loop. */
	struct schedule_cursor head; /* the next arrival to be taken */
	uint64_t head_position;
	int64_t next_due_ns; /* schedule time; INT64_MAX: none is left */
	struct backlog backlog;

	/* Closed loop: when each user that is free became so, oldest first. */
	int64_t *freed_ns; /* ring of users_max */
	uint32_t freed_first, freed_n, users_max;
	uint32_t users; /* wanted, as of the last look; it holds until users_until_ns (schedule time) at most */
	int64_t users_until_ns;
	uint64_t iterations, iterations_max, warmup_taken; /* iterations_max 0: no limit, and none of the warm-up's */

	struct list by_deadline;           /* flights of arrivals, a flow's first steps among them */
	uint32_t under_way, under_way_max; /* arrivals that hold a slot: requests in flight, or sessions */
	double *weights_until;             /* per request of the scenario: cumulated, the last is 1 */
	uint32_t *named;           /* by index of the shape's names: the request that each is; NULL: it names none */
	uint32_t choices_n;        /* requests that an arrival may make: of a flow the first step alone */
	struct sessions *sessions; /* NULL: no flow */
	uint64_t rows_most;        /* arrivals that there are rows for, where each is used once */
	bool is_stopped;
	struct split *split; /* which arrivals are another run's; NULL: none is */
};

void lane_init(struct lane *lane, const struct plan *plan, uint32_t scenario, uint32_t shard, uint32_t shards);
void lane_fini(struct lane *lane);

/* Which of the plan's requests the arrival makes. */
uint32_t lane_request_of(const struct lane *lane, const struct arrival *arrival);

/* Passes the next arrival. */
void lane_advance(struct lane *lane);
/* Takes no more arrivals. */
void lane_stop(struct lane *lane);
/* Steady at this level from at_ns on (schedule time). */
void lane_steer(struct lane *lane, double level, int64_t at_ns);
/* The schedule goes on at t (schedule time), forwards or back; the backlog must be empty. */
void lane_seek(struct lane *lane, int64_t t_ns);
/* No arrival is left, at schedule time t. */
bool lane_is_over(const struct lane *lane, int64_t t_ns);
/* Steps may still become due, of sessions that began. */
bool lane_has_sessions(const struct lane *lane, int64_t t_ns);

/* Closed loop: how many users may run at schedule time t, and the next that is free. */
uint32_t lane_users_at(const struct lane *lane, int64_t t_ns);
/* A warm-up that counts requests ends when so many were taken: true once. */
bool lane_end_warmup_if_done(struct lane *lane, int64_t t_ns);
void lane_look_at_users(struct lane *lane, int64_t t_ns);
bool lane_has_free_user(struct lane *lane, int64_t t_ns);
int64_t lane_take_free_user(struct lane *lane, int64_t now_ns); /* since when it is free */
void lane_give_user(struct lane *lane, int64_t now_ns);

/* What an arrival began is over: its slot is free. */
static inline void
lane_give_slot(struct lane *lane, int64_t now_ns)
{
	lane->under_way--;
	if (lane->scenario->load.in_users)
		lane_give_user(lane, now_ns);
}
