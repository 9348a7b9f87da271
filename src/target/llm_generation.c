/* A request to a dialect as the target keeps it: from the pool, until on_done, which logs and counts it. */
#include "target/llm.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "target/llm_control.h"

#define HELD_MAX ((size_t)64 << 20) /* a cumulative dialect repeats its text in each of many coalesced events */
#define TIMES_FIRST 256

struct generation *
generation_take(struct llm *l)
{
	struct generation *g = list_first(&l->pool, struct generation, node);

	if (g == NULL) {
		g = must_alloc(sizeof(*g));
		list_init(&g->node);
		list_init(&g->ping_node);
		list_init(&g->sequence.node);
		buf_init(&g->held, HELD_MAX);
		g->llm = l;
	}
	list_remove(&g->node);
	l->open++;
	return g;
}

/* Its prompt, times and buffer keep their memory. */
static void
generation_give(struct generation *g)
{
	struct llm *l = g->llm;

	CHECK(g->sequence.place == SEQUENCE_OUT);
	list_remove(&g->ping_node);
	buf_clear(&g->held);
	g->request = NULL;
	g->worker = NULL;
	g->answer = (struct answer){0};
	g->visit = (struct visit){0};
	g->fault = FAULT_NONE;
	g->fault_at = g->reserved_tokens = g->held_events = g->events = 0;
	g->times_handed = 0;
	g->status = 0;
	g->finish = NULL;
	l->hanging -= g->is_hanging;
	g->is_open = g->has_session = g->is_hanging = false;
	l->open--;
	list_remove(&g->node);
	list_add_first(&l->pool, &g->node);
}

void
generation_reserve_times(struct generation *g)
{
	if (g->times_capacity >= g->answer.wanted_tokens)
		return;
	if (g->times_capacity == 0)
		g->times_capacity = TIMES_FIRST;
	while (g->times_capacity < g->answer.wanted_tokens)
		g->times_capacity *= 2;
	g->times = must_realloc(g->times, g->times_capacity * sizeof(*g->times));
}

static void
generation_log(struct generation *g, int64_t done_ns)
{
	const struct answer *a = &g->answer;

	truth_add_answer(&g->llm->target->truth, &(struct truth_answer){
							 .line = {.arrival_ns = g->request->arrival_ns,
								 .done_ns = done_ns,
								 .status = g->status,
								 .connection = g->request->connection,
								 .modelled_ns = g->due_ns},
							 .dialect = g->dialect->name,
							 .finish = g->finish,
							 .request_id = httpd_request_header(g->request, "x-request-id"),
							 .prompt_tokens = a->prompt_tokens,
							 .completion_tokens = a->makes_tokens ? a->made_tokens : 0,
							 .cached_tokens = a->cached_tokens,
							 .times = a->makes_tokens ? g->times : NULL,
						 });
}

void
llm_on_done(struct httpd_request *request, enum httpd_end end, void *user)
{
	struct target *t = user;
	struct generation *g = request->user;

	if (g == NULL) { /* not a dialect's */
		control_forget(t->llm, request);
		return;
	}
	struct llm *l = g->llm;
	int64_t done_ns = clock_now_ns(&monotonic_clock);

	if (end == HTTPD_GONE) {
		if (g->status != 0 || g->finish == NULL) /* else it was to get no whole answer */
			g->finish = "gone";
		g->status = 0;
		stream_stamp(g, 0);
	} else {
		stream_stamp(g, done_ns);
	}
	generation_log(g, done_ns);
	if (g->status == 0)
		t->stats.unanswered++;
	else
		stats_count_answer(&t->stats, g->status, done_ns - g->due_ns);
	t->stats.gone += end == HTTPD_GONE;
	t->stats.in_system--;
	if (g->worker != NULL)
		engine_leave(&g->worker->engine, &g->sequence);
	station_leave(&t->station, &g->visit);
	l->pool_used_tokens -= g->reserved_tokens;
	generation_give(g);
}

void
generations_free(struct llm *l)
{
	struct generation *g;

	while ((g = list_first(&l->pool, struct generation, node)) != NULL) {
		list_remove(&g->node);
		prompt_fini(&g->prompt);
		buf_fini(&g->held);
		free(g->times);
		free(g);
	}
}
