#pragma once

#include "engine/pump.h"

/* What pump.c (the turn), pump_flow.c (sessions), pump_look.c and pump_control.c (start, stop, resume) share; nobody
 * else includes it. */

extern const struct pool_events pump_pool_events;

struct exchange pump_exchange_of(
	struct pump *pump, const struct lane *lane, const struct arrival *arrival, int64_t taken_ns);
void pump_schedule(struct pump *pump, const struct exchange *x);
/* A later step of a session, taken now. */
void pump_start_step(struct pump *pump, struct lane *lane, struct visit *visit, const struct exchange *x);
/* The arrival never became a flight. */
void pump_lose(struct pump *pump, const struct exchange *x, enum failure failure);
/* Whatever it waits for is dropped; it is still to be ended. */
void pump_cancel(struct pump *pump, struct flight *flight);
/* The flight's last_byte_ns says when it ended. */
void pump_end_flight(struct pump *pump, struct flight *flight, enum outcome outcome, enum failure failure);

/* x: the exchange of the session's first step, which is about to start. */
struct visit *pump_begin_session(struct pump *pump, struct lane *lane, const struct exchange *x);
/* The answer was good, and yet the session may not wait for the one that it wants. */
bool pump_gives_up(const struct flight *flight);
/* A step of it ended: the session thinks, or is over. */
void pump_end_step(struct pump *pump, struct lane *lane, struct visit *visit, const struct exchange *x);
/* Steps that are due start; in a gap they are lost, and their sessions with them. */
void pump_take_steps(struct pump *pump, int64_t now_ns, int64_t gap_ns);
/* Nobody thinks any longer: the load stops, or the scenario's own is over. */
void pump_cut_sessions(struct pump *pump, int64_t now_ns);
void pump_cut_sessions_if_over(struct pump *pump, struct lane *lane, int64_t now_ns);

static inline int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
