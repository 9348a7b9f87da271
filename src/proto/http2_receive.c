#include <stdio.h>

#include "base/check.h"
#include "proto/http2.h"

/* What a server's frames mean. nghttp2 has checked them, and answers what is no matter of ours: it acknowledges
 * SETTINGS and PING, opens windows again, resets streams whose headers or lengths break the rules, and gives up on
 * peers that flood it. */

void
http2_break(struct http2 *h, enum failure failure)
{
	if (h->state.fate == PROTOCOL_BROKEN)
		return;
	h->state.fate = PROTOCOL_BROKEN;
	h->state.failure = failure;
	h->state.room = 0;
}

void
http2_look_at_room(struct http2 *h)
{
	uint32_t most = nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	if (most > h->streams_max)
		most = h->streams_max;
	/* After a GOAWAY, and when the numbers of streams are used up. */
	if (h->state.fate == PROTOCOL_OPEN && h->state.is_ready && !nghttp2_session_check_request_allowed(h->session))
		h->state.fate = PROTOCOL_DRAINING;
	h->state.room =
		h->state.fate == PROTOCOL_OPEN && h->state.is_ready && most > h->streams_n ? most - h->streams_n : 0;
}

static struct http2_exchange *
exchange_of(struct http2 *h, int32_t stream_id)
{
	if (h->heard == NULL || h->heard->stream_id != stream_id)
		h->heard = stream_id > 0 ? nghttp2_session_get_stream_user_data(h->session, stream_id) : NULL;
	return h->heard;
}

void
http2_forget(struct http2 *h, const struct http2_exchange *x)
{
	if (h->sending == x)
		h->sending = NULL;
	if (h->heard == x)
		h->heard = NULL;
}

/* From now on the stream is nobody's. */
static void
http2_end(struct http2 *h, struct http2_exchange *x, enum failure failure)
{
	nghttp2_session_set_stream_user_data(h->session, x->stream_id, NULL);
	http2_forget(h, x);
	protocol_end(&h->state, &x->x, failure);
}

/* An answer that came before the whole request was sent: the rest of it nobody wants. */
static void
http2_complete(struct http2 *h, struct http2_exchange *x)
{
	if (!x->x.is_sent_whole)
		nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, x->stream_id, NGHTTP2_CANCEL);
	http2_end(h, x, x->has_head ? FAILURE_COUNT : FAILURE_PROTOCOL);
}

static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *frame, void *context)
{
	struct http2 *h = context;
	struct http2_exchange *x = exchange_of(h, frame->stream_id);

	(void)session;
	if (x != NULL) {
		x->x.bytes_received += HTTP2_FRAME_HEAD_BYTES;
		protocol_note_news(&h->state, &x->x);
	}
	return 0;
}

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http2_exchange *x = exchange_of(context, frame->hd.stream_id);

	(void)session;
	if (x != NULL && !x->has_head)
		x->status = 0;
	return 0;
}

static void
http2_tell_field(
	const struct http2_exchange *x, const char *name, size_t name_length, const char *value, size_t value_length)
{
	const struct protocol_ear *ear = &x->x.ear;

	if (name_length + value_length > PROTOCOL_FIELD_MAX)
		return;
	if (x->has_head) {
		if (ear->on_trailer != NULL)
			ear->on_trailer(ear->context, name, name_length, value, value_length);
	} else if (x->status >= 200 && ear->on_header != NULL)
		ear->on_header(ear->context, name, name_length, value, value_length);
}

/* A field counts as RFC 9113 §6.5.2 has it: 32 bytes more than its name and its value. */
static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
	const uint8_t *value, size_t value_length, uint8_t flags, void *context)
{
	struct http2_exchange *x = exchange_of(context, frame->hd.stream_id);
	size_t size = name_length + value_length + 32;

	(void)session;
	(void)flags;
	if (x == NULL)
		return 0;
	if (size > x->room_bytes) {
		x->is_too_large = true;
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the stream is reset */
	}
	x->room_bytes -= size;
	if (name[0] == ':') /* a response has :status alone, of three digits: nghttp2 sees to that */
		x->status = (uint16_t)((value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0'));
	else
		http2_tell_field(x, (const char *)name, name_length, (const char *)value, value_length);
	return 0;
}

static int
on_body(nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes, size_t length, void *context)
{
	struct http2_exchange *x = exchange_of(context, stream_id);

	(void)session;
	(void)flags;
	if (x != NULL && x->x.ear.on_body != NULL)
		x->x.ear.on_body(x->x.ear.context, (const char *)bytes, length);
	return 0;
}

static void
http2_take_frame(struct http2 *h, const nghttp2_frame *frame, struct http2_exchange *x)
{
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (!x->has_head && x->status >= 200) {
			x->has_head = true;
			x->x.status = x->status;
		}
		break;
	case NGHTTP2_DATA: break;
	case NGHTTP2_RST_STREAM:
		x->is_reset = true;
		x->reset_error = frame->rst_stream.error_code;
		return;
	default: return;
	}
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		http2_complete(h, x);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http2 *h = context;
	struct http2_exchange *x = exchange_of(h, frame->hd.stream_id);

	(void)session;
	if (x != NULL) {
		x->x.bytes_received += frame->hd.length;
		http2_take_frame(h, frame, x);
	} else if (frame->hd.type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK))
		h->state.is_ready = true;
	return 0;
}

/* By what the server says of it (RFC 9113 §7). */
static enum failure
failure_of_reset(uint32_t error)
{
	switch (error) {
	case NGHTTP2_REFUSED_STREAM: return FAILURE_STREAM_REFUSED;
	case NGHTTP2_ENHANCE_YOUR_CALM: return FAILURE_STREAM_CALM;
	case NGHTTP2_INTERNAL_ERROR: return FAILURE_STREAM_INTERNAL;
	case NGHTTP2_NO_ERROR:
	case NGHTTP2_CANCEL: return FAILURE_STREAM_CANCELLED;
	default: return FAILURE_STREAM_RESET;
	}
}

/* Of errors that share a row: which one it was. */
static const char *
words_of_reset(struct http2_exchange *x)
{
	snprintf(x->words, HTTP2_WORDS_MAX, "%s (0x%x)", nghttp2_http2_strerror(x->reset_error), x->reset_error);
	return x->words;
}

/* A stream that a GOAWAY leaves out is closed by nghttp2 as refused, and one that broke the rules it has reset itself.
 */
static int
on_stream_close(nghttp2_session *session, int32_t stream_id, uint32_t error, void *context)
{
	struct http2 *h = context;
	struct http2_exchange *x = exchange_of(h, stream_id);

	(void)session;
	CHECK_OP(h->streams_n, >, 0);
	h->streams_n--;
	if (x == NULL)
		return 0;
	x->x.is_refused = error == NGHTTP2_REFUSED_STREAM;
	if (x->is_reset && failure_of_reset(x->reset_error) == FAILURE_STREAM_RESET)
		x->x.words = words_of_reset(x);
	if (x->is_too_large)
		http2_end(h, x, FAILURE_TOO_LARGE);
	else if (x->is_reset || x->x.is_refused)
		http2_end(h, x, failure_of_reset(x->is_reset ? x->reset_error : error));
	else
		http2_end(h, x, FAILURE_PROTOCOL);
	return 0;
}

void
http2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_body);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
