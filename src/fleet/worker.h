#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "campaign/driver.h"
#include "fleet/fleet.h"
#include "fleet/transport.h"

/* A shard as the leader sees it: started, told things, listened to line by line, and known to be gone once all that it
 * said was read and its end is known. */
enum worker_state {
	WORKER_STARTING, /* until it announced itself */
	WORKER_LIVE,
	WORKER_ENDED, /* it said that it has come to its end */
	WORKER_LOST,
};

struct worker {
	uint32_t index;
	enum worker_state state;
	const struct transport_ops *transport;
	void *link;    /* the transport's own; freed by worker_fini */
	char name[96]; /* "worker 2 of 3" */
	struct buf lines;
	size_t taken; /* of the lines, bytes that were dealt with */
	bool is_spawned, is_reading, has_eof, has_exited;
	int handles_open;
	int exit_status, term_signal;
	char fate[120]; /* what became of it, where no exit status says so; empty: that does */
	/* Turns of the leader's watch in which it was listened to: since it said anything, and since it was told to
	 * stop. */
	unsigned silent_ticks, told_ticks;

	/* What it said last about itself. */
	enum run_phase phase;
	int64_t phase_at_ns;
	bool is_idle;
	int64_t cut_ns, complete_ns; /* −1: not since the load last went on */
	bool is_unreachable;
	enum failure unreachable_by;
	uint32_t levels_n; /* that it has begun */
};

void worker_init(struct worker *worker, uint32_t index, const struct fleet_options *options);
/* False with err set. The line that starts it is that of this process, with flags of its own. */
bool worker_spawn(struct worker *worker, uv_loop_t *loop, const struct fleet_options *options, bool shares_target_cpu,
	struct error *err);
void worker_say(struct worker *worker, const struct control *control);
bool worker_has_heard(const struct worker *worker);
void worker_kill(struct worker *worker);
/* Whether it is read; what it has said meanwhile waits. */
void worker_listen(struct worker *worker, bool is_listening);
/* The next whole line, NULL: none yet. Valid until the next call. */
const char *worker_next_line(struct worker *worker, size_t *length);
/* Its pipes and its process handle; handles_open is 0 once a later loop turn has closed them. */
void worker_close(struct worker *worker);
void worker_fini(struct worker *worker);
/* "was killed by signal 9 (Killed)", "ended with exit code 5"; returns into. */
const char *worker_fate_text(const struct worker *worker, char *into, size_t size);

/* For transports. Room for bytes to come behind the lines: NULL beyond all bounds. */
char *worker_room(struct worker *worker, size_t suggested);
