#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "measure/events.h"
#include "measure/exchange_ring.h"
#include "measure/recorder.h"
#include "net/address.h"
#include "plan/plan.h"

/* The engine: drives one plan against one target on one loop. It knows nothing of judging or reporting: it hands out
 * intervals, and is steered by control messages. */
struct run;

enum run_phase { RUN_BASELINE, RUN_WARMUP, RUN_MEASURE, RUN_RECOVER, RUN_DRAIN, RUN_ENDED };
extern const char *const run_phase_names[];

struct run_events {
	void (*on_phase)(void *context, enum run_phase phase, int64_t at_ns);
	/* A level begins (LEVEL_WARMUP: the warm-up). end_ns INT64_MAX: it ends by its count, which on_complete will
	 * tell. */
	void (*on_level)(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered);
	/* The running level ends here, before its time: the load stops or pauses. on_complete: a load that ends by its
	 * count is through, and its level with it. */
	void (*on_cut)(void *context, int64_t at_ns);
	void (*on_complete)(void *context, int64_t at_ns);
	/* An interval is full. The callee gives it back by run_give_interval, at once or from a later loop turn. */
	void (*on_interval)(void *context, struct interval *interval);
	/* Led runs alone. Paused or drained: nothing is in flight, every level is closed and its interval handed out;
	 * the leader says how to go on. */
	void (*on_idle)(void *context, int64_t at_ns);
	/* The last interval was given back and everything is closed. */
	void (*on_end)(void *context);
};

struct run_config {
	const struct plan *plan;
	uv_loop_t *loop; /* the caller runs nothing on it but uv_queue_work and signals */
	const struct clock *clock;
	/* 0, 1: alone. Else the i-th of n that share one load: arrivals k ≡ i mod n of the same schedule; users,
	 * iterations, slots in flight and connections in shares that add up to the plan's. */
	uint32_t shard, shards;
	/* Somebody leads: when the load begins (run_start_at), where it goes on after a pause and when it ends is said
	 * by control messages, so that the levels of all shards are the same. */
	bool is_led;
	const struct addresses *addresses; /* of each backend; for as long as the run is */
	struct exchange_ring *exchanges;   /* where each goes that has ended; NULL: nowhere */
	bool shares_target_cpu;            /* the watched target may run on no other CPU than ours */
	const struct run_events *events;
	void *context;
};

struct run_end { /* why and how it ended */
	bool was_interrupted;
	bool was_unreachable;
	enum failure unreachable_by;
	bool did_not_recover;
	bool is_relaxed; /* the pacing that was used at the end */
	const char *pacing_reason;
};

/* What a plan asks of the process that runs it, or a share of it: levels that can be told apart, descriptors. */
bool run_check(const struct plan *plan, uint32_t shard, uint32_t shards, struct error *err);
struct run *run_new(const struct run_config *config, struct error *err);
/* Before run_go: T0, by the run's clock; else it is as soon as possible. */
void run_start_at(struct run *run, int64_t t0_ns);
/* Before run_go: opens the connections that the plan wants before its load. Blocks, turning the loop, until each is
 * open or has failed, or the run is interrupted; T0 is after it. */
void run_prefetch(struct run *run);
/* Runs to the end: blocks, turning the loop. */
void run_go(struct run *run);
void run_give_interval(struct run *run, struct interval *interval);
void run_free(struct run *run);

/* Control: applied at the next loop turn. */
void run_control(struct run *run, const struct control *control);
/* A broken level: cancel the queue, wait until in flight and latency are back (limit 30 s), then go on. */
void run_recover(struct run *run);
/* A level that our own limits spoiled: waits likewise, then runs it again, as a new level. */
void run_repeat(struct run *run, uint32_t level);
/* First signal: drain with a deadline; again: abort at once. */
void run_interrupt(struct run *run);

void run_add_reading(struct run *run, bool is_self, const struct reading *reading);
void run_add_scraped(struct run *run, const struct scraped *scraped);
int64_t run_now_ns(const struct run *run); /* since T0 */
struct run_end run_end_of(const struct run *run);
