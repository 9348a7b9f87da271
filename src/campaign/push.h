#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "campaign/background.h"
#include "base/buf.h"
#include "base/error.h"
#include "campaign/fetch.h"
#include "measure/chronicle.h"
#include "report/live_figures.h"

/* Tells a database of metrics how the run does while it lasts (output.push): a moment per interval, all that are new by
 * one request every so often. Requests are put together in the thread pool and sent by a `fetch`, beside the load. What
 * cannot be told is told again with the next request, as long as there is room; then the oldest is lost, and counted.
 * Nothing of it fails a run. */

#define PUSH_QUEUE_MAX 900 /* moments: a quarter of an hour of seconds */
#define PUSH_BATCH_MAX 120 /* of one request */

struct push {
	const struct plan_push *plan; /* fetch NULL: nothing is told */
	uv_loop_t *loop;
	struct live_run run;
	struct push_record *record;
	struct fetch fetch;
	bool has_fetch;

	struct live_moment *queue; /* ring of PUSH_QUEUE_MAX; moments first … end − 1 of the run */
	uint64_t first, end;
	int64_t last_wall_ns; /* the latest moment's */
	uint64_t batch_first; /* of the request that is under way, or was last */
	size_t batch_n;
	struct live_moment *batch; /* the job's */
	struct buf body, scratch;
	bool is_composed;
	struct background_work work;
	bool is_busy;     /* a job or a request is under way */
	bool has_failed;  /* the last one did */
	int64_t begun_ns; /* when that began; CLOCK_MONOTONIC */
};

/* record and run must outlive it. False with err set: its host is not known. */
bool push_init(
	struct push *push, uv_loop_t *loop, const struct live_run *run, struct push_record *record, struct error *err);

/* An interval, which ended at at_wall_ns, is in the summary, which no job holds just now. Databases keep one sample per
 * millisecond: one that ends within that of the one before is told a millisecond after it. */
void push_add(struct push *push, const struct summary *summary, int64_t at_wall_ns);

/* Tells what is left, until that is done or fails, and ends; turns the loop meanwhile. */
void push_stop(struct push *push);
