/* All that is not an API of a dialect: health, models, metrics, stats. */
#include "target/llm.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "target/llm_control.h"

#define METRICS_MAX ((size_t)16 << 10)

static const char json_type[] = "Content-Type: application/json\r\n";

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

/* What all engines have counted together. */
struct engine_sum {
	uint64_t waiting, waiting_peak, running, prefills, cold_starts, steps, step_sequences, cached_blocks;
};

static struct engine_sum
sum_engines(const struct llm *l)
{
	struct engine_sum sum = {0};

	for (size_t i = 0; i < l->worker_count; i++) {
		const struct engine *e = &l->workers[i].engine;

		sum.waiting += e->waiting_count;
		sum.waiting_peak += e->counts.waiting_peak;
		sum.running += e->running_count + e->prefilling_count;
		sum.prefills += e->counts.prefills;
		sum.cold_starts += e->counts.cold_starts;
		sum.steps += e->counts.steps;
		sum.step_sequences += e->counts.step_sequences;
		sum.cached_blocks += l->workers[i].cache.used;
	}
	return sum;
}

static double
mean_batch(const struct engine_sum *sum)
{
	return sum->steps > 0 ? (double)sum->step_sequences / (double)sum->steps : 0;
}

struct figure {
	const char *name, *type, *help;
	double value;
};

#define FIGURES_MAX 32

/* One list for both /metrics and /stats. */
static size_t
list_figures(const struct llm *l, struct figure figures[FIGURES_MAX])
{
	const struct engine_sum e = sum_engines(l);
	const struct llm_counts *c = &l->counts;
	const struct figure all[] = {
		{"queue_depth", "gauge", "requests that wait for room in a batch", (double)e.waiting},
		{"running", "gauge", "sequences in a batch", (double)e.running},
		{"batch_size_average", "gauge", "sequences per decode step since the start", mean_batch(&e)},
		{"decode_steps_total", "counter", "decode steps", (double)e.steps},
		{"decode_step_sequences_total", "counter", "sequences in them", (double)e.step_sequences},
		{"prefills_total", "counter", "prefills, each of one or more prompts", (double)e.prefills},
		{"cold_starts_total", "counter", "times the model had to be loaded", (double)e.cold_starts},
		{"requests_total", "counter", "requests to a model", (double)l->target->stats.requests},
		{"requests_admitted_total", "counter", "of these, those that came to an engine", (double)c->admitted},
		{"requests_with_session_total", "counter", "of these, those with a session key",
			(double)c->sessions_asked},
		{"requests_finished_total", "counter", "answers that were complete", (double)c->finished},
		{"requests_invalid_total", "counter", "told that they were wrong", (double)c->invalid},
		{"requests_exhausted_total", "counter", "told 429 for want of memory", (double)c->exhausted},
		{"requests_rejected_total", "counter", "turned away by a full queue",
			(double)l->target->stats.rejected},
		{"requests_unavailable_total", "counter", "told 503 while nothing was served", (double)c->failing},
		{"attempts_failed_total", "counter", "requests sent to a worker in vain", (double)c->attempts_failed},
		{"retries_total", "counter", "further attempts at them", (double)c->retries},
		{"breaker_trips_total", "counter", "times a breaker opened", (double)c->breaker_trips},
		{"breaker_recoveries_total", "counter", "times it closed again", (double)c->breaker_recoveries},
		{"sessions_mixed_total", "counter", "answers with a canary of another request", (double)c->mixed},
		{"model_swaps_total", "counter", "times another model was loaded", (double)c->swaps},
		{"stream_errors_total", "counter", "errors in the middle of a stream", (double)c->stream_errors},
		{"streams_truncated_total", "counter", "streams closed without their end", (double)c->truncated},
		{"streams_reset_total", "counter", "streams that were reset in the middle", (double)c->resets},
		{"streams_slow_total", "counter", "streams dropped since the peer did not read", (double)c->slow},
		{"prompt_tokens_total", "counter", "tokens of the prompts taken", (double)c->prompt_tokens},
		{"completion_tokens_total", "counter", "tokens made", (double)c->completion_tokens},
		{"cached_tokens_total", "counter", "prompt tokens that the cache had", (double)c->cached_tokens},
		{"cache_queries_total", "counter", "prompts looked up in the cache", (double)c->cache_queries},
		{"cache_hits_total", "counter", "of these, those it had a part of", (double)c->cache_hits},
		{"cache_tokens", "gauge", "tokens in the cache", (double)e.cached_blocks * CACHE_BLOCK_TOKENS},
		{"pool_used_tokens", "gauge", "memory reserved for what is under way", (double)l->pool_used_tokens},
	};

	_Static_assert(ARRAY_LEN(all) <= FIGURES_MAX, "figures");
	memcpy(figures, all, sizeof(all));
	return ARRAY_LEN(all);
}

/* https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4 */
static void
answer_metrics(struct llm *l, struct httpd_request *request)
{
	struct figure figures[FIGURES_MAX];
	size_t count = list_figures(l, figures);
	struct buf text;

	buf_init(&text, METRICS_MAX);
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "# HELP brunt_target_%s %s\n# TYPE brunt_target_%s %s\nbrunt_target_%s %.17g\n",
			figures[i].name, figures[i].help, figures[i].name, figures[i].type, figures[i].name,
			figures[i].value);
	CHECK(!text.overflowed);
	httpd_answer_text(
		request, 200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", text.bytes, text.length);
	buf_fini(&text);
}

static void
answer_stats(struct llm *l, struct httpd_request *request)
{
	struct target *t = l->target;
	struct httpd_counts http = httpd_counts(t->httpd);
	struct figure figures[FIGURES_MAX];
	size_t count = list_figures(l, figures);
	struct buf more, text;

	buf_init(&more, STATS_MAX);
	buf_init(&text, 2 * STATS_MAX);
	buf_add_text(&more, "\"llm\": {");
	for (size_t i = 0; i < count; i++)
		buf_printf(&more, "%s\"%s\": %.17g", i > 0 ? ", " : "", figures[i].name, figures[i].value);
	buf_add_text(&more, "}, ");
	t->stats.queued = sum_engines(l).waiting;
	t->stats.queue_peak = sum_engines(l).waiting_peak; /* of several workers not at one time, perhaps */
	t->stats.uptime_ns = now_ns() - t->start_ns;
	stats_write(&t->stats, &http, more.bytes, &text);
	CHECK(!more.overflowed && !text.overflowed);
	httpd_answer_text(request, 200, json_type, text.bytes, text.length);
	buf_fini(&more);
	buf_fini(&text);
}

static void
answer_health(struct llm *l, struct httpd_request *request)
{
	const char *why = llm_unavailable(l, now_ns());
	struct buf text;

	buf_init(&text, 256);
	if (why == NULL)
		buf_add_text(&text, "{\"status\":\"ok\"}\n");
	else
		buf_printf(&text, "{\"status\":\"unavailable\",\"reason\":\"%s\"}\n", why);
	httpd_answer_text(request, why == NULL ? 200 : 503, json_type, text.bytes, text.length);
	buf_fini(&text);
}

static void
answer_models(struct llm *l, struct httpd_request *request)
{
	struct buf text;

	buf_init(&text, 512);
	buf_printf(&text,
		"{\"object\":\"list\",\"data\":[{\"id\":\"%s\",\"object\":\"model\",\"created\":0,"
		"\"owned_by\":\"brunt\"}]}\n",
		l->model_name);
	httpd_answer_text(request, 200, json_type, text.bytes, text.length);
	buf_fini(&text);
}

static const struct endpoint {
	const char *method, *path;
	void (*answer)(struct llm *llm, struct httpd_request *request);
} endpoints[] = {
	{"GET", "/health", answer_health},
	{"GET", "/v1/models", answer_models},
	{"GET", "/metrics", answer_metrics},
	{"GET", "/stats", answer_stats},
	{"POST", "/admin/load", control_load_model},
	{"POST", "/cache/save", control_save_cache},
	{"POST", "/cache/load", control_load_cache},
	{"POST", "/cache/clear", control_clear_cache},
};

static bool
has_path(const struct httpd_request *request, const char *path)
{
	size_t length = strlen(path);

	return strncmp(request->target, path, length) == 0 &&
	       (request->target[length] == '\0' || request->target[length] == '?');
}

void
llm_admin_answer(struct llm *l, struct httpd_request *request)
{
	static const char missing[] = "{\"error\":{\"message\":\"there is nothing here\",\"type\":\"not_found_error\","
				      "\"param\":null,\"code\":404}}\n";
	static const char method[] = "{\"error\":{\"message\":\"not with this method\",\"type\":"
				     "\"invalid_request_error\",\"param\":null,\"code\":405}}\n";
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		const struct endpoint *e = &endpoints[i];
		bool is_right =
			strcmp(request->method, e->method) == 0 || (request->is_head && strcmp(e->method, "GET") == 0);

		if (!has_path(request, e->path))
			continue;
		is_known = true;
		if (is_right) {
			e->answer(l, request);
			return;
		}
	}
	if (is_known)
		httpd_answer_text(request, 405, json_type, method, sizeof(method) - 1);
	else
		httpd_answer_text(request, 404, json_type, missing, sizeof(missing) - 1);
}
