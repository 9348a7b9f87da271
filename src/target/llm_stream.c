/* What leaves, and when: events into one write per step, faults, and the time of each token. */
#include "target/llm.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"

static const char json_type[] = "Content-Type: application/json\r\n";

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

void
stream_stamp(struct generation *g, int64_t handed_ns)
{
	for (; g->times_handed < g->answer.made_tokens; g->times_handed++)
		g->times[g->times_handed].handed_ns = handed_ns;
}

/* The peer does not read, and what waits for it has reached its ceiling. */
static void
give_up(struct generation *g)
{
	g->status = 0;
	g->finish = "slow";
	g->llm->counts.slow++;
	httpd_drop(g->request);
}

static bool
push(struct generation *g)
{
	enum httpd_push pushed = httpd_stream_push(g->request, g->held.bytes, g->held.length);

	if (pushed == HTTPD_PUSH_GONE)
		return false;
	buf_clear(&g->held);
	g->held_events = 0;
	if (pushed == HTTPD_PUSH_FULL) {
		give_up(g);
		return false;
	}
	stream_stamp(g, pushed == HTTPD_PUSH_SENT ? now_ns() : 0);
	return true;
}

void
stream_open(struct generation *g)
{
	char headers[128];

	if (!g->answer.ask.is_stream || g->is_open)
		return;
	g->is_open = true;
	g->status = 200;
	snprintf(headers, sizeof(headers), "Content-Type: %s\r\nCache-Control: no-cache\r\n", g->dialect->content_type);
	httpd_stream_begin(g->request, 200, headers);
}

bool
stream_begin(struct generation *g)
{
	if (!g->answer.ask.is_stream)
		return true;
	stream_open(g);
	g->dialect->begin(&g->answer, &g->held);
	return push(g);
}

/* Not among events that wait for company: they would leave with it. */
bool
stream_ping(struct generation *g)
{
	if (g->held_events > 0)
		return true;
	buf_add_text(&g->held, g->dialect->ping);
	return push(g);
}

static void
add_event(struct generation *g, struct run run)
{
	uint64_t empty_every = g->llm->options->empty_every;

	if (empty_every > 0 && g->events % empty_every == 0 && !run.is_tool)
		g->dialect->tokens(&g->answer,
			(struct run){.from = run.from, .to = run.from, .is_reasoning = run.is_reasoning}, &g->held);
	g->dialect->tokens(&g->answer, run, &g->held);
	g->events++;
	g->held_events++;
}

/* Tokens [from, to): one event for each channel that has any of them. */
static void
add_events(struct generation *g, uint64_t from, uint64_t to)
{
	uint64_t content_from = g->answer.reasoning_tokens, tool_from = answer_tool_from(&g->answer);
	struct run runs[] = {
		{.from = 0, .to = content_from, .is_reasoning = true},
		{.from = content_from, .to = tool_from},
		{.from = tool_from, .to = g->answer.wanted_tokens, .is_tool = true},
	};

	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		struct run *r = &runs[i];

		r->from = r->from > from ? r->from : from;
		r->to = r->to < to ? r->to : to;
		if (r->from < r->to)
			add_event(g, *r);
	}
}

bool
stream_tokens(struct generation *g, uint64_t count)
{
	struct answer *a = &g->answer;

	if (!g->is_open)
		return true;
	add_events(g, a->made_tokens - count, a->made_tokens);
	bool is_last = a->made_tokens == a->wanted_tokens; /* leaves with the end of the stream */

	return is_last || g->held_events < g->llm->options->coalesce || push(g);
}

static void
answer_whole(struct generation *g)
{
	struct buf *text = &g->llm->scratch;

	buf_clear(text);
	g->status = 200;
	g->dialect->whole(&g->answer, text);
	httpd_answer_text(g->request, 200, json_type, text->bytes, text->length);
}

static const char *
finish_word(enum finish finish)
{
	switch (finish) {
	case FINISH_LENGTH: return "length";
	case FINISH_TOOL: return "tool";
	case FINISH_STOP:
	case FINISH_NONE: break;
	}
	return "stop";
}

/* The tokens not handed over yet are so by the same write; on_done stamps them. */
void
stream_finish(struct generation *g)
{
	g->finish = finish_word(g->answer.finish);
	g->llm->counts.finished++;
	list_remove(&g->ping_node); /* its end may still have to wait for the peer */
	if (!g->is_open) {
		answer_whole(g);
		return;
	}
	g->dialect->finish(&g->answer, &g->held);
	httpd_stream_end(g->request, g->held.bytes, g->held.length);
}

static void
break_whole(struct generation *g)
{
	if (g->fault == FAULT_ERROR) {
		stream_refuse(g, 500, NULL, "the model failed in the middle of the answer");
		return;
	}
	g->status = 0;
	httpd_drop(g->request);
}

void
stream_break(struct generation *g)
{
	static const char *const words[] = {
		[FAULT_ERROR] = "error", [FAULT_TRUNCATE] = "truncated", [FAULT_RESET] = "reset"};
	struct llm_counts *counts = &g->llm->counts;

	CHECK(g->fault != FAULT_NONE);
	list_remove(&g->ping_node);
	counts->stream_errors += g->fault == FAULT_ERROR;
	counts->truncated += g->fault == FAULT_TRUNCATE;
	counts->resets += g->fault == FAULT_RESET;
	g->finish = words[g->fault];
	if (!g->is_open) {
		break_whole(g);
		return;
	}
	if (g->fault == FAULT_ERROR) {
		g->dialect->fail(&g->answer, "the model failed in the middle of the answer", &g->held);
		httpd_stream_end(g->request, g->held.bytes, g->held.length);
		return;
	}
	g->status = 0;
	if (g->held.length == 0 || push(g))
		httpd_stream_cut(g->request, g->fault == FAULT_RESET ? HTTPD_CUT_RESET : HTTPD_CUT_CLOSE);
}

void
stream_refuse(struct generation *g, int status, const char *more, const char *message)
{
	struct buf *text = &g->llm->scratch;
	char headers[160];

	buf_clear(text);
	g->status = status;
	if (g->finish == NULL)
		g->finish = "refused";
	snprintf(headers, sizeof(headers), "%s%s", json_type, more != NULL ? more : "");
	g->dialect->refuse(status, message, text);
	httpd_answer_text(g->request, status, headers, text->bytes, text->length);
}
