#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "load/schedule.h"

/* Arrivals that were taken from the schedule but wait for a slot. Their due times are not stored: a second cursor runs
 * over the same schedule behind the first. What is stored is when they were taken, one entry per loop turn. Once the
 * ring is three quarters full, further turns join the last entry (their wait then counts from that earlier turn). */
#define BACKLOG_TURNS 8192

struct backlog_turn {
	uint64_t first; /* position in the schedule of the first arrival taken in this turn */
	uint64_t n;
	int64_t taken_ns;
};

struct backlog {
	const struct schedule *schedule;
	struct schedule_cursor tail;
	uint64_t tail_position;     /* arrivals that the tail cursor has passed */
	uint64_t n;                 /* waiting now */
	struct backlog_turn *turns; /* ring of BACKLOG_TURNS */
	uint32_t first, turns_n;
};

void backlog_init(struct backlog *backlog, const struct schedule *schedule);
void backlog_fini(struct backlog *backlog);

/* The arrival at `position`, which head stands on, has to wait. */
void backlog_add(struct backlog *backlog, const struct schedule_cursor *head, uint64_t position, int64_t taken_ns);

/* The one that waits longest, without removing it; false: nobody waits. */
bool backlog_peek(struct backlog *backlog, struct arrival *arrival, int64_t *taken_ns);
void backlog_remove(struct backlog *backlog);
