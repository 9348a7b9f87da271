#pragma once

#include "measure/interval.h"
#include "plan/plan.h"

/* Exchanges → the running interval: O(1), no allocation, no branch that a run does not need. At a tick the filled
 * interval is swapped for an empty one and handed out; the consumer gives it back when done (it may be encoded in a
 * thread meanwhile). Two are in use, so that a consumer slower than an interval is waited for, never skipped: take
 * returns NULL. Each exchange counts once, in its request's cell: interval_add_up makes the levels' sums. */
struct recorder;

struct recorder_config {
	uint32_t requests_n;
	const struct plan_bound *good_when;
	size_t good_when_n;
	uint32_t
		open_levels_max; /* levels with exchanges under way at once: ceil(timeout / shortest level) + 2, ≤ 64 */
};

struct recorder *recorder_new(const struct recorder_config *config);
void recorder_free(struct recorder *recorder);

void recorder_add_scheduled(struct recorder *recorder, uint32_t level, uint32_t request, uint64_t n);
void recorder_add_sent(struct recorder *recorder, uint32_t level, uint32_t request);
/* The exchange ended. window_level: the level whose window its end falls into, or LEVEL_NONE. */
void recorder_add_exchange(struct recorder *recorder, const struct exchange *exchange, uint32_t window_level);
/* An answer under way grew by tokens, so long after those before. */
void recorder_add_gap(struct recorder *recorder, uint32_t level, int64_t gap_ns);
/* Arrivals that never became an exchange of their own (dropped, cancelled, a loop gap): n at once. */
void recorder_add_lost(struct recorder *recorder, uint32_t level, uint32_t request, enum failure failure, uint64_t n);

/* request: the first step of its flow. */
void recorder_add_session(struct recorder *recorder, uint32_t level, uint32_t request, enum session_event event);

/* In flight changed to n at now_ns, or time just passed; level: whose window is running. */
void recorder_in_flight(struct recorder *recorder, uint32_t level, uint32_t n, int64_t now_ns);
void recorder_add_loop_gap(struct recorder *recorder, uint32_t level, int64_t gap_ns);
/* Bytes were read so long after the kernel had received them. */
void recorder_add_loop_lag(struct recorder *recorder, uint32_t level, int64_t lag_ns);
/* The number of an address of a backend, for exchanges and connects; made where there is none. */
uint32_t recorder_peer(struct recorder *recorder, uint32_t backend, const char *address);
void recorder_list_peer(struct recorder *recorder, uint32_t peer, bool is_listed);
/* peer 0: none. */
void recorder_add_connect(struct recorder *recorder, uint32_t peer, bool is_failed);
/* Connections opened before the load: so many were wanted, so many of them failed. */
void recorder_add_prefetch(struct recorder *recorder, uint64_t wanted, uint64_t failed);
/* The name of a backend was looked up; took_ns −1: it failed. */
void recorder_add_lookup(struct recorder *recorder, uint32_t backend, int64_t took_ns, bool has_changed);
/* A connection was made over TLS; spoken: what was agreed upon. Counts into the level whose window is running. */
void recorder_add_handshake(struct recorder *recorder, int64_t took_ns, bool is_resumed, const char *spoken);
/* A failure said more than its row does; "": it did not. Counted it is elsewhere. */
void recorder_add_words(struct recorder *recorder, enum failure failure, const char *words);
void recorder_add_reading(struct recorder *recorder, uint32_t level, bool is_self, const struct reading *reading);
void recorder_add_scraped(struct recorder *recorder, uint32_t level, const struct scraped *scraped);

/* No exchange of this level is under way any more: marks it closed in the running interval. */
void recorder_close_level(struct recorder *recorder, uint32_t level);

/* Ends the running interval at now_ns; NULL while both are out. The gauges (in_flight, connections …) are the caller's
 * to fill. */
struct interval *recorder_take_interval(struct recorder *recorder, int64_t now_ns);
void recorder_give_interval(struct recorder *recorder, struct interval *interval);
