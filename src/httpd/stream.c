/* Answers in pieces: framing, and a bounded wait for a peer that does not read. */
#include "httpd/connection.h"

#include <string.h>

#include "base/check.h"

#define CHUNK_LINE_BYTES 18 /* 16 hexadecimal digits, CRLF */
#define CHUNK_BYTES (CHUNK_LINE_BYTES + 2)

static struct request *
streaming(struct httpd_request *shown)
{
	struct request *r = container_of(shown, struct request, shown);

	CHECK_MAGIC(r, REQUEST_MAGIC);
	CHECK(r->connection != NULL && r->fate == REQUEST_STREAMING);
	return r;
}

/* What was written is at the front of the buffer: it goes before more is added. */
static void
drop_written(struct request *r)
{
	size_t left = r->iov[0].iov_len;

	if (left > 0 && left < r->answer.length)
		memmove(r->answer.bytes, r->iov[0].iov_base, left);
	r->answer.length = left;
}

/* Digits by hand: a stream of tokens is made of such lines. */
static void
add_chunk_line(struct request *r, size_t length)
{
	char line[CHUNK_LINE_BYTES], *at = line + sizeof(line);

	*--at = '\n';
	*--at = '\r';
	do
		*--at = "0123456789abcdef"[length % 16];
	while ((length /= 16) > 0);
	CHECK(buf_add(&r->answer, at, (size_t)(line + sizeof(line) - at)));
}

/* One piece in its frame. HEAD has no body, and an empty chunk would end the stream. */
static void
add_piece(struct request *r, const void *bytes, size_t length)
{
	if (length == 0 || r->shown.is_head)
		return;
	if (!r->is_http10)
		add_chunk_line(r, length);
	CHECK(buf_add(&r->answer, bytes, length));
	if (!r->is_http10)
		CHECK(buf_add(&r->answer, "\r\n", 2));
}

static void
show_added(struct request *r)
{
	r->iov[0] = (struct iovec){r->answer.bytes, r->answer.length};
}

void
httpd_stream_begin(struct httpd_request *shown, int status, const char *headers)
{
	struct request *r = container_of(shown, struct request, shown);

	CHECK_MAGIC(r, REQUEST_MAGIC);
	CHECK(r->connection != NULL && r->fate == REQUEST_UNANSWERED);
	if (r->is_http10 || r->connection->server->is_stopping)
		r->keeps_alive = false;
	CHECK(reply_build_stream_head(&r->answer, r, status, headers, r->connection->server->date));
	show_added(r);
	r->fate = REQUEST_STREAMING;
}

enum httpd_push
httpd_stream_push(struct httpd_request *shown, const void *bytes, size_t length)
{
	struct request *r = streaming(shown);
	struct connection *c = r->connection;
	size_t ceiling = c->server->config.limits.stream_bytes;

	if (length > ceiling || r->iov[0].iov_len + length + CHUNK_BYTES > ceiling) {
		c->server->counts.streams_full++;
		return HTTPD_PUSH_FULL;
	}
	drop_written(r);
	add_piece(r, bytes, length);
	show_added(r);
	httpd_connection_settle(c);
	/* The connection's memory outlives its close by a turn of the loop; the request may be somebody else's by now.
	 */
	if (c->state == CONNECTION_CLOSED)
		return HTTPD_PUSH_GONE;
	return r->iov[0].iov_len == 0 ? HTTPD_PUSH_SENT : HTTPD_PUSH_WAITS;
}

void
httpd_stream_end(struct httpd_request *shown, const void *bytes, size_t length)
{
	struct request *r = streaming(shown);

	CHECK(length <= HTTPD_TEXT_MAX / 2);
	drop_written(r);
	add_piece(r, bytes, length);
	if (!r->is_http10 && !r->shown.is_head)
		CHECK(buf_add(&r->answer, "0\r\n\r\n", 5));
	show_added(r);
	r->fate = REQUEST_ANSWERED;
	httpd_connection_settle(r->connection);
}

void
httpd_stream_cut(struct httpd_request *shown, enum httpd_cut how)
{
	struct request *r = streaming(shown);

	r->keeps_alive = false;
	r->fate = how == HTTPD_CUT_RESET ? REQUEST_RESETS : REQUEST_ANSWERED;
	httpd_connection_settle(r->connection);
}

bool
httpd_request_is_abandoned(const struct httpd_request *shown)
{
	const struct request *r = container_of(shown, struct request, shown);

	return r->connection == NULL || r->connection->has_peer_ended;
}
