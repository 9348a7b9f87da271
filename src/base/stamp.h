#pragma once

#include <stdint.h>

/* Kernel receive stamps are CLOCK_REALTIME; everything of ours is CLOCK_MONOTONIC. In Linux both advance from the same
 * timekeeper, NTP's slewing included, so that their difference is a constant until somebody sets the wall clock. One
 * measurement reads monotonic, realtime, monotonic: the difference lies within half the width of the two monotonic
 * reads around their middle, whatever preempted us. The narrowest of several readings is kept, a narrower one found
 * later refines it, and one that contradicts it (intervals that do not meet) means that the clock was set. Typical
 * bound: 50 ns. */
struct stamp_reading {
	int64_t before_ns, real_ns, after_ns;
};

struct stamp {
	int64_t offset_ns; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	int64_t error_ns;  /* bound on the error of offset_ns */
	uint64_t steps;    /* times the wall clock was set */
	struct stamp_reading (*read)(void *user);
	void *user;
};

void stamp_init(struct stamp *stamp);
void stamp_init_with(struct stamp *stamp, struct stamp_reading (*read)(void *user), void *user);

/* Measures again; cheap (under 1 µs), to be called a few times a second. */
void stamp_measure(struct stamp *stamp);

/* The stamp on CLOCK_MONOTONIC, never later than now_ns. A stamp that cannot be (from the future, or over a minute old)
 * has the offset measured again first; one that still cannot be becomes now_ns. */
int64_t stamp_to_monotonic_ns(struct stamp *stamp, int64_t real_ns, int64_t now_ns);
