#pragma once

#include "base/clock.h"

/* The engine's time: ns since T0, the moment at which the load begins; negative in the idle baseline before it. */
struct run_clock {
	const struct clock *clock;
	int64_t t0_ns;
	int64_t polled_ns;  /* when the poll before the last one began: whatever is read now arrived after this */
	int64_t polling_ns; /* when the last one began */
	int64_t tick_ns;    /* relaxed pacing: the loop wakes up at multiples of this; 0: precise */
};

static inline int64_t
run_clock_now(const struct run_clock *clock)
{
	return clock_now_ns(clock->clock) - clock->t0_ns;
}
