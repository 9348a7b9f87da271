#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "daemon/sink_parts.h"
#include "measure/exchange.h"
#include "plan/parse.h"
#include "plan/rows.h"

/* A POST, for webhooks and Alertmanager. The name is looked up anew for each attempt, in the thread pool. */

static void
on_answer(void *context, struct fetch *fetch, const struct fetch_answer *answer)
{
	struct sink *sink = context;
	char text[SINK_FAILURE_MAX];
	/* What is wrong with the request itself stays wrong; 408 and 429 ask for another try. */
	bool is_final = answer->failure == FAILURE_COUNT && answer->status >= 400 && answer->status < 500 &&
			answer->status != 408 && answer->status != 429;

	if (fetch_is_good(fetch, answer))
		sink_done(sink, NULL, false);
	else
		sink_done(sink, fetch_answer_text(answer, text, sizeof(text)), is_final);
}

/* The URL may hold a secret: messages call it by the sink's name. */
static bool
set_place(struct sink *sink, const char *url, const char *more_path, struct error *err)
{
	struct plan_context context = {.arena = &sink->arena};
	struct plan_node node = {.kind = NODE_SCALAR,
		.text = arena_printf(&sink->arena, "%.*s%s",
			(int)(strlen(url) - (more_path[0] != '\0' && url[0] != '\0' && url[strlen(url) - 1] == '/')),
			url, more_path),
		.source = sink->wish.name,
		.key = sink->ops->name,
		.is_tainted = true};
	struct error why = {0};

	if (!plan_parse_place(&context, &node, &sink->plan.place, &why) || sink->plan.place.is_of_target)
		return error_set(err, "%s: write a URL such as https://hooks.example.com/brunt", sink->ops->name);
	return true;
}

bool
sink_http_open(struct sink *sink, const char *url, const char *more_path, struct error *err)
{
	struct fetch *fetch = &sink->fetch;
	size_t more = sink->wish.headers.n;

	if (!set_place(sink, url, more_path, err))
		return false;
	sink->own_headers = sink->wish.secret != NULL ? 4 : 1;
	sink->headers = must_calloc(sink->own_headers + more, sizeof(*sink->headers));
	sink->headers[0] = (struct plan_pair){"Content-Type", "application/json"};
	if (sink->wish.secret != NULL) {
		sink->headers[1] = (struct plan_pair){"webhook-id", sink->id};
		sink->headers[2] = (struct plan_pair){"webhook-timestamp", sink->timestamp};
		sink->headers[3] = (struct plan_pair){"webhook-signature", sink->signature};
	}
	if (more > 0)
		memcpy(sink->headers + sink->own_headers, sink->wish.headers.items, more * sizeof(*sink->headers));
	sink->plan.method = "POST";
	sink->plan.timeout_ns = sink->wish.timeout_ns;
	sink->plan.headers = (struct plan_list){.items = sink->headers, .n = sink->own_headers + more};
	for (unsigned status = 200; status <= 299; status++)
		sink->plan.expect.statuses[(status - 100) / 64] |= UINT64_C(1) << ((status - 100) % 64);
	snprintf(sink->id, sizeof(sink->id), "none"); /* until there is a notice: a header must not be empty */
	snprintf(sink->timestamp, sizeof(sink->timestamp), "0");
	snprintf(sink->signature, sizeof(sink->signature), "none");
	sink->has_fetch = fetch_init(fetch, sink->loop, &sink->plan, on_answer, sink, err);
	return sink->has_fetch;
}

static void
look_up(uv_work_t *work)
{
	struct sink *sink = container_of(work, struct sink, work);

	sink->unresolved = (struct error){0};
	sink->is_resolved = fetch_resolve(&sink->fetch, &sink->unresolved);
}

static void
on_looked_up(uv_work_t *work, int status)
{
	struct sink *sink = container_of(work, struct sink, work);
	struct error err = {0};

	CHECK_OP(status, ==, 0);
	sink->is_resolving = false;
	if (sink->is_closing)
		sink_done(sink, "it was closed", true);
	else if (!sink->is_resolved)
		sink_done(sink, sink->unresolved.message, false);
	else if (!fetch_set_body(&sink->fetch, sink->body.bytes, sink->body.length, &err))
		sink_done(sink, err.message, true);
	else
		fetch_begin(&sink->fetch);
}

void
sink_http_post(struct sink *sink)
{
	sink->is_resolving = true;
	CHECK_OP(uv_queue_work(sink->loop, &sink->work, look_up, on_looked_up), ==, 0);
}

bool
sink_http_is_ready(const struct sink *sink)
{
	return !sink->is_resolving && !sink->fetch.is_busy;
}

void
sink_http_close(struct sink *sink)
{
	fetch_close(&sink->fetch);
}

bool
sink_http_is_closed(struct sink *sink)
{
	if (sink->is_resolving || !sink->fetch.is_closed)
		return false;
	fetch_fini(&sink->fetch);
	return true;
}
