#pragma once

#include "fleet/fleet.h"
#include "fleet/merger.h"
#include "fleet/worker.h"
#include "measure/summary.h"

/* What leader.c (the course of a load), leader_hear.c (what its workers say) and fleet_driver.c (what the campaign asks
 * for) share; nobody else includes it. */
enum fleet_state {
	FLEET_STARTING, /* until all have announced themselves */
	FLEET_ARMED,    /* they were told when to begin, until all are known to have heard it */
	FLEET_LOADED,   /* the load runs, or pauses, or drains: see phase */
	FLEET_ENDING,   /* they were told to end */
	FLEET_ENDED,
};

/* From the first level on that was begun after a resume, the schedule's levels follow one another again. */
struct span_from {
	uint32_t level;
	uint32_t span;
};

/* As the workers announced it: all of them alike, but where a warm-up that counts requests ends in each at a time of
 * its own. */
struct fleet_level {
	bool is_declared; /* to the campaign */
	uint32_t announced_n;
	int64_t start_ns, end_ns;
	double offered;
};

#define FLEET_SPANS_MAX SUMMARY_LEVELS_MAX

struct fleet {
	struct driver base;
	struct fleet_options options;
	const struct transport_ops *transport;
	struct run_config config;
	const struct plan *plan;
	struct worker *workers;
	struct merger merger;
	enum fleet_state state;
	enum run_phase phase; /* the run's: the one that its slowest worker is in */
	int64_t t0_ns;        /* −1: not yet */
	int64_t started_at_ns,
		told_at_ns; /* by the clock: when the workers were spawned, when they were last told to stop */
	uv_timer_t timer;
	unsigned intervals_out;
	struct shard_record *records; /* options.workers, as they were last asked for */
	struct fleet_level *levels;   /* SUMMARY_LEVELS_MAX */
	struct fleet_level warmup;
	uint32_t levels_n, declared_n;
	struct span_from *spans;
	size_t spans_n;
	uint32_t resume_span;
	bool wants_recover, wants_drain, wants_stop, is_pausing, is_stopping, is_steered, is_told_to_stop;
	int64_t pause_deadline_ns; /* since T0 */
	unsigned interrupts;
	struct driver_end end;
};

int64_t fleet_now_ns(const struct fleet *fleet);
/* Which of the schedule's levels a level of the run is. */
uint32_t fleet_span_of(const struct fleet *fleet, uint32_t level);
bool worker_is_living(const struct worker *worker); /* it has, or will have, a part in the load */
void fleet_say_all(struct fleet *fleet, const struct control *control);
void fleet_lose(struct fleet *fleet, struct worker *worker, const char *fate);
/* All that the workers have said and the merger takes now; false: nothing new. */
bool fleet_hear(struct fleet *fleet);
/* Spawns the workers; blocks, turning the loop, until the load is over and all of them are gone. */
void fleet_go(struct fleet *fleet);
