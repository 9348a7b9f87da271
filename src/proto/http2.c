#include "proto/http2.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* HTTP/2 (RFC 9113) by nghttp2: many exchanges on one connection, each a stream of its own. What a turn has to send,
 * requests of many exchanges among it, goes into one buffer, so that one write carries it. */

/* Most that one output holds, and what the frame that passes it may need. */
#define HTTP2_OUTPUT_BYTES ((size_t)64 * 1024)
#define HTTP2_OUTPUT_ROOM (HTTP2_OUTPUT_BYTES + 32 * 1024)

/* As wide as windows may be: whatever comes is looked at at once and kept nowhere. */
#define HTTP2_WINDOW_BYTES (1 << 30)

static ssize_t
read_body(nghttp2_session *session, int32_t stream_id, uint8_t *into, size_t room, uint32_t *flags,
	nghttp2_data_source *source, void *context)
{
	struct http2 *h = context;
	struct http2_exchange *x = nghttp2_session_get_stream_user_data(session, stream_id);

	(void)source;
	h->sending = x;
	if (x == NULL) /* it ended, or was cancelled, and its RST_STREAM is on the way */
		return NGHTTP2_ERR_DEFERRED;
	size_t n = x->body_length < room ? x->body_length : room;

	memcpy(into, x->body, n);
	x->body += n;
	x->body_length -= n;
	if (x->body_length == 0) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		x->x.is_sent_whole = true;
	}
	return (ssize_t)n;
}

/* Every frame but DATA: whose it is, and where in the output it begins. A GOAWAY with an error is what nghttp2 says
 * when the server broke the rules for all. */
static int
before_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http2 *h = context;
	int32_t id = frame->hd.stream_id;

	h->sending = id > 0 ? nghttp2_session_get_stream_user_data(session, id) : NULL;
	if (h->sending != NULL && frame->hd.type == NGHTTP2_HEADERS) {
		h->sending->x.begins_at = h->out_length;
		h->sending->x.is_sent_whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	}
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		http2_break(h, FAILURE_PROTOCOL);
	return 0;
}

static nghttp2_session *
http2_session(struct http2 *h)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;

	CHECK_OP(nghttp2_session_callbacks_new(&callbacks), ==, 0);
	http2_set_callbacks(callbacks);
	nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, before_frame);
	CHECK_OP(nghttp2_session_client_new3(&session, callbacks, h, NULL, &h->memory.mem), ==, 0);
	nghttp2_session_callbacks_del(callbacks);
	return session;
}

static void
http2_init(void *state, const struct plan *plan, bool is_tls)
{
	struct http2 *h = state;

	*h = (struct http2){
		.scheme = is_tls ? "https" : "http",
		.streams_max = (uint32_t)plan->target.streams,
		.ceiling_bytes = plan->target.response_ceiling_bytes,
	};
	protocol_state_init(&h->state);
	h->out = must_alloc(HTTP2_OUTPUT_ROOM);
	http2_memory_init(&h->memory);
	h->session = http2_session(h);
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_WINDOW_BYTES},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)h->ceiling_bytes},
	};

	CHECK_OP(nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)), ==, 0);
	CHECK_OP(nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, HTTP2_WINDOW_BYTES), ==, 0);
	h->state.has_output = true;
}

static void
http2_fini(void *state)
{
	struct http2 *h = state;

	nghttp2_session_del(h->session);
	http2_memory_fini(&h->memory);
	free(h->out);
}

static void
http2_begin(void *state, struct protocol_exchange *exchange, const struct plan_request *request, const char *bytes,
	size_t length, const struct protocol_ear *ear)
{
	struct http2 *h = state;
	struct http2_exchange *x = container_of(exchange, struct http2_exchange, x);
	const nghttp2_data_provider body = {.read_callback = read_body};
	nghttp2_nv fields[HTTP2_FIELDS_MAX];
	size_t body_at, fields_n = http2_split(bytes, length, h->scheme, fields, &body_at);

	(void)request;
	CHECK_OP(h->state.room, >, 0);
	protocol_exchange_begin(&x->x, ear);
	x->x.begins_at = SIZE_MAX; /* known when nghttp2 puts it into the output */
	x->body = bytes + body_at;
	x->body_length = length - body_at;
	x->room_bytes = h->ceiling_bytes;
	x->status = 0;
	x->has_head = x->is_too_large = x->is_reset = false;
	x->stream_id = nghttp2_submit_request(h->session, NULL, fields, fields_n, x->body_length > 0 ? &body : NULL, x);
	CHECK_OP(x->stream_id, >, 0);
	list_add_last(&h->state.unsent, &x->x.unsent);
	h->streams_n++;
	h->state.has_output = true;
	http2_look_at_room(h);
}

static size_t
http2_output(void *state, const char **bytes)
{
	struct http2 *h = state;

	h->out_length = 0;
	while (h->out_length < HTTP2_OUTPUT_BYTES) {
		const uint8_t *piece;
		ssize_t n = nghttp2_session_mem_send(h->session, &piece);

		if (n < 0)
			http2_break(h, FAILURE_PROTOCOL);
		if (n <= 0) {
			h->state.has_output = false;
			break;
		}
		CHECK_OP(h->out_length + (size_t)n, <=, HTTP2_OUTPUT_ROOM);
		memcpy(h->out + h->out_length, piece, (size_t)n);
		h->out_length += (size_t)n;
		if (h->sending != NULL)
			h->sending->x.bytes_sent += (uint64_t)n;
	}
	http2_look_at_room(h);
	*bytes = h->out;
	return h->out_length;
}

/* NGHTTP2_ERR_TOO_MANY_CONTINUATIONS, which headers before 1.61 need not name. */
#define TOO_MANY_CONTINUATIONS (-905)

static bool
is_flood(ssize_t error)
{
	return error == NGHTTP2_ERR_FLOODED || error == TOO_MANY_CONTINUATIONS;
}

static void
http2_on_bytes(void *state, const char *bytes, size_t length)
{
	struct http2 *h = state;
	ssize_t n = nghttp2_session_mem_recv(h->session, (const uint8_t *)bytes, length);

	if (n < 0) {
		http2_break(h, is_flood(n) ? FAILURE_FLOODED : FAILURE_PROTOCOL);
		h->state.words = nghttp2_strerror((int)n);
	}
	h->state.has_output |= nghttp2_session_want_write(h->session) != 0;
	http2_look_at_room(h);
}

static void
http2_on_eof(void *state)
{
	struct http2 *h = state;

	if (h->streams_n > 0)
		http2_break(h, FAILURE_TRUNCATED);
	else
		h->state.fate = PROTOCOL_DRAINING;
	http2_look_at_room(h);
}

static bool
http2_cancel(void *state, struct protocol_exchange *exchange)
{
	struct http2 *h = state;
	struct http2_exchange *x = container_of(exchange, struct http2_exchange, x);

	http2_forget(h, x);
	CHECK_OP(nghttp2_session_set_stream_user_data(h->session, x->stream_id, NULL), ==, 0);
	nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, x->stream_id, NGHTTP2_CANCEL);
	h->state.has_output = true;
	return true;
}

static const char *const http2_alpn[] = {"h2", NULL};

/* In the clear the target is known to speak it (RFC 9113 §3.3). */
static const struct protocol_ops *
http2_agree(bool is_tls, const char *alpn)
{
	return !is_tls || (alpn != NULL && strcmp(alpn, "h2") == 0) ? &http2_protocol : NULL;
}

const struct protocol_ops http2_protocol = {
	.choice = {.name = "2",
		.help = "HTTP/2, many requests at a time per connection (target.streams)",
		.is_multiplexed = true},
	.needs_stream = true,
	.state_size = sizeof(struct http2),
	.exchange_size = sizeof(struct http2_exchange),
	.alpn = http2_alpn,
	.agree = http2_agree,
	.compose = http2_compose,
	.init = http2_init,
	.fini = http2_fini,
	.begin = http2_begin,
	.output = http2_output,
	.on_bytes = http2_on_bytes,
	.on_eof = http2_on_eof,
	.cancel = http2_cancel,
};
