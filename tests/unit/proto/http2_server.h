#pragma once

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"

/* The other end of an HTTP/2 connection, by nghttp2's server: what it was asked, and what it is to answer. */

#define SERVER_REQUESTS_MAX 512

struct http2_server {
	nghttp2_session *session;
	struct buf asked; /* of each request "METHOD PATH name=value;… body\n", in the order in which they ended */
	struct buf heads[SERVER_REQUESTS_MAX];
	size_t bodies[SERVER_REQUESTS_MAX]; /* bytes of them */
	uint32_t resets[SERVER_REQUESTS_MAX];
	bool was_reset[SERVER_REQUESTS_MAX];
	int32_t ended[SERVER_REQUESTS_MAX]; /* ids of streams whose request is complete */
	size_t ended_n;
	const char *body; /* of the answer under way */
	size_t body_length;
	const nghttp2_nv *trailers;
	size_t trailers_n;
};

static inline size_t
server_index(int32_t stream_id)
{
	size_t i = (size_t)stream_id / 2;

	CHECK(i < SERVER_REQUESTS_MAX);
	return i;
}

static inline int
server_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
	const uint8_t *value, size_t value_length, uint8_t flags, void *context)
{
	struct http2_server *s = context;

	(void)session;
	(void)flags;
	buf_printf(&s->heads[server_index(frame->hd.stream_id)], "%.*s=%.*s;", (int)name_length, (const char *)name,
		(int)value_length, (const char *)value);
	return 0;
}

static inline int
server_on_body(
	nghttp2_session *session, uint8_t flags, int32_t stream_id, const uint8_t *bytes, size_t length, void *context)
{
	struct http2_server *s = context;

	(void)session;
	(void)flags;
	(void)bytes;
	s->bodies[server_index(stream_id)] += length;
	return 0;
}

static inline int
server_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct http2_server *s = context;

	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM) {
		s->was_reset[server_index(frame->hd.stream_id)] = true;
		s->resets[server_index(frame->hd.stream_id)] = frame->rst_stream.error_code;
	} else if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
		   (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		s->ended[s->ended_n++] = frame->hd.stream_id;
	return 0;
}

static inline void
server_init(struct http2_server *s, const nghttp2_settings_entry *settings, size_t settings_n)
{
	nghttp2_session_callbacks *callbacks;

	*s = (struct http2_server){0};
	for (size_t i = 0; i < SERVER_REQUESTS_MAX; i++)
		buf_init(&s->heads[i], 1 << 20);
	CHECK_OP(nghttp2_session_callbacks_new(&callbacks), ==, 0);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, server_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, server_on_body);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, server_on_frame);
	CHECK_OP(nghttp2_session_server_new(&s->session, callbacks, s), ==, 0);
	nghttp2_session_callbacks_del(callbacks);
	CHECK_OP(nghttp2_submit_settings(s->session, NGHTTP2_FLAG_NONE, settings, settings_n), ==, 0);
}

static inline void
server_fini(struct http2_server *s)
{
	nghttp2_session_del(s->session);
	for (size_t i = 0; i < SERVER_REQUESTS_MAX; i++)
		buf_fini(&s->heads[i]);
}

/* What it has to say goes behind what `into` holds. */
static inline void
server_speak(struct http2_server *s, struct buf *into)
{
	const uint8_t *bytes;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(s->session, &bytes)) > 0)
		CHECK(buf_add(into, bytes, (size_t)n));
	CHECK_OP(n, ==, 0);
}

static inline void
server_hear(struct http2_server *s, const char *bytes, size_t length)
{
	CHECK_OP(nghttp2_session_mem_recv(s->session, (const uint8_t *)bytes, length), ==, length);
}

static inline ssize_t
server_read_body(nghttp2_session *session, int32_t stream_id, uint8_t *into, size_t room, uint32_t *flags,
	nghttp2_data_source *source, void *context)
{
	struct http2_server *s = context;
	size_t n = s->body_length < room ? s->body_length : room;

	(void)source;
	memcpy(into, s->body, n);
	s->body += n;
	s->body_length -= n;
	if (s->body_length == 0) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (s->trailers_n > 0) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			CHECK_OP(nghttp2_submit_trailer(session, stream_id, s->trailers, s->trailers_n), ==, 0);
		}
	}
	return (ssize_t)n;
}

static inline nghttp2_nv
server_field(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)name, .value = (uint8_t *)value, .namelen = strlen(name), .valuelen = strlen(value)};
}

/* One answer at a time is put together: speak before the next. body NULL: none. */
static inline void
server_answer(struct http2_server *s, int32_t stream_id, const nghttp2_nv *fields, size_t fields_n, const char *body,
	size_t body_length)
{
	const nghttp2_data_provider provider = {.read_callback = server_read_body};

	s->body = body;
	s->body_length = body_length;
	CHECK_OP(nghttp2_submit_response(s->session, stream_id, fields, fields_n, body != NULL ? &provider : NULL), ==,
		0);
}

static inline void
server_answer_ok(struct http2_server *s, int32_t stream_id, const char *body)
{
	const nghttp2_nv ok = server_field(":status", "200");

	server_answer(s, stream_id, &ok, 1, body, strlen(body));
}
