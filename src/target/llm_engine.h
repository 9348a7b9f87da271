#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "target/freeze.h"

/* An inference engine with continuous batching, in virtual time: it neither waits nor reads a clock, so that a late
 * caller does not distort it. It does one thing after another:
 *   - prefill, as soon as sequences wait and the batch has room: all that fit join at once, for
 *     prefill + per token × (prompt - saved share of what is cached), and each has its first token at the end of it;
 *   - else a decode step: step + per sequence × (n - 1), and each of the n running sequences has its next token;
 *   - else nothing, until somebody arrives.
 * This is how vLLM schedules without chunked prefill: prefill goes first, and who decodes waits meanwhile. */
struct engine_model {
	int64_t prefill_ns, prefill_per_token_ns;
	int64_t step_ns, step_per_sequence_ns;
	uint64_t batch_max;
	uint64_t tokens_per_step; /* of each sequence in one decode step: over 1 with speculative decoding */
	double cache_saves;       /* share of a cached token's prefill that is saved */
	int64_t cold_start_ns;    /* loading the model, before the first prefill */
	int64_t cold_after_ns;    /* idle time after which it has to be loaded again; 0: never */
	double noise_sigma; /* each prefill and step takes a lognormal multiple of its time, of median 1; 0: exactly its
			       time */
};

enum sequence_place {
	SEQUENCE_OUT,
	SEQUENCE_WAITING,
	SEQUENCE_PREFILLING,
	SEQUENCE_RUNNING,
};

/* One request's passage, in its caller's memory while it is not OUT. */
struct sequence {
	struct list node;
	enum sequence_place place;
	int64_t arrival_ns;
	int64_t join_ns; /* when its prefill began */
	int64_t load_ns; /* the part of its prefill that was the cold start */
	uint64_t prompt_tokens, cached_tokens;
	uint64_t wanted_tokens, made_tokens; /* wanted: at least 1 */
};

/* Work that needs the engine for itself, such as a change of the model. Nobody joins while one waits. */
struct chore {
	struct list node;
	int64_t arrival_ns, length_ns;
	void (*on_done)(struct chore *chore, int64_t at_ns);
};

struct engine_counts {
	uint64_t prefills, cold_starts;
	uint64_t steps, step_sequences; /* decode steps, and how many sequences were in them together */
	uint64_t tokens;
	size_t waiting_peak, running_peak;
};

struct engine {
	const struct engine_model *model;
	struct freeze freeze;
	uint64_t seed;  /* of the noise */
	uint64_t begun; /* prefills and steps: which random number is next */
	/* It joins: says what is cached of its prompt (sequence->cached_tokens). */
	void (*on_join)(struct sequence *sequence, void *user);
	/* It has `count` tokens more since at_ns. After the last it is OUT already. */
	void (*on_tokens)(struct sequence *sequence, uint64_t count, int64_t at_ns, void *user);
	void *user;

	struct list waiting, prefilling, running, chores;
	size_t waiting_count, prefilling_count, running_count;
	struct chore *chore;   /* being done */
	int64_t step_start_ns; /* of what is being done */
	int64_t step_end_ns;   /* INT64_MAX: idle */
	int64_t free_ns;       /* when it last ended anything */
	bool is_prefill;       /* what is being done: a prefill, else a step (or a chore) */
	bool is_loaded;
	bool is_busy; /* calling back: what arrives meanwhile is looked at afterwards */
	struct engine_counts counts;
};

/* The callbacks may call anything but engine_advance. */
void engine_init(struct engine *engine, const struct engine_model *model, const struct freeze *freeze, int64_t now_ns);

/* Arrivals come in order, up to the jitter of the loop: one stamped before a step that has begun joins after it. */
void engine_arrive(struct engine *engine, struct sequence *sequence);
void engine_do(struct engine *engine, struct chore *chore);

/* Its caller has lost interest; a step under way keeps its length. Fine for one that is OUT. */
void engine_leave(struct engine *engine, struct sequence *sequence);

/* When the next thing ends; INT64_MAX: idle. */
int64_t engine_next_ns(const struct engine *engine);

/* Ends what ends at engine_next_ns, calls back, and begins the next thing. */
void engine_advance(struct engine *engine);
