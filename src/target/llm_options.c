#include "target/llm_options.h"

#include "base/units.h"
#include "target/llm_cache.h"

#define BATCH_MAX 100000
#define LLM_ANSWER_MAX 100000
#define STEP_TOKENS_MAX 64
#define NOISE_MAX 2.0
#define COALESCE_MAX 1000
#define CACHE_TOKENS_MAX ((uint64_t)100000000)

/* One small accelerator: 50 tokens/s for one user, 2.6 times that for eight, 120 ms to the first token of a prompt of
 * 100 words. */
const struct llm_options llm_default_options = {
	.model_name = "brunt",
	.model = {.prefill_ns = 20 * NS_PER_MS,
		.prefill_per_token_ns = 1 * NS_PER_MS,
		.step_ns = 20 * NS_PER_MS,
		.step_per_sequence_ns = 6 * NS_PER_MS,
		.batch_max = 8,
		.tokens_per_step = 1,
		.cache_saves = 0.6},
	.cache = LLM_CACHE_SESSION,
	.cache_tokens = 1000000,
	.answer_tokens = 100,
	.coalesce = 1,
	.fail_from_ns = -1,
	.breaker_for_ns = 5 * NS_PER_S,
	.drain_ns = 30 * NS_PER_S,
	.swap_ns = 5 * NS_PER_S,
	.save_per_token_ns = 20 * NS_PER_US,
	.load_per_token_ns = 50 * NS_PER_US,
};

bool
llm_options_check(const struct llm_options *o, struct error *err)
{
	if (o->model.batch_max > BATCH_MAX)
		return error_set(err, "--max-batch: at most %d", BATCH_MAX);
	if (o->model.tokens_per_step > STEP_TOKENS_MAX)
		return error_set(err, "--tokens-per-chunk: at most %d", STEP_TOKENS_MAX);
	if (o->coalesce > COALESCE_MAX)
		return error_set(err, "--coalesce: at most %d", COALESCE_MAX);
	if (o->cache_tokens < CACHE_BLOCK_TOKENS || o->cache_tokens > CACHE_TOKENS_MAX)
		return error_set(err, "--cache-tokens: from %d to 100M", CACHE_BLOCK_TOKENS);
	if (o->model.cold_after_ns > 0 && o->model.cold_start_ns == 0)
		return error_set(err, "--cold-after needs --cold-start: what is cold takes time to load");
	if (o->answer_tokens > LLM_ANSWER_MAX || o->reasoning_tokens > LLM_ANSWER_MAX ||
		o->tool_tokens > LLM_ANSWER_MAX)
		return error_set(err, "--answer-tokens, --reasoning, --tool-call: at most %d", LLM_ANSWER_MAX);
	if (o->retries > LLM_RETRIES_MAX)
		return error_set(err, "--retries: at most %d", LLM_RETRIES_MAX);
	if (o->fail_for_ns > 0 && o->fail_from_ns < 0)
		return error_set(err, "--fail-for needs --fail-from");
	if (o->model.noise_sigma > NOISE_MAX)
		return error_set(err, "--noise: at most %g", NOISE_MAX);
	if (o->model.step_ns == 0)
		return error_set(err, "--step: a step takes some time; write 1ms");
	if (o->stream_errors.ratio + o->truncate.ratio > 1)
		return error_set(err, "--stream-errors and --truncate together are over 100%%");
	return true;
}
