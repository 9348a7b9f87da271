#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/cap.h"
#include "campaign/child.h"
#include "campaign/fetch.h"
#include "measure/chronicle.h"

/* The timed actions of a plan (`at`): each is begun when its time since the first level's start has come, and its end
 * and outcome are recorded. What fails is a finding; it stops nothing. */
struct actions_host {
	int64_t (*now_ns)(void *context);  /* since T0 */
	long (*target_pid)(void *context); /* 0: not known */
	const struct plan_watch *watch;    /* who the target is where its pid is not known; NULL: nobody says */
	void (*on_change)(void *context, const struct action_record *record, enum action_state state, int64_t at_ns);
	void *context;
};

struct action;

struct actions {
	const struct actions_host *host;
	uv_loop_t *loop;
	uv_timer_t timer;
	struct action *list;
	struct action_record *records; /* the chronicle's */
	size_t n, begun_n;
	int64_t start_ns; /* of the first level; −1: it has not begun */
	bool is_stopping, is_timer_closed;
};

/* Whether every action comes before the load is to end; false with err set. */
bool actions_check(const struct plan *plan, struct error *err);

/* records: n of them, their action set. Looks up the hosts of requests: blocks. False with err set. */
bool actions_init(struct actions *actions, uv_loop_t *loop, struct action_record *records, size_t n,
	const struct actions_host *host, struct error *err);
/* The first level began. */
void actions_start(struct actions *actions, int64_t start_ns);
/* Begins what is due by now, since T0; returns when the next is, −1: none is left. Called by the timer. */
int64_t actions_turn(struct actions *actions, int64_t now_ns);
/* The load is over: what runs still is ended, what waits stays undone. Turns the loop until all is closed. */
void actions_stop(struct actions *actions);
/* Ends what the commands left running in their groups. */
void actions_clear(struct actions *actions);
void actions_fini(struct actions *actions);
