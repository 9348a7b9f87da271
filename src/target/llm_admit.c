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
	case OVERLOAD_HANG:
		g->is_hanging = true;
		g->llm->hanging++;
		httpd_never_answer(g->request);
		break;
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

static bool
is_any_dead(const struct llm *l, int64_t at_ns)
{
	return llm_worker_is_dead(l, &l->workers[0], at_ns);
}

/* --mix-sessions: what a server does that confuses its sessions. */
static void
choose_canary(struct generation *g)
{
	struct llm *l = g->llm;
	char own[PROMPT_CANARY_MAX];

	if (g->prompt.canary[0] == '\0')
		return;
	memcpy(own, g->prompt.canary, sizeof(own));
	if (l->last_canary[0] != '\0' && strcmp(own, l->last_canary) != 0 &&
		draw(l, TARGET_STREAM_MIX, g->answer.number, l->options->mix_ratio)) {
		memcpy(g->prompt.canary, l->last_canary, sizeof(own));
		l->counts.mixed++;
	}
	memcpy(l->last_canary, own, sizeof(own));
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

/* All are stalled for the same time, and so come in order. */
static void
stall(struct generation *g)
{
	g->sequence.arrival_ns += g->llm->target->options->stall.time_ns;
	list_add_last(&g->llm->stalled, &g->node);
}

/* Read and willing to be served: into the engine, or turned away. */
static void
generation_enter(struct generation *g)
{
	struct llm *l = g->llm;
	struct worker *w = llm_route(g);

	if (w == NULL) {
		bool is_down = is_any_dead(l, g->request->arrival_ns);

		stream_refuse(g, is_down ? 503 : 500, is_down ? RETRY_AFTER : NULL, "the worker failed");
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
	choose_canary(g);
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
	if (draw(l, TARGET_STREAM_STALL, g->answer.number, l->target->options->stall.ratio))
		stall(g);
	else
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
