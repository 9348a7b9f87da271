/* The simulated LLM server's start, its bad times and its end. */
#include "target/llm.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "target/llm_control.h"

static void
worker_init(struct llm *l, struct worker *w)
{
	struct freeze freeze = l->target->options->freeze;

	freeze.epoch_ns = l->start_ns;
	engine_init(&w->engine, &l->options->model, &freeze, l->start_ns);
	w->engine.seed = l->target->options->seed + (uint64_t)(w - l->workers);
	w->engine.on_join = llm_on_join;
	w->engine.on_tokens = llm_on_tokens;
	cache_init(&w->cache, (uint32_t)(l->options->cache_tokens / CACHE_BLOCK_TOKENS));
}

struct llm *
llm_new(struct target *t, struct error *err)
{
	struct llm *l = must_alloc(sizeof(*l));

	*l = (struct llm){.target = t, .options = &t->options->llm, .start_ns = t->start_ns};
	l->ready_ns = l->start_ns + l->options->start_up_ns;
	l->drain_until_ns = l->stop_ns = INT64_MAX;
	snprintf(l->model_name, sizeof(l->model_name), "%s", l->options->model_name);
	l->worker_count = t->options->workers;
	l->workers = must_calloc(l->worker_count, sizeof(*l->workers));
	list_init(&l->batch);
	list_init(&l->pool);
	list_init(&l->pings);
	list_init(&l->lookups);
	list_init(&l->stalled);
	list_init(&l->operations);
	buf_init(&l->scratch, HTTPD_TEXT_MAX);
	for (size_t i = 0; i < l->worker_count; i++)
		worker_init(l, &l->workers[i]);
	if (control_restore(l, err))
		return l;
	llm_free(l);
	return NULL;
}

void
llm_free(struct llm *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->worker_count; i++)
		cache_fini(&l->workers[i].cache);
	generations_free(l);
	control_free(l);
	buf_fini(&l->scratch);
	free(l->workers);
	free(l);
}

static bool
is_failing(const struct llm *l, int64_t at_ns)
{
	const struct llm_options *o = l->options;
	int64_t into_ns = at_ns - l->start_ns - o->fail_from_ns;
	bool is_time = o->fail_from_ns >= 0 && into_ns >= 0 && (o->fail_for_ns == 0 || into_ns < o->fail_for_ns);

	return is_time != l->is_failing; /* a signal turns it round */
}

bool
llm_worker_is_dead(const struct llm *l, const struct worker *w, int64_t at_ns)
{
	uint64_t count = l->options->fail_workers > 0 ? l->options->fail_workers : l->worker_count;

	return (size_t)(w - l->workers) < count && is_failing(l, at_ns);
}

const char *
llm_unavailable(const struct llm *l, int64_t at_ns)
{
	if (at_ns < l->ready_ns)
		return "the model is loading";
	if (l->is_draining)
		return "the server is shutting down";
	/* The last worker dies last. */
	return llm_worker_is_dead(l, &l->workers[l->worker_count - 1], at_ns) ? "no worker is there" : NULL;
}

void
llm_toggle_failure(struct llm *l)
{
	l->is_failing = !l->is_failing;
}

void
llm_drain(struct llm *l)
{
	int64_t now_ns = clock_now_ns(&monotonic_clock);

	if (l->is_draining) { /* told so twice: at once */
		target_stop(l->target);
		return;
	}
	l->is_draining = true;
	l->drain_until_ns = now_ns + l->options->drain_ns;
	llm_go_on_draining(l, now_ns);
	llm_set_wake(l);
}

/* First what is under way, then the saving of the state, then the end. */
void
llm_go_on_draining(struct llm *l, int64_t at_ns)
{
	if (!l->is_draining || l->target->is_stopping)
		return;
	if (l->stop_ns == INT64_MAX && (l->open == l->hanging || at_ns >= l->drain_until_ns)) {
		l->drain_until_ns = INT64_MAX;
		l->stop_ns = at_ns + control_save_at_end(l);
	}
	if (at_ns >= l->stop_ns) {
		l->stop_ns = INT64_MAX;
		target_stop(l->target);
	}
}
