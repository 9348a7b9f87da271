#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "samples.h"

/* The floor: what a generator costs that knows nothing of HTTP. It sends one fixed request and takes a response to be
 * over when WIRE_RESPONSE_BYTES of it came. */
enum floor_pacing { FLOOR_HYBRID, FLOOR_TIMERFD, FLOOR_TICK };

struct floor_options {
	const char *host;
	uint64_t port, connections, rate_per_s; /* rate 0: closed loop */
	int64_t duration_ns, tick_ns;
	enum floor_pacing pacing;
	bool has_latency; /* of a closed loop, where a sample costs a clock reading */
};

struct floor_connection {
	int fd;
	uint32_t received; /* bytes of the response so far */
	int64_t due_ns;    /* closed loop: when it was sent */
};

struct floor_run {
	struct floor_options options;
	struct floor_connection *connections;
	int epoll;
	uint64_t sent, answered;
	int64_t started_ns, ended_ns; /* ended: when the load did, before what was under way came back */
	struct samples latency, lateness;
};

/* Each runs until its time is over and what is under way came back, or 2 s later. */
void floor_run_closed(struct floor_run *run);
void floor_run_open(struct floor_run *run);

void floor_send(struct floor_run *run, struct floor_connection *connection);
/* True: the response is complete. */
bool floor_receive(struct floor_run *run, struct floor_connection *connection);
int64_t floor_now_ns(void);
