#pragma once

#include "engine/pump.h"

/* What pump.c (the turn) and pump_control.c (start, stop, resume) share; nobody else includes it. */

extern const struct pool_events pump_pool_events;

struct exchange pump_exchange_of(
	struct pump *pump, const struct lane *lane, const struct arrival *arrival, int64_t taken_ns);
/* The arrival never became a flight. */
void pump_lose(struct pump *pump, const struct exchange *x, enum failure failure);
/* Whatever it waits for is dropped; it is still to be ended. */
void pump_cancel(struct pump *pump, struct flight *flight);
/* The flight's last_byte_ns says when it ended. */
void pump_end_flight(struct pump *pump, struct flight *flight, enum outcome outcome, enum failure failure);

static inline int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
