#pragma once

#include <stddef.h>
#include <stdint.h>

/* Time is injected: a run reads CLOCK_MONOTONIC, a test a clock that it turns itself. All times are in ns; wall time is
 * only ever a label. */
struct clock {
	int64_t (*now_ns)(const struct clock *clock);
	int64_t virtual_now_ns; /* used by the virtual clock alone */
};

extern const struct clock monotonic_clock;

/* A clock that stands still until clock_set_ns moves it. */
void clock_init_virtual(struct clock *clock, int64_t now_ns);
void clock_set_ns(struct clock *clock, int64_t now_ns);

static inline int64_t
clock_now_ns(const struct clock *clock)
{
	return clock->now_ns(clock);
}

/* Wall time, ns since 1970: for labels alone. */
int64_t wall_now_ns(void);

/* "2026-11-22T02:00:00.000123456Z"; size ≥ 31. */
const char *wall_text_ns(int64_t wall_ns, char *into, size_t size);

/* "2026-11-22T02:00:00Z"; size ≥ 21. With `compact`: "20261122T020000Z", as directory names carry it. */
const char *wall_text(int64_t wall_ns, char *into, size_t size);
int64_t wall_of_text(const char *text); /* the first of these again; 0: it is none */
const char *wall_text_compact(int64_t wall_ns, char *into, size_t size);
