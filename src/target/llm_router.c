/* Which worker takes a request: by session, by load, past those that have failed. A dead worker costs whoever is sent
 * to it an attempt; retries hide that, and a breaker stops sending. */
#include "target/llm.h"

#include "base/check.h"
#include "base/rng.h"

#define ATTEMPTS_MAX 16 /* LLM_RETRIES_MAX and the first */

static size_t
load_of(const struct worker *w)
{
	return w->engine.waiting_count + w->engine.prefilling_count + w->engine.running_count;
}

static bool
is_barred(const struct worker *w, int64_t at_ns)
{
	return at_ns < w->barred_until_ns;
}

/* A session stays with one engine, where its cache is; others go where the least is to do, in turn among equals. */
static size_t
preferred(struct llm *l, const struct generation *g)
{
	size_t best = l->next_worker++ % l->worker_count;
	int64_t at_ns = g->request->arrival_ns;

	if (g->has_session && l->options->cache == LLM_CACHE_SESSION)
		return g->prompt.owner % l->worker_count;
	for (size_t i = 0; i < l->worker_count; i++) {
		bool is_better =
			load_of(&l->workers[i]) < load_of(&l->workers[best]) || is_barred(&l->workers[best], at_ns);

		if (!is_barred(&l->workers[i], at_ns) && is_better)
			best = i;
	}
	return best;
}

static bool
attempt_fails(const struct generation *g, const struct worker *w, unsigned attempt)
{
	const struct target_options *o = g->llm->target->options;

	return llm_worker_is_dead(g->llm, w, g->request->arrival_ns) ||
	       (o->error_ratio > 0 && rng_unit_at(o->seed, TARGET_STREAM_ERROR,
					      g->answer.number * ATTEMPTS_MAX + attempt) < o->error_ratio);
}

static void
note_failure(struct llm *l, struct worker *w, int64_t at_ns)
{
	l->counts.attempts_failed++;
	if (l->options->breaker_failures == 0 || ++w->failures_in_row < l->options->breaker_failures)
		return;
	w->is_tripped = true;
	w->barred_until_ns = at_ns + l->options->breaker_for_ns;
	l->counts.breaker_trips++;
}

static void
note_success(struct llm *l, struct worker *w)
{
	l->counts.breaker_recoveries += w->is_tripped;
	w->is_tripped = false;
	w->failures_in_row = 0;
}

struct worker *
llm_route(struct generation *g)
{
	struct llm *l = g->llm;
	int64_t at_ns = g->request->arrival_ns;
	size_t first = preferred(l, g);
	unsigned attempt = 0;

	_Static_assert(LLM_RETRIES_MAX < ATTEMPTS_MAX, "random numbers of one request");
	for (size_t i = 0; attempt <= l->options->retries; i++) {
		struct worker *w = &l->workers[(first + i) % l->worker_count];

		if (is_barred(w, at_ns)) {
			if (i >= l->worker_count)
				return NULL; /* all are */
			continue;
		}
		if (!attempt_fails(g, w, attempt)) {
			note_success(l, w);
			l->counts.retries += attempt;
			return w;
		}
		note_failure(l, w, at_ns);
		attempt++;
	}
	l->counts.retries += l->options->retries;
	return NULL;
}
