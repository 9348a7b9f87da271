#pragma once

#include "httpd/request.h"

/* The fields of a prebuilt answer. Between head and body goes each request's own tail: Date, Connection, the empty
 * line. */
struct httpd_reply {
	char *head; /* status line and headers */
	size_t head_length;
	void *body;
	size_t body_length;
};

#define REPLY_HEAD_MAX ((size_t)16 << 10)

const char *reply_reason(int status);

/* Status line and headers into `into`; false when they do not fit. */
bool reply_build_head(struct buf *into, int status, const char *headers, size_t body_length);

/* The whole head of a streamed answer, empty line included. */
bool reply_build_stream_head(
	struct buf *into, const struct request *r, int status, const char *headers, const char *date);

/* Points the request's iov at head, tail and body: HEAD gets no body, half cuts the whole in the middle. `date` is a
 * complete Date line. */
void reply_attach(struct request *r, const struct httpd_reply *reply, const char *date, bool is_half);
