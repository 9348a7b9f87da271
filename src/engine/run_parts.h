#pragma once

#include "engine/pacing.h"
#include "engine/pump.h"
#include "engine/refresh.h"
#include "engine/requests.h"
#include "engine/run.h"
#include "engine/waker.h"

/* What run.c (the phases) and run_control.c (what is said to it from outside) share; nobody else includes it. */

#define CONTROLS_MAX 16

struct run {
	struct run_config config;
	struct plan plan; /* the config's, with this shard's share of the connections */
	struct run_clock clock;
	struct requests requests;
	struct tls_context **tls; /* of each backend; in the clear, they are NULL */
	struct sources sources;
	struct addresses *addresses; /* of each backend */
	struct pump pump;
	struct refresh refresh;
	struct waker waker;
	struct pacing pacing;
	enum run_phase phase;
	int64_t tick_ns;   /* when the running interval is to end */
	bool level_closed; /* … or at once, since a level waits to be judged */
	unsigned intervals_out;
	int64_t deadline_ns; /* of a drain or a recovery */
	size_t resume_span;
	int64_t warmup_end_ns;                 /* INT64_MAX: it counts requests */
	struct control controls[CONTROLS_MAX]; /* levels whose time has not come */
	size_t controls_n;
	bool wants_recover, wants_interrupt, wants_drain, wants_stop;
	bool is_stopping; /* the load was ended before its time: nothing begins again */
	unsigned interrupts;
	/* Led: */
	bool wants_pause, wants_end, wants_resume;
	struct control resume; /* where wants_resume */
	bool is_idle;          /* on_idle was called since it last paused or drained */
	struct reading target, self;
	struct run_end end;
};

void run_go_to(struct run *run, enum run_phase phase);
void run_begin_drain(struct run *run, int64_t now_ns, bool is_early);
/* The load pauses: the queue is cancelled, the running level cut. Resumed once nothing is in flight. */
void run_begin_recover(struct run *run, int64_t now_ns);
/* Whatever was asked for since the last turn, and levels whose time has come. */
void run_take_controls(struct run *run, int64_t now_ns);
/* Nothing is in flight: goes on where it was told to, and as what level (led), or where it left. */
void run_resume(struct run *run, int64_t now_ns);
