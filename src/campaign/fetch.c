#include "campaign/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "net/gate.h"

/* What a header section may have, and so what one request of ours keeps at the most. */
#define FETCH_HEADERS_CEILING ((size_t)64 * 1024)
#define FETCH_REQUEST_CEILING ((size_t)2 * 1024 * 1024) /* a body is part of the profile */

static int64_t
now_ns(void)
{
	return clock_now_ns(&monotonic_clock);
}

static void
fetch_closed_one(struct fetch *fetch)
{
	fetch->is_closed = fetch->is_timer_closed && !fetch->is_open;
}

static void
fetch_on_timer_closed(uv_handle_t *handle)
{
	struct fetch *fetch = handle->data;

	fetch->is_timer_closed = true;
	fetch_closed_one(fetch);
}

static void
fetch_report(struct fetch *fetch)
{
	uv_timer_stop(&fetch->timer);
	fetch->is_busy = false;
	fetch->on_done(fetch->context, fetch, &fetch->answer);
}

static void
fetch_on_report_timer(uv_timer_t *timer)
{
	fetch_report(timer->data);
}

/* Closes the connection, after which the answer is told, or the next address tried. */
static void
fetch_finish(struct fetch *fetch, enum failure failure)
{
	fetch->answer.failure = failure;
	fetch->answer.ended_ns = now_ns();
	snprintf(fetch->answer.words, sizeof(fetch->answer.words), "%s",
		failure != FAILURE_COUNT ? stream_words(&fetch->stream) : "");
	stream_close(&fetch->stream, failure != FAILURE_COUNT);
}

static void fetch_connect(struct fetch *fetch);

static void
fetch_on_closed(struct stream *stream)
{
	struct fetch *fetch = container_of(stream, struct fetch, stream);
	bool may_go_on = !fetch->is_connected && !fetch->is_overdue && fetch->address + 1 < fetch->addresses.n;

	fetch->is_open = false;
	if (fetch->is_closing) {
		fetch_closed_one(fetch);
	} else if (may_go_on) {
		fetch->address++;
		fetch_connect(fetch);
	} else
		fetch_report(fetch);
}

static void
fetch_on_connected(struct stream *stream, enum failure failure)
{
	struct fetch *fetch = container_of(stream, struct fetch, stream);
	const char *bytes;
	size_t length, written;
	int error;

	if (failure != FAILURE_COUNT) {
		fetch_finish(fetch, failure);
		return;
	}
	fetch->is_connected = true;
	http1_protocol.init(fetch->state, &fetch->target, false);
	http1_protocol.begin(
		fetch->state, fetch->exchange, &fetch->request, fetch->bytes.bytes, fetch->bytes.length, &fetch->ear);
	length = http1_protocol.output(fetch->state, &bytes);
	if (stream_write(stream, bytes, length, &written, &error) == STREAM_FAILED)
		fetch_finish(fetch, failure_from_io_errno(-error));
}

static void
fetch_on_eof(struct fetch *fetch)
{
	((struct protocol_state *)fetch->state)->was_cut = fetch->stream.is_truncated;
	http1_protocol.on_eof(fetch->state);
}

static void
fetch_on_read(struct stream *stream, const char *bytes, long length)
{
	struct fetch *fetch = container_of(stream, struct fetch, stream);

	if (length < 0) {
		fetch_finish(fetch, failure_from_io_errno((int)-length));
		return;
	}
	if (length > 0)
		http1_protocol.on_bytes(fetch->state, bytes, (size_t)length);
	else
		fetch_on_eof(fetch);
	if (fetch->is_enough) {
		fetch_finish(fetch, FAILURE_BODY);
		return;
	}
	if (!fetch->exchange->has_ended)
		return;
	if (fetch->exchange->failure == FAILURE_COUNT)
		fetch->answer.status = fetch->exchange->status;
	fetch_finish(fetch, fetch->exchange->failure);
}

static void
fetch_on_written(struct stream *stream)
{
	(void)stream; /* the answer is waited for anyway */
}

static const struct stream_events fetch_stream_events = {
	.on_connected = fetch_on_connected,
	.on_read = fetch_on_read,
	.on_written = fetch_on_written,
	.on_closed = fetch_on_closed,
};

static void
fetch_on_deadline(uv_timer_t *timer)
{
	struct fetch *fetch = timer->data;

	if (!fetch->is_open || fetch->stream.is_closing)
		return;
	fetch->is_overdue = true;
	fetch_finish(fetch, fetch->is_connected            ? FAILURE_RESPONSE_TIMEOUT
			    : fetch->stream.is_handshaking ? FAILURE_TLS_TIMEOUT
							   : FAILURE_CONNECT_TIMEOUT);
}

static void
fetch_connect(struct fetch *fetch)
{
	enum failure failure;

	const struct stream_way way = {
		.to = &fetch->addresses.list[fetch->address], .name = fetch->plan->place.url.host, .tls = fetch->tls};

	if (stream_connect(&fetch->stream, fetch->loop, &way, &fetch_stream_events, &failure) != STREAM_FAILED) {
		fetch->is_open = true;
		return;
	}
	fetch->answer.failure = failure;
	fetch->answer.ended_ns = now_ns();
	CHECK_OP(uv_timer_start(&fetch->timer, fetch_on_report_timer, 0, 0), ==, 0);
}

/* Its own headers, those of the plan, and what a body that looks like JSON wants. */
static void
fetch_set_headers(struct fetch *fetch)
{
	const struct plan_fetch *plan = fetch->plan;
	const struct plan_list *more = &plan->headers;
	bool is_json = plan->body != NULL && strchr("{[", plan->body[strspn(plan->body, " \t\r\n")]) != NULL;
	struct plan_pair *headers = must_calloc(more->n + 2, sizeof(*headers));
	size_t n = 0;

	headers[n++] = (struct plan_pair){"Connection", "close"};
	if (is_json)
		headers[n++] = (struct plan_pair){"Content-Type", "application/json"};
	for (size_t i = 0; i < more->n; i++)
		headers[n++] = ((const struct plan_pair *)more->items)[i];
	fetch->request.headers = (struct plan_list){.items = headers, .n = n};
}

/* Into fetch->bytes. */
static bool
fetch_compose(struct fetch *fetch, const char *body, size_t length, struct error *err)
{
	const struct plan_fetch *plan = fetch->plan;

	fetch->target.target.url = plan->place.url;
	fetch->target.target.response_ceiling_bytes = FETCH_HEADERS_CEILING;
	fetch->request = (struct plan_request){
		.name = plan->place.shown, .method = plan->method, .path = plan->place.path, .body = body};
	fetch->request.body_length = length;
	buf_clear(&fetch->bytes);
	fetch_set_headers(fetch);
	bool is_composed = http1_protocol.compose(&fetch->target, &fetch->request, &fetch->bytes, err) &&
			   (body == NULL || buf_add(&fetch->bytes, body, length));

	free(fetch->request.headers.items); /* they are in the bytes now, and so is the body */
	fetch->request.headers = (struct plan_list){0};
	if (is_composed || error_is_set(err))
		return is_composed;
	return error_set(err, "'%s': the request is larger than %zu bytes", plan->place.shown, FETCH_REQUEST_CEILING);
}

/* True: also where none is wanted. */
static bool
fetch_make_tls(struct fetch *fetch, struct error *err)
{
	const struct plan_place *place = &fetch->plan->place;

	if (!plan_url_is_tls(&place->url))
		return true;
	fetch->tls = tls_context_new(&place->tls, place->url.host, http1_protocol.alpn, err);
	return fetch->tls != NULL;
}

bool
fetch_init(struct fetch *fetch, uv_loop_t *loop, const struct plan_fetch *plan,
	void (*on_done)(void *context, struct fetch *fetch, const struct fetch_answer *answer), void *context,
	struct error *err)
{
	*fetch = (struct fetch){.loop = loop, .plan = plan, .on_done = on_done, .context = context};
	buf_init(&fetch->bytes, FETCH_REQUEST_CEILING);
	if (!fetch_compose(fetch, plan->body, plan->body != NULL ? strlen(plan->body) : 0, err) ||
		!fetch_make_tls(fetch, err)) {
		buf_fini(&fetch->bytes);
		return false;
	}
	fetch->state = must_alloc(http1_protocol.state_size);
	fetch->exchange = must_alloc(http1_protocol.exchange_size);
	CHECK_OP(uv_timer_init(loop, &fetch->timer), ==, 0);
	fetch->timer.data = fetch;
	stream_measure_clocks();
	return true;
}

bool
fetch_set_body(struct fetch *fetch, const char *bytes, size_t length, struct error *err)
{
	CHECK(!fetch->is_busy);
	return fetch_compose(fetch, bytes, length, err);
}

void
fetch_close(struct fetch *fetch)
{
	if (fetch->state == NULL || fetch->is_closing)
		return;
	fetch->is_closing = true;
	uv_close((uv_handle_t *)&fetch->timer, fetch_on_timer_closed);
	if (fetch->is_open && !fetch->stream.is_closing)
		stream_close(&fetch->stream, true);
}

void
fetch_fini(struct fetch *fetch)
{
	if (fetch->state == NULL)
		return;
	CHECK(fetch->is_closed);
	buf_fini(&fetch->bytes);
	tls_context_free(fetch->tls);
	free(fetch->state);
	free(fetch->exchange);
	fetch->state = NULL;
}

bool
fetch_resolve(struct fetch *fetch, struct error *err)
{
	static const char of_target[] = "target.url: ";
	struct error why = {0};

	fetch->is_refused = false;
	if (addresses_resolve(&fetch->plan->place.url, &fetch->addresses, &why)) {
		fetch->is_refused = !gate_check_addresses(&fetch->plan->place.url, &fetch->addresses, err);
		return !fetch->is_refused;
	}
	bool blames_target = strncmp(why.message, of_target, strlen(of_target)) == 0;

	return error_set(
		err, "%s: %s", fetch->plan->place.shown, why.message + (blames_target ? strlen(of_target) : 0));
}

void
fetch_begin(struct fetch *fetch)
{
	CHECK(!fetch->is_busy && !fetch->is_closing);
	CHECK_OP(fetch->addresses.n, >, 0);
	fetch->is_busy = true;
	fetch->is_connected = fetch->is_overdue = fetch->is_enough = false;
	fetch->address = 0;
	fetch->answer = (struct fetch_answer){.failure = FAILURE_COUNT, .began_ns = now_ns()};
	uint64_t timeout_ms = (uint64_t)((fetch->plan->timeout_ns + NS_PER_MS - 1) / NS_PER_MS);

	CHECK_OP(uv_timer_start(&fetch->timer, fetch_on_deadline, timeout_ms, 0), ==, 0);
	fetch_connect(fetch);
}

uint16_t
fetch_status(const struct fetch *fetch)
{
	return fetch->exchange->status;
}

const char *
fetch_answer_text(const struct fetch_answer *answer, char *into, size_t size)
{
	if (answer->failure == FAILURE_COUNT)
		snprintf(into, size, "it answered %u", (unsigned)answer->status);
	else
		snprintf(into, size, "%s%s%s", failure_rows[answer->failure].sentence,
			answer->words[0] != '\0' ? ": " : "", answer->words);
	return into;
}

bool
fetch_is_good(const struct fetch *fetch, const struct fetch_answer *answer)
{
	return answer->failure == FAILURE_COUNT && plan_status_expected(&fetch->plan->expect, answer->status);
}
