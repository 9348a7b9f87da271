#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/generation.h"

/* FAILURE_STATUS … in the order of failure.def */
enum failure {
#define FAILURE(NAME, counter, counts, blames, sentence) FAILURE_##NAME,
#include "measure/failure.def"
#undef FAILURE
	FAILURE_COUNT
};

enum failure_counts { COUNTS_FAILED, COUNTS_UNSENT, COUNTS_DROPPED };
enum failure_blames { BLAMES_TARGET, BLAMES_CLIENT, BLAMES_NOBODY };

struct failure_row {
	const char *counter;  /* "connect_refused": its name in every output */
	const char *sentence; /* what a person reads */
	enum failure_counts counts;
	enum failure_blames blames;
};

extern const struct failure_row failure_rows[FAILURE_COUNT];

/* EXCHANGE_QUEUE … in the order of exchange_phase.def */
enum exchange_phase {
#define EXCHANGE_PHASE(NAME, name, sentence) EXCHANGE_##NAME,
#include "measure/exchange_phase.def"
#undef EXCHANGE_PHASE
	EXCHANGE_PHASE_COUNT
};

struct exchange_phase_row {
	const char *name;
	const char *sentence; /* "waiting for the answer's headers" */
};

extern const struct exchange_phase_row exchange_phase_rows[EXCHANGE_PHASE_COUNT];

enum outcome { OUTCOME_OK, OUTCOME_FAILURE, OUTCOME_UNFINISHED };

/* Which checks of its request an answer did not hold, and what it said instead. */
struct check_misses {
	uint64_t failed; /* by bits, of those of its request */
	uint32_t first;  /* the number of the first of them, of all of the plan */
	void (*describe)(const void *context, size_t i, char *into, size_t size);
	const void *context;
};

/* One intended request: the only currency between data plane and measurement. Times are ns since the run's T0, −1 where
 * the exchange never came that far: due ≤ taken ≤ sent ≤ first_byte ≤ last_byte.
 *   lateness = taken − due (ours)   queue = sent − taken   service = last_byte − sent   response = last_byte − due */
struct exchange {
	uint64_t k;       /* number of the arrival within its scenario */
	uint32_t request; /* index into plan->requests */
	uint32_t level;   /* of its due time; LEVEL_WARMUP in the warm-up */
	uint32_t backend; /* index into plan->target.backends */
	uint32_t peer;    /* where its connection went, or was to go: recorder_peer's number; 0: none */
	int64_t due_ns, taken_ns, sent_ns, first_byte_ns, last_byte_ns; /* last_byte: or when it failed */
	int64_t connect_ns; /* how long the connection took that it waited for; −1: it found one open */
	enum outcome outcome;
	enum failure failure;      /* where outcome is OUTCOME_FAILURE */
	enum exchange_phase phase; /* likewise: how far it had come */
	uint16_t status;           /* 0: no status line came */
	uint8_t redirects;         /* followed */
	uint8_t retries;           /* 1: resent after a stale connection */
	uint64_t bytes_sent, bytes_received;
	uint64_t bytes_decoded;              /* of a body that came compressed: what it became */
	uint64_t wanted_prompt_tokens;       /* of its synthetic prompt, as the profile says; 0: it has none */
	const struct check_misses *misses;   /* while the exchange is told; NULL: it held all of them */
	const struct generation *generation; /* its reader's, while the exchange is told; NULL: it counts no tokens */
};

static inline bool
exchange_has_event(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->generation->first_event_ns >= 0;
}

static inline bool
exchange_has_token(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->generation->first_token_ns >= 0 && x->generation->completion_tokens > 0;
}

/* Also of an answer that came as a whole, which has no first token. */
static inline bool
exchange_has_output(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->generation->completion_tokens > 0;
}

static inline bool
exchange_has_content(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->generation->first_content_ns >= 0;
}

static inline bool
exchange_has_prompt(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->generation->has_prompt_tokens;
}

static inline bool
exchange_has_wanted_prompt(const struct exchange *x)
{
	return x->outcome == OUTCOME_OK && x->wanted_prompt_tokens > 0;
}

/* An answer that came in one read says nothing about the time between its tokens. */
static inline bool
exchange_has_tpot(const struct exchange *x)
{
	return exchange_has_token(x) && x->generation->completion_tokens > 1 &&
	       x->generation->last_token_ns > x->generation->first_token_ns;
}

/* (E2E − TTFT) / (n − 1), where E2E ends with the last token: what the server says after it is no token's time. */
static inline int64_t
exchange_tpot_ns(const struct exchange *x)
{
	const struct generation *g = x->generation;

	return (g->last_token_ns - g->first_token_ns) / (int64_t)(g->completion_tokens - 1);
}

static inline int64_t
exchange_token_time_ns(const struct exchange *x)
{
	return (x->generation->last_token_ns - x->due_ns) / (int64_t)x->generation->completion_tokens;
}

#define LEVEL_WARMUP UINT32_MAX
#define LEVEL_NONE (UINT32_MAX - 1)
