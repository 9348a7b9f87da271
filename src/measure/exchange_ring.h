#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* Exchanges on their way from the loop, which has them, to a thread that writes them down: a ring of so many, made
 * before the run, that one thread fills and another empties. What finds it full is dropped and counted; nobody ever
 * waits. */

#define EXCHANGE_RING_LEN ((size_t)65536)    /* a power of two; 6 MiB */
#define EXCHANGE_SAMPLE_ONE_IN UINT64_C(100) /* arrivals, of each scenario */

struct exchange_entry {
	int64_t due_ns, taken_ns, sent_ns, first_byte_ns, last_byte_ns;
	uint64_t k, bytes_sent, bytes_received;
	uint32_t request, level;
	uint16_t status;
	uint8_t outcome, failure, phase, retries;
};

struct exchange_ring {
	struct exchange_entry *entries; /* EXCHANGE_RING_LEN */
	enum plan_requests_log wanted;
	_Atomic size_t head, tail; /* filled so far, and emptied: by one thread each */
	_Atomic uint64_t dropped;
};

void exchange_ring_init(struct exchange_ring *ring, enum plan_requests_log wanted);
void exchange_ring_fini(struct exchange_ring *ring);

/* An exchange has ended, as outcome and failure say; those that are not wanted are passed over. Allocates nothing,
 * blocks nobody. */
void exchange_ring_add(
	struct exchange_ring *ring, const struct exchange *x, enum outcome outcome, enum failure failure);
/* The oldest; false: there is none. */
bool exchange_ring_take(struct exchange_ring *ring, struct exchange_entry *entry);

/* One line of NDJSON:
 *   {request, k, level: n|"warmup", outcome: "ok"|"failed"|"unfinished"|"unsent"|"dropped", failure, phase, status,
 * due_ns, taken_ns, sent_ns, first_byte_ns, last_byte_ns, retries, bytes_sent, bytes_received}, times since T0; null is
 * not known or never happened. */
bool exchange_entry_encode(struct buf *into, const struct exchange_entry *entry, const struct plan *plan);
