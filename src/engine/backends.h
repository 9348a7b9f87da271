#pragma once

#include "engine/pool.h"

/* The target's base URLs, which share its load: each has a pool of its own, and its share of the connections by weight.
 * Which of them an arrival goes to is decided by its number alone, so that it is the same in every run. */
struct backends {
	struct pool *pools;
	size_t n;
	uint8_t *turns; /* whose turn it is, of as many arrivals as the weights add up to */
	size_t turns_n;
};

/* config: as for a pool, with those of each backend one after the other in `addresses`, `tls` and `templates`. */
void backends_init(struct backends *backends, const struct pool_config *config);
void backends_fini(struct backends *backends); /* after backends_are_closed */

/* The backend of a process's i-th arrival. */
uint32_t backends_of_arrival(const struct backends *backends, uint64_t i);

/* Opens the connections that the plan wants before the load, each backend its share; done once nobody is prefetching.
 */
void backends_prefetch(struct backends *backends, const struct plan_target *target);
bool backends_are_prefetching(const struct backends *backends);
uint64_t backends_prefetch_failed(const struct backends *backends);
/* They are open, or failed: from now on connections are opened on demand. */
void backends_end_prefetch(struct backends *backends);

/* As those of a pool; the flight's exchange says which of them. */
void backends_send(struct backends *backends, struct flight *flight, int64_t now_ns);
void backends_cancel(struct backends *backends, struct flight *flight);
void backends_flush(struct backends *backends);
void backends_turn(struct backends *backends, int64_t now_ns);
int64_t backends_next_deadline_ns(const struct backends *backends);
bool backends_can_be_read_later(const struct backends *backends);
void backends_close(struct backends *backends);
bool backends_are_closed(const struct backends *backends);
uint32_t backends_open_n(const struct backends *backends);
