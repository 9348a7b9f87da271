#include "httpd/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

const char *
reply_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 202: return "Accepted";
	case 204: return "No Content";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 409: return "Conflict";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 415: return "Unsupported Media Type";
	case 417: return "Expectation Failed";
	case 421: return "Misdirected Request";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Status"; /* clients go by the number */
	}
}

bool
reply_build_head(struct buf *into, int status, const char *headers, size_t body_length)
{
	buf_printf(into, "HTTP/1.1 %d %s\r\n", status, reply_reason(status));
	if (headers != NULL)
		buf_add_text(into, headers);
	if (status != 204 && status != 304) /* RFC 9110 §8.6 */
		buf_printf(into, "Content-Length: %zu\r\n", body_length);
	return !into->overflowed;
}

/* RFC 9112 §9.3: 1.1 persists unless told otherwise, 1.0 closes unless told otherwise. */
static const char *
connection_line(const struct request *r)
{
	if (!r->keeps_alive)
		return "Connection: close\r\n";
	return r->is_http10 ? "Connection: keep-alive\r\n" : "";
}

bool
reply_build_stream_head(struct buf *into, const struct request *r, int status, const char *headers, const char *date)
{
	buf_printf(into, "HTTP/1.1 %d %s\r\n", status, reply_reason(status));
	if (headers != NULL)
		buf_add_text(into, headers);
	if (!r->is_http10)
		buf_add_text(into, "Transfer-Encoding: chunked\r\n");
	buf_printf(into, "%s%s\r\n", date, connection_line(r));
	return !into->overflowed;
}

struct httpd_reply *
httpd_reply_new(int status, const char *headers, const void *body, size_t length)
{
	struct httpd_reply *reply = must_alloc(sizeof(*reply));
	struct buf head;

	buf_init(&head, REPLY_HEAD_MAX);
	CHECK(reply_build_head(&head, status, headers, length));
	reply->head_length = head.length;
	reply->head = buf_steal(&head);
	reply->body = must_alloc(length + 1);
	if (length > 0)
		memcpy(reply->body, body, length);
	reply->body_length = length;
	return reply;
}

void
httpd_reply_free(struct httpd_reply *reply)
{
	if (reply == NULL)
		return;
	free(reply->head);
	free(reply->body);
	free(reply);
}

static void
cut_to(struct iovec *iov, size_t count, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (iov[i].iov_len > length)
			iov[i].iov_len = length;
		length -= iov[i].iov_len;
	}
}

void
reply_attach(struct request *r, const struct httpd_reply *reply, const char *date, bool is_half)
{
	int tail_length = snprintf(r->tail, sizeof(r->tail), "%s%s\r\n", date, connection_line(r));

	CHECK_OP(tail_length, <, (int)sizeof(r->tail));
	r->iov[0] = (struct iovec){reply->head, reply->head_length};
	r->iov[1] = (struct iovec){r->tail, (size_t)tail_length};
	r->iov[2] = (struct iovec){reply->body, r->shown.is_head ? 0 : reply->body_length};
	if (is_half)
		cut_to(r->iov, ARRAY_LEN(r->iov), (r->iov[0].iov_len + r->iov[1].iov_len + r->iov[2].iov_len) / 2);
}
