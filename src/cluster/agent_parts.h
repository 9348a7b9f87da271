#pragma once

#include "cluster/agent.h"
#include "cluster/message.h"
#include "cluster/parcel.h"
#include "fleet/worker.h"
#include "measure/events.h"
#include "plan/experiment.h"

/* What agent.c (who is asked, and by whom), duty.c (a shard from its acceptance to its end) and duty_terms.c (whether
 * it may be) share; nobody else includes it. */

/* The dead man's rule: who has heard nothing of the leader for so long ends its load. Its worker keeps to the same rule
 * by itself, should the agent stand still. */
#define DEAD_MAN_NS CONTROL_SILENCE_NS

enum duty_state {
	DUTY_NONE,
	DUTY_READING, /* the profile is being asked for */
	DUTY_RUNNING,
	DUTY_OVER, /* its process is gone; until the leader knows */
};

struct duty {
	enum duty_state state;
	struct ask ask;
	struct plan_experiment *experiment;
	const struct plan *plan;
	char dir[512], profile[540]; /* its own results */
	int events_fd;
	struct worker worker;
	struct parcel_sender parcels;
	uint64_t heard; /* lines of control */
	int64_t asked_at_ns, led_at_ns, beat_at_ns;
	int64_t told_at_ns; /* to end; −1: it was not */
	int64_t load_at_ns; /* when the load begins, its idle baseline with it; −1: nobody has said */
	bool is_load_over;  /* what is under way is waited for, no more is sent */
	char why[128];
	bool is_dropped;
	struct ceilings ceilings; /* of the whole run, of which this is a share */
	struct ceiling_watch watch;
	struct interval *interval; /* decoded into; NULL: nobody looks */
};

struct agent {
	const struct agent_options *options;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_signal_t on_int, on_term;
	struct bus *bus;
	char instance[24];
	struct duty duty;
	unsigned signals;
	int64_t leaving_at_ns; /* a signal ended it; −1: none did */
};

/* duty.c */
void duty_begin(struct agent *agent, struct ask *ask); /* takes what it holds */
void duty_read_profile(struct agent *agent);           /* asks for it, again */
void duty_on_profile(struct agent *agent, const struct bus_message *message);
void duty_on_control(struct agent *agent, const struct bus_message *message);
void duty_on_lead(struct agent *agent, const struct bus_message *message);
void duty_on_kept(struct agent *agent, uint64_t number);
void duty_turn(struct agent *agent);
void duty_answer(struct agent *agent, const char *why); /* NULL: taken */
void duty_stop(struct agent *agent, const char *why);   /* its load ends; what it said already is still told */
void duty_drop(struct agent *agent);                    /* at once, from the next turn on */
void duty_let_go(struct agent *agent);                  /* what was dropped: turns the loop; the agent is free */
void duty_beat(struct agent *agent);

/* duty_terms.c: false with err set. */
bool duty_check(const struct agent *agent, struct duty *duty, const char *text, size_t length, struct error *err);
bool duty_admits_control(const struct duty *duty, const struct control *control, struct error *err);
/* A line of its event stream: whether what it really sends is within its ceilings. */
bool duty_admits_line(struct duty *duty, const char *line, size_t length, struct error *err);
/* Whether it may go on: levels that are sent again, and pauses, take time that nobody knew of when it was agreed. */
bool duty_admits_time(const struct duty *duty, const struct ceilings *own, int64_t now_ns, struct error *err);
