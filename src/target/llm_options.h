#pragma once

#include "base/error.h"
#include "target/llm_engine.h"

/* What `brunt target --llm` simulates; a part of target_options. */

enum llm_cache {
	LLM_CACHE_OFF,
	LLM_CACHE_SESSION, /* a session's own prompts; requests without a session key find nothing */
	LLM_CACHE_PREFIX,  /* whatever began in the same way */
};

struct llm_fault {
	double ratio;
	uint64_t after_tokens; /* 0: half of the answer */
};

struct llm_options {
	bool is_on;
	const char *model_name;
	struct engine_model model;
	bool no_batching;
	enum llm_cache cache;
	uint64_t cache_tokens;
	uint64_t pool_tokens; /* 0: no bound */
	uint64_t answer_tokens, reasoning_tokens, tool_tokens;

	uint64_t coalesce;    /* token events per write */
	uint64_t empty_every; /* an empty delta before every Nth token event; 0: none */
	int64_t ping_ns;      /* between keep-alive comments; 0: none */
	struct llm_fault stream_errors, truncate;
	double mix_ratio; /* answers that repeat another request's canary */

	int64_t start_up_ns;
	int64_t fail_from_ns, fail_for_ns; /* since the start; from -1: never; for 0: to the end */
	uint64_t fail_workers;             /* the first so many; 0: all */
	uint64_t retries;                  /* of a request on another worker */
	uint64_t breaker_failures;         /* in a row; 0: no breaker */
	int64_t breaker_for_ns;
	int64_t drain_ns;
	int64_t swap_ns;
	int64_t save_per_token_ns, load_per_token_ns;
	const char *state_path;
};

#define LLM_NAME_MAX 64
#define LLM_NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:@"
#define LLM_RETRIES_MAX 10

extern const struct llm_options llm_default_options;

/* Bounds between several flags; false with err set. */
bool llm_options_check(const struct llm_options *options, struct error *err);
