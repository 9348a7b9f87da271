#include "measure/exchange_ring.h"

#include <stdlib.h>

#include "base/check.h"
#include "measure/json.h"

void
exchange_ring_init(struct exchange_ring *ring, enum plan_requests_log wanted)
{
	*ring = (struct exchange_ring){
		.entries = must_calloc(EXCHANGE_RING_LEN, sizeof(*ring->entries)), .wanted = wanted};
}

void
exchange_ring_fini(struct exchange_ring *ring)
{
	free(ring->entries);
	ring->entries = NULL;
}

static bool
is_wanted(const struct exchange_ring *ring, const struct exchange *x, enum outcome outcome)
{
	switch (ring->wanted) {
	case REQUESTS_LOG_ALL: return true;
	case REQUESTS_LOG_ERRORS: return outcome != OUTCOME_OK;
	case REQUESTS_LOG_SAMPLE: return x->k % EXCHANGE_SAMPLE_ONE_IN == 0;
	default: return false;
	}
}

void
exchange_ring_add(struct exchange_ring *ring, const struct exchange *x, enum outcome outcome, enum failure failure)
{
	if (!is_wanted(ring, x, outcome))
		return;
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == EXCHANGE_RING_LEN) {
		atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
		return;
	}
	ring->entries[head % EXCHANGE_RING_LEN] = (struct exchange_entry){
		.due_ns = x->due_ns,
		.taken_ns = x->taken_ns,
		.sent_ns = x->sent_ns,
		.first_byte_ns = x->first_byte_ns,
		.last_byte_ns = x->last_byte_ns,
		.k = x->k,
		.bytes_sent = x->bytes_sent,
		.bytes_received = x->bytes_received,
		.request = x->request,
		.level = x->level,
		.status = x->status,
		.outcome = (uint8_t)outcome,
		.failure = (uint8_t)failure,
		.phase = (uint8_t)x->phase,
		.retries = x->retries,
	};
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

bool
exchange_ring_take(struct exchange_ring *ring, struct exchange_entry *entry)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return false;
	*entry = ring->entries[tail % EXCHANGE_RING_LEN];
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

static const char *
outcome_name(const struct exchange_entry *entry)
{
	if (entry->outcome == OUTCOME_OK)
		return "ok";
	if (entry->outcome == OUTCOME_UNFINISHED)
		return "unfinished";
	switch (failure_rows[entry->failure].counts) {
	case COUNTS_UNSENT: return "unsent";
	case COUNTS_DROPPED: return "dropped";
	default: return "failed";
	}
}

static void
add_time(struct buf *into, const char *name, int64_t ns)
{
	if (ns >= 0)
		json_add_i64(into, name, ns);
	else
		json_add_null(into, name);
}

static void
add_outcome(struct buf *into, const struct exchange_entry *entry)
{
	json_add_text(into, "outcome", outcome_name(entry));
	if (entry->outcome == OUTCOME_FAILURE) {
		json_add_text(into, "failure", failure_rows[entry->failure].counter);
		json_add_text(into, "phase", exchange_phase_rows[entry->phase].name);
	} else {
		json_add_null(into, "failure");
		json_add_null(into, "phase");
	}
	if (entry->status > 0)
		json_add_u64(into, "status", entry->status);
	else
		json_add_null(into, "status");
}

bool
exchange_entry_encode(struct buf *into, const struct exchange_entry *entry, const struct plan *plan)
{
	json_open(into, NULL, '{');
	json_add_text(into, "request", plan->requests[entry->request].name);
	json_add_u64(into, "k", entry->k);
	if (entry->level == LEVEL_WARMUP)
		json_add_text(into, "level", "warmup");
	else
		json_add_u64(into, "level", entry->level);
	add_outcome(into, entry);
	add_time(into, "due_ns", entry->due_ns);
	add_time(into, "taken_ns", entry->taken_ns);
	add_time(into, "sent_ns", entry->sent_ns);
	add_time(into, "first_byte_ns", entry->first_byte_ns);
	add_time(into, "last_byte_ns", entry->last_byte_ns);
	json_add_u64(into, "retries", entry->retries);
	json_add_u64(into, "bytes_sent", entry->bytes_sent);
	json_add_u64(into, "bytes_received", entry->bytes_received);
	json_close(into, '}');
	return buf_add_char(into, '\n');
}
