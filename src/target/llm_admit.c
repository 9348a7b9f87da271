/* A request that has arrived: read, and taken into an engine or turned away. */
#include "target/llm.h"

#include <string.h>

#include "base/check.h"
#include "base/rng.h"

#define RETRY_AFTER "Retry-After: 1\r\n"

static bool
draw(const struct llm *l, enum target_stream stream, uint64_t number, double ratio)
{
	return ratio > 0 && rng_unit_at(l->target->options->seed, stream, number) < ratio;
}

static void
draw_fault(struct generation *g)
{
	const struct llm_options *o = g->llm->options;
	const struct llm_fault reset = {.ratio = g->llm->target->options->reset_ratio};
	const struct {
		enum generation_fault fault;
		enum target_stream stream;
		const struct llm_fault *as_told;
	} faults[] = {
		{FAULT_RESET, TARGET_STREAM_RESET, &reset},
		{FAULT_ERROR, TARGET_STREAM_STREAM_ERROR, &o->stream_errors},
		{FAULT_TRUNCATE, TARGET_STREAM_TRUNCATE, &o->truncate},
	};

	for (size_t i = 0; i < ARRAY_LEN(faults) && g->fault == FAULT_NONE; i++) {
		uint64_t after = faults[i].as_told->after_tokens;

		if (!draw(g->llm, faults[i].stream, g->answer.number, faults[i].as_told->ratio))
			continue;
		g->fault = faults[i].fault;
		g->fault_at = after > 0 ? after : (g->answer.wanted_tokens + 1) / 2;
		/* Never with its last token, which carries the finish in some dialects. */
		if (g->fault_at >= g->answer.wanted_tokens && g->answer.wanted_tokens > 1)
			g->fault_at = g->answer.wanted_tokens - 1;
	}
}

/* A session stays with one engine, where its cache is; others go where the least is to do. */
static struct worker *
choose_worker(struct llm *l, const struct generation *g)
{
	struct worker *best = &l->workers[l->next_worker++ % l->worker_count];

	if (g->has_session && l->options->cache == LLM_CACHE_SESSION)
		return &l->workers[g->prompt.owner % l->worker_count];
	for (size_t i = 0; i < l->worker_count; i++) {
		const struct engine *e = &l->workers[i].engine, *b = &best->engine;

		if (e->waiting_count + e->prefilling_count + e->running_count <
			b->waiting_count + b->prefilling_count + b->running_count)
			best = &l->workers[i];
	}
	return best;
}

static bool
reserve_pool(struct generation *g)
{
	struct llm *l = g->llm;
	uint64_t tokens = g->answer.prompt_tokens + g->answer.wanted_tokens;

	if (l->options->pool_tokens > 0 && tokens > l->options->pool_tokens - l->pool_used_tokens)
		return false;
	g->reserved_tokens = tokens;
	l->pool_used_tokens += tokens;
	return true;
}

static size_t
waiting(const struct llm *l)
{
	size_t count = 0;

	for (size_t i = 0; i < l->worker_count; i++)
		count += l->workers[i].engine.waiting_count;
	return count;
}

static bool
must_wait(const struct worker *w)
{
	return w->engine.waiting_count > 0 ||
	       w->engine.running_count + w->engine.prefilling_count >= w->engine.model->batch_max;
}

/* A full queue: as --overload says. */
static void
reject(struct generation *g)
{
	struct target *t = g->llm->target;

	t->stats.rejected++;
	switch (t->options->overload) {
	case OVERLOAD_503:
		stream_refuse(g, g->dialect->busy_status != 0 ? g->dialect->busy_status : 503, RETRY_AFTER,
			"the queue is full");
		break;
	case OVERLOAD_CLOSE: httpd_drop(g->request); break;
	case OVERLOAD_HANG: httpd_never_answer(g->request); break;
	}
}

/* The head leaves at once then, long before the first token. False if the generation is gone. */
static bool
start_pings(struct generation *g)
{
	struct llm *l = g->llm;

	if (l->options->ping_ns == 0 || g->dialect->ping == NULL || !g->answer.ask.is_stream)
		return true;
	g->ping_ns = g->request->arrival_ns + l->options->ping_ns;
	list_add_last(&l->pings, &g->ping_node);
	stream_open(g);
	return stream_ping(g);
}

/* No engine's business: a service time on one of the workers. */
static void
enter_lookup(struct generation *g)
{
	struct target *t = g->llm->target;
	struct list *lookups = &g->llm->lookups, *after = lookups->prev;
	int64_t service_time_ns = service_ns(&t->options->service, t->options->seed, g->answer.number);

	generation_reserve_times(g);
	if (!station_arrive(&t->station, &g->visit, g->request->arrival_ns, service_time_ns)) {
		reject(g);
		return;
	}
	while (after != lookups && container_of(after, struct generation, node)->visit.done_ns > g->visit.done_ns)
		after = after->prev;
	list_add_first(after, &g->node);
}

/* Read and willing to be served: into the engine, or turned away. */
static void
generation_enter(struct generation *g)
{
	struct llm *l = g->llm;
	struct worker *w = choose_worker(l, g);

	if (draw(l, TARGET_STREAM_ERROR, g->answer.number, l->target->options->error_ratio)) {
		stream_refuse(g, 500, NULL, "the server failed");
		return;
	}
	if (g->dialect->is_lookup) {
		enter_lookup(g);
		return;
	}
	if (must_wait(w) && waiting(l) >= l->target->options->queue_max) {
		reject(g);
		return;
	}
	if (!reserve_pool(g)) {
		l->counts.exhausted++;
		stream_refuse(g, 429, RETRY_AFTER, "no memory is left for this prompt and its answer");
		return;
	}
	draw_fault(g);
	generation_reserve_times(g);
	l->counts.admitted++;
	l->counts.prompt_tokens += g->answer.prompt_tokens;
	l->counts.sessions_asked += g->has_session;
	if (!start_pings(g))
		return;
	g->worker = w;
	g->sequence.arrival_ns = g->request->arrival_ns;
	g->sequence.prompt_tokens = g->answer.prompt_tokens;
	g->sequence.cached_tokens = 0;
	g->sequence.wanted_tokens = g->answer.wanted_tokens;
	engine_arrive(&w->engine, &g->sequence);
}

void
generation_admit(struct generation *g)
{
	struct llm *l = g->llm;
	const char *why = llm_unavailable(l, g->request->arrival_ns);
	struct error err = {0};

	g->answer.number = l->numbers++;
	if (why != NULL) {
		l->counts.failing++;
		stream_refuse(g, 503, RETRY_AFTER, why);
	} else if (strcmp(g->request->method, "POST") != 0) {
		l->counts.invalid++;
		stream_refuse(g, 405, "Allow: POST\r\n", "the method is POST");
	} else if (!generation_read(g, &err)) {
		l->counts.invalid++;
		stream_refuse(g, g->dialect->invalid_status != 0 ? g->dialect->invalid_status : 400, NULL, err.message);
	} else {
		generation_enter(g);
	}
}
