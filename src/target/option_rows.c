#include "target/option_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"

#define BALLAST_BYTES_MAX ((uint64_t)1 << 30)

/* Each reads one value into the field it is given. */
static bool
parse_time(const char *text, void *field, struct error *err)
{
	return units_parse_time_ns(text, field) ||
	       error_set(err, "'%s' is not a time; write %s", text, units_time_form);
}

static bool
parse_count(const char *text, void *field, struct error *err)
{
	return units_parse_count(text, field) ||
	       error_set(err, "'%s' is not a count; write %s", text, units_count_form);
}

static bool
parse_positive(const char *text, void *field, struct error *err)
{
	if (!parse_count(text, field, err))
		return false;
	return *(uint64_t *)field > 0 || error_set(err, "0 is too few; write 1 or more");
}

static bool
parse_bytes(const char *text, void *field, struct error *err)
{
	if (!units_parse_bytes(text, field))
		return error_set(err, "'%s' is not a size; write %s", text, units_bytes_form);
	return *(uint64_t *)field <= BALLAST_BYTES_MAX || error_set(err, "'%s' is over 1 GiB", text);
}

static bool
parse_ratio(const char *text, void *field, struct error *err)
{
	double ratio;

	if (!units_parse_ratio(text, &ratio) || ratio > 1)
		return error_set(err, "'%s' is not a share; write %s", text, units_ratio_form);
	*(double *)field = ratio;
	return true;
}

static bool
parse_rate(const char *text, void *field, struct error *err)
{
	double per_s;

	if (!units_parse_rate(text, &per_s) || per_s <= 0)
		return error_set(err, "'%s' is not a rate over 0; write %s", text, units_rate_form);
	*(double *)field = per_s;
	return true;
}

static bool
parse_service(const char *text, void *field, struct error *err)
{
	return service_parse(text, field, err);
}

static bool
parse_text(const char *text, void *field, struct error *err)
{
	if (text[0] == '\0')
		return error_set(err, "the value is empty");
	*(const char **)field = text;
	return true;
}

static bool
parse_listen(const char *text, void *field, struct error *err)
{
	size_t size = sizeof(((struct target_options *)0)->listen);

	if (text[0] == '\0' || strlen(text) >= size - 8)
		return error_set(err, "'%s' is not an address", text);
	snprintf(field, size, "%s", text);
	return true;
}

static bool
parse_overload(const char *text, void *field, struct error *err)
{
	static const char *const names[] = {"503", "close", "hang"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*(enum overload *)field = (enum overload)i;
			return true;
		}
	return error_set(err, "'%s' is unknown; write 503, close or hang", text);
}

/* "FIRST<separator>SECOND" taken apart. */
static bool
cut(const char *text, char separator, char first[64], const char **second)
{
	const char *at = strchr(text, separator);

	if (at == NULL || at - text >= 64)
		return false;
	snprintf(first, 64, "%.*s", (int)(at - text), text);
	*second = at + 1;
	return true;
}

static bool
parse_stall(const char *text, void *field, struct error *err)
{
	struct stall *stall = field;
	const char *time;
	char ratio[64];

	if (!cut(text, ':', ratio, &time) || !parse_ratio(ratio, &stall->ratio, err) ||
		!units_parse_time_ns(time, &stall->time_ns))
		return error_set(err, "'%s' is not SHARE:TIME; write 1%%:100ms", text);
	return true;
}

static bool
parse_freeze(const char *text, void *field, struct error *err)
{
	struct freeze *freeze = field;
	const char *every;
	char length[64];

	if (!cut(text, '/', length, &every) || !units_parse_time_ns(length, &freeze->length_ns) ||
		!units_parse_time_ns(every, &freeze->every_ns))
		return error_set(err, "'%s' is not LENGTH/EVERY; write 500ms/5s", text);
	return freeze->length_ns < freeze->every_ns ||
	       error_set(err, "'%s': a freeze must be shorter than its period", text);
}

/* "SHARE" or "SHARE:TOKENS". */
static bool
parse_fault(const char *text, void *field, struct error *err)
{
	struct llm_fault *fault = field;
	const char *tokens;
	char ratio[64];

	if (!cut(text, ':', ratio, &tokens))
		return parse_ratio(text, &fault->ratio, err);
	return parse_ratio(ratio, &fault->ratio, err) && parse_positive(tokens, &fault->after_tokens, err);
}

static bool
parse_sigma(const char *text, void *field, struct error *err)
{
	char *end;
	double sigma = strtod(text, &end);

	if (end == text || *end != '\0' || !(sigma >= 0))
		return error_set(err, "'%s' is not a number from 0 on; write 0.1", text);
	*(double *)field = sigma;
	return true;
}

static bool
parse_cache(const char *text, void *field, struct error *err)
{
	static const char *const names[] = {"off", "session", "prefix"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*(enum llm_cache *)field = (enum llm_cache)i;
			return true;
		}
	return error_set(err, "'%s' is unknown; write off, session or prefix", text);
}

/* Repeated in answers, so that it is what needs no escape in JSON. */
static bool
parse_model_name(const char *text, void *field, struct error *err)
{
	if (strspn(text, LLM_NAME_BYTES) != strlen(text))
		return error_set(err, "'%s' is not a model's name; write letters, digits, - . _ / :", text);
	if (strlen(text) > LLM_NAME_MAX)
		return error_set(err, "'%s' is over %d characters", text, LLM_NAME_MAX);
	return parse_text(text, field, err);
}

static bool
set_flag(const char *text, void *field, struct error *err)
{
	(void)text;
	(void)err;
	*(bool *)field = true;
	return true;
}

#define FIELD(f) offsetof(struct target_options, f)

const struct option_row option_rows[] = {
	{"--listen", "ADDR", "HOST, HOST:PORT, [V6]:PORT or unix:PATH (127.0.0.1)", parse_listen, FIELD(listen)},
	{"--port", "N", "port; 0 takes a free one (8080)", parse_count, FIELD(port)},
	{"--cert", "FILE", "certificate (PEM): speaks TLS, and stamps an arrival when it reads it, not when it came",
		parse_text, FIELD(cert_path)},
	{"--key", "FILE", "its private key (PEM)", parse_text, FIELD(key_path)},
	{"--workers", "N", "requests served at a time (1 with --capacity or --cpu-per-request, else no bound)",
		parse_positive, FIELD(workers)},
	{"--capacity", "RATE", "mean service time = workers / RATE, constant; not with --service-time", parse_rate,
		FIELD(capacity_per_s)},
	{"--service-time", "TIME", "5ms, exponential:MEAN or lognormal:MEDIAN:SIGMA (0); with --llm that of /search",
		parse_service, FIELD(service)},
	{"--queue", "N", "requests that may wait for a worker (no bound)", parse_count, FIELD(queue_max)},
	{"--overload", "HOW", "what a full queue does: 503 (default), close or hang", parse_overload, FIELD(overload)},
	{"--cpu-per-request", "TIME", "CPU burnt by a worker process for each request", parse_time, FIELD(cpu_ns)},
	{"--memory-per-request", "SIZE", "memory held while a request is in the system", parse_bytes,
		FIELD(memory_bytes)},
	{"--leak", "SIZE", "memory kept for good after each request", parse_bytes, FIELD(leak_bytes)},
	{"--errors", "SHARE", "answered 500", parse_ratio, FIELD(error_ratio)},
	{"--reset", "SHARE", "half an answer, then a TCP reset", parse_ratio, FIELD(reset_ratio)},
	{"--stall", "SHARE:TIME",
		"requests that keep their worker that much longer; with --llm, that come to their prefill that much later",
		parse_stall, FIELD(stall)},
	{"--freeze", "LENGTH/EVERY", "everything stops for LENGTH, every EVERY since the start", parse_freeze,
		FIELD(freeze)},
	{"--crash-after", "N", "exit with status 70 once N requests are answered", parse_positive, FIELD(crash_after)},
	{"--response-size", "SIZE", "bytes of body (64)", parse_bytes, FIELD(response_bytes)},
	{"--connections", "N", "open at a time; one more is told 503 and closed (100000)", parse_positive,
		FIELD(connections_max)},
	{"--seed", "N", "of every random draw (1)", parse_count, FIELD(seed)},
	{"--spin", "TIME", "how long a wake-up may spin for exactness, up to 50us (50us)", parse_time, FIELD(spin_ns)},
	{"--truth", "FILE",
		"log: arrival_ns done_ns status connection modelled_ns, a line per request; with --llm it goes on with\n"
		"dialect finish prompt_tokens completion_tokens cached_tokens request_id, and of each token\n"
		"modelled_ns:handed_ns, when the model wanted it out and when it was handed to the kernel",
		parse_text, FIELD(truth_path)},

	{"--llm", NULL,
		"OpenAI, Anthropic, Ollama, TGI, Triton, SGLang, embeddings, rerank, search; --workers is engines (1)",
		set_flag, FIELD(llm.is_on)},
	{"--model", "NAME", "name of the model, where a request says none (brunt)", parse_model_name,
		FIELD(llm.model_name)},
	{"--prefill", "TIME", "prefill of any prompt (20ms) ...", parse_time, FIELD(llm.model.prefill_ns)},
	{"--prefill-per-token", "TIME", "... and of each token in it, which is a word (1ms)", parse_time,
		FIELD(llm.model.prefill_per_token_ns)},
	{"--step", "TIME", "one decode step, a token for each sequence in the batch (20ms) ...", parse_time,
		FIELD(llm.model.step_ns)},
	{"--step-per-sequence", "TIME", "... and for each sequence beyond the first (6ms)", parse_time,
		FIELD(llm.model.step_per_sequence_ns)},
	{"--max-batch", "N", "sequences decoded together; the rest waits (8)", parse_positive,
		FIELD(llm.model.batch_max)},
	{"--no-batching", NULL, "one sequence at a time: --max-batch 1", set_flag, FIELD(llm.no_batching)},
	{"--tokens-per-chunk", "N", "tokens that a step yields and an event carries, as speculative decoding does (1)",
		parse_positive, FIELD(llm.model.tokens_per_step)},
	{"--noise", "SIGMA",
		"each prefill and step takes a lognormal multiple of its time: 0.1, say (0: exactly its time)",
		parse_sigma, FIELD(llm.model.noise_sigma)},
	{"--answer-tokens", "N", "length of an answer that max_tokens does not cut (100)", parse_positive,
		FIELD(llm.answer_tokens)},
	{"--reasoning", "N", "tokens on the reasoning channel, before the content and within max_tokens (0)",
		parse_count, FIELD(llm.reasoning_tokens)},
	{"--tool-call", "N", "the last N tokens are the arguments of a tool call, where the API has them (0)",
		parse_count, FIELD(llm.tool_tokens)},
	{"--cache", "HOW", "prefix cache: off, session (default; key: session_id, user, X-Session-Id, cookie), prefix",
		parse_cache, FIELD(llm.cache)},
	{"--cache-saves", "SHARE", "of a cached token's prefill that is saved (60%)", parse_ratio,
		FIELD(llm.model.cache_saves)},
	{"--cache-tokens", "N", "size of an engine's cache (1M)", parse_positive, FIELD(llm.cache_tokens)},
	{"--pool", "TOKENS",
		"memory for prompts and answers under way; a request that does not fit is told 429 (no bound)",
		parse_positive, FIELD(llm.pool_tokens)},
	{"--cold-start", "TIME", "loading the model, before the first prefill (0)", parse_time,
		FIELD(llm.model.cold_start_ns)},
	{"--cold-after", "TIME", "idle time after which it is loaded again (never)", parse_time,
		FIELD(llm.model.cold_after_ns)},
	{"--coalesce", "N", "token events per write (1)", parse_positive, FIELD(llm.coalesce)},
	{"--keep-alive-comments", "TIME", "one at the arrival and then every TIME, where the API has them (none)",
		parse_time, FIELD(llm.ping_ns)},
	{"--empty-deltas", "N", "an event without text before every Nth one (none)", parse_positive,
		FIELD(llm.empty_every)},
	{"--stream-errors", "SHARE[:N]", "200, then an error in the stream after N tokens (half of the answer)",
		parse_fault, FIELD(llm.stream_errors)},
	{"--truncate", "SHARE[:N]", "a stream that closes without its end after N tokens (half of the answer)",
		parse_fault, FIELD(llm.truncate)},
	{"--mix-sessions", "SHARE", "answers that repeat the canary-WORD of another request instead of their own",
		parse_ratio, FIELD(llm.mix_ratio)},
	{"--start-up", "TIME", "503, also from /health, for so long (0)", parse_time, FIELD(llm.start_up_ns)},
	{"--fail-from", "TIME", "when workers fail, since the start; SIGUSR1 does and undoes it too (never)",
		parse_time, FIELD(llm.fail_from_ns)},
	{"--fail-for", "TIME", "for how long (to the end)", parse_time, FIELD(llm.fail_for_ns)},
	{"--fail-workers", "N", "how many of --workers then fail whatever is sent to them (all)", parse_positive,
		FIELD(llm.fail_workers)},
	{"--retries", "N", "further attempts, on other workers, at what a dead worker or --errors failed (0)",
		parse_count, FIELD(llm.retries)},
	{"--breaker", "N", "nothing is sent to a worker after N failures in a row (never)", parse_positive,
		FIELD(llm.breaker_failures)},
	{"--breaker-for", "TIME", "until it is tried again (5s)", parse_time, FIELD(llm.breaker_for_ns)},
	{"--drain", "TIME", "after SIGTERM: streams may end, new requests are told 503 (30s)", parse_time,
		FIELD(llm.drain_ns)},
	{"--swap", "TIME", "POST /admin/load {\"model\": NAME}, when no sequence is left (5s)", parse_time,
		FIELD(llm.swap_ns)},
	{"--save-per-token", "TIME", "POST /cache/save {\"session_id\": KEY}, or {} for all (20us)", parse_time,
		FIELD(llm.save_per_token_ns)},
	{"--load-per-token", "TIME", "POST /cache/load likewise; /cache/clear takes none (50us)", parse_time,
		FIELD(llm.load_per_token_ns)},
	{"--state", "FILE", "the cache survives a restart in it; saving and loading take their time", parse_text,
		FIELD(llm.state_path)},
	{NULL, NULL, NULL, NULL, 0},
};

bool
option_row_is_llm(const struct option_row *row)
{
	return row->offset >= FIELD(llm) && row->offset < FIELD(llm) + sizeof(struct llm_options);
}
