#pragma once

#include "fleet/fleet.h"

struct worker;
struct control;

/* How a leader and its workers reach each other: lines of control one way, lines of events the other, in order, each
 * once. Who leads does not know which transport it is. */
struct transport_ops {
	const char *name;
	/* It says of itself, once per second, that it lives, whether or not it is read; so many turns of the leader's
	 * watch without that are too many. 0: only what it has to say anyhow shows that it lives. */
	unsigned beats_missed_max;
	/* What is to happen at one moment is said so far ahead of it. */
	int64_t start_ahead_ns;
	/* Readies what all workers share, and finds out who they are: blocks, turning the loop. False with err set:
	 * there are not as many as are wanted, or *is_stopped was set meanwhile; nothing was sent. NULL: there is
	 * nothing to ready. */
	bool (*gather)(struct transport *transport, uv_loop_t *loop, const struct fleet_options *options,
		const bool *is_stopped, struct error *err);
	/* False with err set; what goes wrong later shows in what it says, or in its end. */
	bool (*start)(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options,
		bool shares_target_cpu, struct error *err);
	void (*say)(struct worker *worker, const struct control *control);
	bool (*has_heard)(const struct worker *worker); /* all that was said; NULL: it always has */
	void (*kill)(struct worker *worker);            /* it is there, and has not ended */
	void (*listen)(struct worker *worker, bool is_listening);
	/* What else there is to say of it in a report. NULL: nothing. */
	void (*describe)(const struct worker *worker, struct shard_record *record);
	void (*close)(struct worker *worker); /* its handles; handles_open is 0 a later loop turn */
	/* After the last worker was closed; turns the loop. NULL: there was nothing to ready. */
	void (*release)(struct transport *transport);
};

struct transport {
	const struct transport_ops *ops; /* first member of every transport's own struct */
};

/* Processes of this machine, by their stdin and stdout. */
extern const struct transport_ops pipe_transport;
