#pragma once

#include <nghttp2/nghttp2.h>

#include "proto/http2_memory.h"
#include "proto/protocol.h"

/* What http2.c (sending), http2_receive.c (receiving) and http2_head.c (requests' heads) have of one another. */

#define HTTP2_FRAME_HEAD_BYTES 9 /* RFC 9113 §4.1 */

/* More are refused when the request is composed. */
#define HTTP2_FIELDS_MAX 128

struct http2 {
	struct protocol_state state;
	nghttp2_session *session;
	struct http2_memory memory; /* the session's */
	const char *scheme;
	uint32_t streams_max;   /* of ours; the server's settings may hold fewer */
	uint32_t streams_n;     /* open, or still to be opened, as nghttp2 counts them */
	uint64_t ceiling_bytes; /* of a response's header sections together */
	char *out;
	size_t out_length;
	struct http2_exchange *sending; /* whose frame is put together; NULL: nobody's */
	struct http2_exchange *heard;   /* whose frame came last: most callbacks are of the same; NULL: not known */
};

#define HTTP2_WORDS_MAX 40

struct http2_exchange {
	struct protocol_exchange x;
	int32_t stream_id;
	const char *body; /* what is left of the request's … */
	size_t body_length;
	uint64_t room_bytes;  /* what is left of the ceiling */
	uint16_t status;      /* of the header section that is coming: a 1xx, or the final one */
	bool has_head;        /* the final response's: what follows are trailers */
	bool is_too_large;    /* its headers are */
	bool is_reset;        /* the server reset the stream … */
	uint32_t reset_error; /* … and said why */
	char words[HTTP2_WORDS_MAX];
};

/* http2_head.c: compose of struct protocol_ops. The text is HTTP/1.1's, with names in lower case, so that whatever
 * fills its slots in need not know of versions. */
bool http2_compose(const struct plan *plan, const struct plan_request *request, struct buf *into, struct error *err);
/* The rendered text as fields, which point into it; `fields` has HTTP2_FIELDS_MAX. *body_at: where the body begins. */
size_t http2_split(const char *bytes, size_t length, const char *scheme, nghttp2_nv *fields, size_t *body_at);

/* http2_receive.c */
void http2_set_callbacks(nghttp2_session_callbacks *callbacks);
/* How many more streams may be opened is looked up again. */
void http2_look_at_room(struct http2 *h);
/* The exchange is not known here any longer. */
void http2_forget(struct http2 *h, const struct http2_exchange *x);
void http2_break(struct http2 *h, enum failure failure);
