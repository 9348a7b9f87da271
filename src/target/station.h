#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "target/freeze.h"

/* N workers and one first-come queue in virtual time: done = max(arrival, a worker free) + service. Pure arithmetic
 * over arrival times: it neither waits nor reads a clock, so that a late caller does not distort it. */
struct station {
	int64_t *free_ns; /* min-heap: when each worker is free */
	size_t workers;   /* 0: one for everybody, nobody waits */
	size_t queue_max; /* waiting requests; one more is turned away. STATION_QUEUE_UNLIMITED: none is */
	struct freeze freeze;
	struct list queue; /* visits that had not started at the last arrival, by start */
	size_t queued, queued_peak;
};

#define STATION_QUEUE_UNLIMITED SIZE_MAX

/* One request's passage, in its caller's memory until station_leave. */
struct visit {
	int64_t arrival_ns, start_ns, done_ns;
	bool is_queued;
	struct list node;
};

void station_init(struct station *station, size_t workers, size_t queue_max, const struct freeze *freeze);
void station_fini(struct station *station);

/* Arrivals must come in order of arrival, up to the jitter of the loop: a stamp earlier than the one before is served
 * in order of calls. False if the queue is full; then the visit is untouched but for arrival_ns. */
bool station_arrive(struct station *station, struct visit *visit, int64_t arrival_ns, int64_t service_ns);

/* How many wait at now_ns. */
size_t station_queued(struct station *station, int64_t now_ns);

/* The visit's memory may be used for something else; its worker's time stays taken. */
void station_leave(struct station *station, struct visit *visit);
