#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/backends.h"
#include "engine/lane.h"
#include "engine/timeline.h"
#include "measure/exchange_ring.h"
#include "measure/events.h"
#include "measure/recorder.h"

/* Due arrivals, and due steps of their sessions → exchanges. The pump takes what is due, gives it a slot and hands it
 * to the pool (or lets it wait, or drops it), ends what takes too long, and tells the recorder all of it. It is turned
 * once per loop turn, after the poll. */
struct pump {
	const struct plan *plan;
	const struct run_clock *clock;
	struct recorder *recorder;
	struct exchange_ring *exchanges; /* NULL: nobody wants them */
	struct timeline timeline;
	struct flights flights;
	struct backends backends;
	size_t unreachable_n; /* of them */
	bool has_pool;        /* false: a protocol that answers by itself … */
	struct list answers;  /* … and the flights that it has still to answer, in that order */
	struct lane *lanes;
	size_t lanes_n;
	struct list steps_by_deadline; /* flights of flows' later steps, of all lanes */
	int64_t next_step_ns;          /* when the first session that thinks goes on; INT64_MAX: none thinks */
	uint32_t in_flight;
	uint32_t reads_n;       /* since anything was started last */
	int64_t taken_until_ns; /* what was due until then is taken: in the last turn, or in the poll after it */
	int64_t counted_ns;     /* until when in flight was counted */
	int64_t turned_ns;      /* when the last turn was … */
	uint32_t window;        /* … and in whose window */
	bool is_unreachable;
	enum failure unreachable_by;

	/* A level begins. */
	void (*on_level)(void *context, uint32_t level);
	void *context;
};

struct pump_config {
	const struct plan *plan;
	const struct run_clock *clock;
	uv_loop_t *loop;
	const struct addresses *addresses; /* of each backend */
	struct sources *sources;
	struct tls_context *const *tls;    /* likewise; each may be NULL */
	struct exchange_ring *exchanges;   /* NULL: nobody wants them */
	struct template *const *templates; /* of each backend, one after the other */
	const struct reader_ops *const *readers;
	struct follow *const *follows;       /* of each backend, one after the other; each may be NULL */
	struct checks *const *checks;        /* of what answers say; each may be NULL */
	struct extractor *const *extractors; /* of flows' steps; each may be NULL */
	struct template *const *expected;    /* what answers must contain, where that has slots; each may be NULL */
	struct template *const *until;       /* likewise: what the last message of an answer contains */
	const uint64_t *rows_most;           /* per scenario: arrivals that there are rows for; NULL: any number */
	struct split *split;                 /* which arrivals are sent from here; NULL: all */
	uint32_t shard, shards;
	void (*on_level)(void *context, uint32_t level);
	void *context;
};

/* Levels with exchanges under way at once, each with histograms of its own, have a ceiling: levels much shorter than
 * the timeout are refused. */
bool pump_check_levels(const struct plan *plan, struct error *err);
void pump_init(struct pump *pump, const struct pump_config *config);
void pump_fini(struct pump *pump);

/* asked_ns: until when the loop meant to wait; what lies between that and now is a gap of our own making. True: a level
 * closed in this turn. */
bool pump_turn(struct pump *pump, int64_t now_ns, int64_t asked_ns);
/* The next moment that matters to it; INT64_MAX: none. */
int64_t pump_next_ns(const struct pump *pump, int64_t now_ns);

/* Responses are all that can come, and may be read with the next tick: nothing is sent because of them. */
bool pump_can_doze(const struct pump *pump);

bool pump_has_arrivals(const struct pump *pump, int64_t now_ns); /* the schedule is not over */
uint64_t pump_backlog(const struct pump *pump);
uint32_t pump_users(const struct pump *pump, int64_t now_ns);
double pump_offered(const struct pump *pump, int64_t now_ns);

/* No more arrivals; the queue is cancelled. What is in flight goes on. */
void pump_stop(struct pump *pump, int64_t now_ns);
/* Whatever is still in flight is unfinished. */
void pump_abandon(struct pump *pump, int64_t now_ns);
/* After pump_stop, with nothing in flight: goes on with the schedule's level `span` from its start. */
void pump_resume(struct pump *pump, size_t span, int64_t now_ns);
/* From then on, in run time: a level as the control message says. */
void pump_steer(struct pump *pump, const struct control *level, int64_t at_ns);
