/* The simulated LLM server: what its engines say, and the turns of the loop. */
#include "target/llm.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "target/llm_control.h"

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

/* ---- what an engine says ---- */

static void
count_cache_use(struct llm *l, const struct generation *g)
{
	l->counts.cache_queries++;
	l->counts.cache_hits += g->answer.cached_tokens > 0;
	l->counts.cached_tokens += g->answer.cached_tokens;
}

static bool
uses_cache(const struct generation *g)
{
	enum llm_cache cache = g->llm->options->cache;

	return cache == LLM_CACHE_PREFIX || (cache == LLM_CACHE_SESSION && g->has_session);
}

/* The last token is always computed, since the next one comes from it. */
static void
look_into_cache(struct generation *g)
{
	if (!uses_cache(g) || g->prompt.tokens == 0)
		return;
	uint64_t cached = CACHE_BLOCK_TOKENS * cache_match(&g->worker->cache, g->prompt.blocks, g->prompt.block_count);

	if (cached > g->prompt.tokens - 1)
		cached = g->prompt.tokens - 1;
	g->sequence.cached_tokens = g->answer.cached_tokens = cached;
	count_cache_use(g->llm, g);
}

static void
fill_cache(struct generation *g)
{
	if (uses_cache(g))
		cache_add(&g->worker->cache, g->prompt.owner, g->prompt.blocks, g->prompt.block_count);
}

/* The next turn of a conversation begins with this prompt and this answer's content. */
static void
remember_answer(struct generation *g)
{
	struct buf *text = &g->llm->scratch;

	if (!g->answer.makes_tokens)
		return;
	buf_clear(text);
	answer_add_text(&g->answer, answer_content(&g->answer), text);
	prompt_add_text(&g->prompt, text->bytes, text->length);
	fill_cache(g);
}

void
llm_on_join(struct sequence *s, void *user)
{
	struct generation *g = container_of(s, struct generation, sequence);

	(void)user;
	if (httpd_request_is_abandoned(g->request)) {
		httpd_drop(g->request); /* as servers do that watch for a disconnect */
		return;
	}
	look_into_cache(g);
	stream_begin(g);
}

/* It has that many tokens more, all at that time. */
static void
note_times(struct generation *g, uint64_t count, int64_t at_ns)
{
	struct answer *a = &g->answer;

	for (uint64_t i = 0; i < count; i++)
		g->times[a->made_tokens++] = (struct token_time){.modelled_ns = at_ns};
	g->due_ns = at_ns;
	g->llm->counts.completion_tokens += a->makes_tokens ? count : 0;
}

void
llm_on_tokens(struct sequence *s, uint64_t count, int64_t at_ns, void *user)
{
	struct generation *g = container_of(s, struct generation, sequence);
	struct answer *a = &g->answer;

	(void)user;
	if (a->made_tokens == 0) {
		a->load_ns = s->load_ns;
		a->prefill_ns = at_ns - s->join_ns - s->load_ns;
		fill_cache(g);
	}
	note_times(g, count, at_ns);
	a->decode_ns = at_ns - s->join_ns - a->load_ns - a->prefill_ns;
	if (!stream_tokens(g, count))
		return;
	if (g->fault != FAULT_NONE && a->made_tokens >= g->fault_at) {
		engine_leave(&g->worker->engine, s);
		stream_break(g);
	} else if (a->made_tokens == a->wanted_tokens) {
		remember_answer(g);
		stream_finish(g);
	}
}

/* ---- the loop ---- */

/* The worker whose engine ends something first, by until_ns; NULL: none does. */
static struct worker *
first_to_end(struct llm *l, int64_t until_ns)
{
	struct worker *first = NULL;

	for (size_t i = 0; i < l->worker_count; i++) {
		int64_t next_ns = engine_next_ns(&l->workers[i].engine);

		if (next_ns <= until_ns && next_ns != INT64_MAX) {
			until_ns = next_ns;
			first = &l->workers[i];
		}
	}
	return first;
}

static void
run_engines(struct llm *l, int64_t until_ns)
{
	struct worker *w;

	while ((w = first_to_end(l, until_ns)) != NULL)
		engine_advance(&w->engine);
}

/* Steps end, and who was stalled comes, in the order of their times. */
static void
run_until(struct llm *l, int64_t until_ns)
{
	struct generation *g;

	while ((g = list_first(&l->stalled, struct generation, node)) != NULL && g->sequence.arrival_ns <= until_ns) {
		run_engines(l, g->sequence.arrival_ns);
		if (list_first(&l->stalled, struct generation, node) != g)
			continue; /* gone meanwhile */
		list_remove(&g->node);
		engine_arrive(&g->worker->engine, &g->sequence);
	}
	run_engines(l, until_ns);
}

static void
send_pings(struct llm *l, int64_t at_ns)
{
	struct generation *g;

	while ((g = list_first(&l->pings, struct generation, ping_node)) != NULL && g->ping_ns <= at_ns) {
		list_remove(&g->ping_node);
		list_add_last(&l->pings, &g->ping_node);
		g->ping_ns = at_ns + l->options->ping_ns;
		stream_ping(g);
	}
}

static void
finish_lookups(struct llm *l, int64_t at_ns)
{
	struct generation *g;

	while ((g = list_first(&l->lookups, struct generation, node)) != NULL && g->visit.done_ns <= at_ns) {
		list_remove(&g->node);
		note_times(g, 1, g->visit.done_ns);
		stream_finish(g);
	}
}

static int64_t
next_ns(struct llm *l)
{
	const struct generation *ping = list_first(&l->pings, struct generation, ping_node);
	const struct generation *lookup = list_first(&l->lookups, struct generation, node);
	const struct generation *stalled = list_first(&l->stalled, struct generation, node);
	int64_t first_ns = ping != NULL ? ping->ping_ns : INT64_MAX;

	if (stalled != NULL && stalled->sequence.arrival_ns < first_ns)
		first_ns = stalled->sequence.arrival_ns;
	if (lookup != NULL && lookup->visit.done_ns < first_ns)
		first_ns = lookup->visit.done_ns;
	if (control_next_ns(l) < first_ns)
		first_ns = control_next_ns(l);
	if (l->drain_until_ns < first_ns)
		first_ns = l->drain_until_ns;
	if (l->stop_ns < first_ns)
		first_ns = l->stop_ns;
	for (size_t i = 0; i < l->worker_count; i++)
		if (engine_next_ns(&l->workers[i].engine) < first_ns)
			first_ns = engine_next_ns(&l->workers[i].engine);
	return first_ns;
}

void
llm_set_wake(struct llm *l)
{
	if (!l->target->is_stopping)
		wake_set(&l->target->wake, next_ns(l));
}

/* Nothing: what is due is done after the poll, when everything that arrived by now has been read. */
void
llm_on_wake(void *user)
{
	(void)user;
}

void
llm_on_polled(uv_check_t *check)
{
	struct target *t = container_of(check, struct target, after_poll);
	struct llm *l = t->llm;
	struct generation *g;

	while ((g = list_first(&l->batch, struct generation, node)) != NULL) {
		run_until(l, g->request->arrival_ns);
		if (list_first(&l->batch, struct generation, node) != g)
			continue; /* gone meanwhile */
		list_remove(&g->node);
		generation_admit(g);
	}
	/* Once: what has become due meanwhile comes after another poll, so that an engine too fast for this machine
	 * keeps nobody from being read. */
	int64_t at_ns = now_ns();

	run_until(l, at_ns);
	finish_lookups(l, at_ns);
	send_pings(l, at_ns);
	control_run(l, at_ns);
	llm_go_on_draining(l, at_ns);
	llm_set_wake(l);
}

/* Sockets are read in any order, but served in order of arrival: a turn's requests are sorted by their stamps first. */
static void
batch_add(struct llm *l, struct generation *g)
{
	struct list *after = l->batch.prev;

	while (after != &l->batch &&
		container_of(after, struct generation, node)->request->arrival_ns > g->request->arrival_ns)
		after = after->prev;
	list_add_first(after, &g->node);
}

void
llm_on_request(struct httpd_request *request, void *user)
{
	struct target *t = user;
	const struct dialect *dialect = dialect_of(request->target, NULL);

	if (dialect == NULL) {
		llm_admin_answer(t->llm, request);
		return;
	}
	struct generation *g = generation_take(t->llm);
	struct stats *s = &t->stats;

	g->request = request;
	g->dialect = dialect;
	g->due_ns = request->arrival_ns;
	s->requests++;
	if (++s->in_system > s->in_system_peak)
		s->in_system_peak = s->in_system;
	request->user = g;
	batch_add(t->llm, g);
}
