#pragma once

#include <uv.h>

#include "campaign/background.h"
#include "measure/chronicle.h"
#include "measure/exchange_ring.h"
#include "report/reporter.h"

/* requests.ndjson: what became of single requests, written by the thread pool while the load runs, up to a size. */
struct requests_log {
	struct exchange_ring ring;
	const struct plan *plan; /* NULL: none is kept */
	struct result_dir *dir;
	uv_timer_t timer;
	struct background_work work;
	bool is_writing, is_stopping, is_closed;
	struct buf lines;
	uint64_t bytes;
	struct requests_record record;
};

/* Nothing happens where the plan wants none. The ring is for whoever drives the load. */
void requests_log_init(struct requests_log *log, const struct plan *plan, struct result_dir *dir);
void requests_log_start(struct requests_log *log, uv_loop_t *loop);
/* The load is over: writes what is left, turning the loop. */
void requests_log_stop(struct requests_log *log);
void requests_log_fini(struct requests_log *log);
