/* The writing half of a connection, and the calls by which a handler answers. */
#include "httpd/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/check.h"

#define IOV_AT_ONCE 48

static bool
is_over(const struct request *r)
{
	return r->fate == REQUEST_ANSWERED || r->fate == REQUEST_RESETS;
}

static bool
may_leave(const struct request *r)
{
	return is_over(r) || r->fate == REQUEST_STREAMING;
}

/* The answers that may leave now: those at the front, up to the first that has none yet, may go on, or is the
 * connection's last. */
static size_t
connection_gather(struct connection *c, struct iovec *iov)
{
	size_t count = 0;

	for (struct list *n = c->requests.next; n != &c->requests && count + 3 <= IOV_AT_ONCE; n = n->next) {
		struct request *r = container_of(n, struct request, node);

		if (!may_leave(r))
			break;
		for (size_t i = 0; i < ARRAY_LEN(r->iov); i++)
			if (r->iov[i].iov_len > 0)
				iov[count++] = r->iov[i];
		if (!is_over(r) || !r->keeps_alive || r->fate == REQUEST_RESETS)
			break;
	}
	return count;
}

/* Takes n written bytes off one answer; true when nothing of it is left. */
static bool
request_advance(struct request *r, size_t *n)
{
	for (size_t i = 0; i < ARRAY_LEN(r->iov); i++) {
		if (r->iov[i].iov_len == 0) /* and perhaps no base */
			continue;
		size_t step = r->iov[i].iov_len < *n ? r->iov[i].iov_len : *n;

		r->iov[i].iov_base = (char *)r->iov[i].iov_base + step;
		r->iov[i].iov_len -= step;
		*n -= step;
		if (r->iov[i].iov_len > 0)
			return false;
	}
	return true;
}

/* Ends the connection if this answer was its last. Returns true if more answers may follow. */
static bool
connection_after_answer(struct connection *c, const struct request *r)
{
	if (r->fate == REQUEST_RESETS) {
		httpd_connection_reset(c);
		return false;
	}
	if (r->keeps_alive)
		return true;
	if (c->state == CONNECTION_OPEN)
		httpd_connection_go(c, CONNECTION_ENDING);
	httpd_connection_go(c, CONNECTION_LINGERING);
	return false;
}

/* Takes n written bytes off the answers and moves those that are over to `sent`. True if any was and more may follow.
 */
static bool
connection_advance(struct connection *c, size_t n, struct list *sent)
{
	struct request *r;
	bool has_moved = false;

	while ((r = list_first(&c->requests, struct request, node)) != NULL && may_leave(r) && request_advance(r, &n) &&
		is_over(r)) {
		list_remove(&r->node);
		c->request_count--;
		r->connection = NULL;
		list_add_last(sent, &r->node);
		if (!connection_after_answer(c, r))
			return false;
		has_moved = true;
	}
	return has_moved;
}

static ssize_t
connection_send(struct connection *c, struct iovec *iov, size_t count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};

	if (c->tls.ssl != NULL)
		return httpd_wire_send(&c->tls, iov, count);
	return sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One sendmsg. True if it took everything it was given, so that there may be more to write. */
static bool
connection_write_some(struct connection *c, struct list *sent)
{
	struct iovec iov[IOV_AT_ONCE];
	size_t count = connection_gather(c, iov), given = 0;

	c->is_write_blocked = false;
	if (count == 0) /* a stream may end with nothing left to say */
		return connection_advance(c, 0, sent);
	for (size_t i = 0; i < count; i++)
		given += iov[i].iov_len;
	ssize_t n = connection_send(c, iov, count);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		httpd_connection_close(c);
		return false;
	}
	if (n > 0) {
		c->server->counts.bytes_out += (uint64_t)n;
		connection_advance(c, (size_t)n, sent);
	}
	if (c->state == CONNECTION_CLOSED || c->state == CONNECTION_LINGERING)
		return false;
	c->is_write_blocked = n < 0 || (size_t)n < given;
	if (c->is_write_blocked && n > 0)
		httpd_connection_wait(c, WAIT_WRITE); /* it moves: a new deadline */
	return !c->is_write_blocked;
}

void
httpd_connection_write(struct connection *c)
{
	struct list sent;
	struct request *r;

	list_init(&sent);
	c->busy++;
	while (connection_write_some(c, &sent))
		;
	while ((r = list_first(&sent, struct request, node)) != NULL) {
		list_remove(&r->node);
		httpd_connection_request_done(c, r, HTTPD_SENT);
	}
	c->busy--;
}

/* RFC 9110 §10.1.1: asked for only while the body is missing, and never ahead of an earlier answer. The 25 bytes go
 * into a socket buffer that is empty; if it cannot take them, the peer sends its body after its own timeout. */
void
httpd_connection_encourage(struct connection *c)
{
	static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct request *r = c->parser.request;

	if (c->state != CONNECTION_OPEN || r == NULL || !c->parser.is_head_done || !r->wants_continue ||
		c->request_count > 0)
		return;
	r->wants_continue = false;
	struct iovec iov = {(void *)(uintptr_t)line, sizeof(line) - 1}; /* only read */
	ssize_t n = connection_send(c, &iov, 1);

	if (n > 0)
		c->server->counts.bytes_out += (uint64_t)n;
	/* A torn interim answer would garble the next; over TLS its record is made already, and would be sent then. */
	if ((n > 0 && n < (ssize_t)sizeof(line) - 1) || (n < 0 && c->tls.ssl != NULL))
		httpd_connection_close(c);
}

static void
answer(struct httpd_request *shown, const struct httpd_reply *reply, enum request_fate fate)
{
	struct request *r = container_of(shown, struct request, shown);
	struct connection *c = r->connection;

	CHECK_MAGIC(r, REQUEST_MAGIC);
	CHECK(c != NULL && r->fate == REQUEST_UNANSWERED);
	if (c->server->is_stopping)
		r->keeps_alive = false;
	reply_attach(r, reply, c->server->date, fate == REQUEST_RESETS);
	r->fate = fate;
	httpd_connection_settle(c);
}

void
httpd_answer(struct httpd_request *shown, const struct httpd_reply *reply)
{
	answer(shown, reply, REQUEST_ANSWERED);
}

void
httpd_answer_half_and_reset(struct httpd_request *shown, const struct httpd_reply *reply)
{
	answer(shown, reply, REQUEST_RESETS);
}

void
httpd_answer_text(struct httpd_request *shown, int status, const char *headers, const void *body, size_t length)
{
	struct request *r = container_of(shown, struct request, shown);
	bool fits = length <= HTTPD_TEXT_MAX && reply_build_head(&r->answer, status, headers, length);

	if (!fits) {
		buf_clear(&r->answer);
		length = 0;
		reply_build_head(&r->answer, 500, NULL, 0);
	}
	size_t head_length = r->answer.length;

	CHECK(buf_add(&r->answer, body, length));
	struct httpd_reply once = {r->answer.bytes, head_length, r->answer.bytes + head_length, length};

	answer(shown, &once, REQUEST_ANSWERED);
}

void
httpd_drop(struct httpd_request *shown)
{
	struct request *r = container_of(shown, struct request, shown);

	CHECK(r->connection != NULL);
	httpd_connection_close(r->connection);
}

void
httpd_never_answer(struct httpd_request *shown)
{
	struct request *r = container_of(shown, struct request, shown);

	CHECK(r->connection != NULL && r->fate == REQUEST_UNANSWERED);
	r->fate = REQUEST_NEVER;
	if (r->connection->has_peer_ended)
		httpd_connection_close(r->connection);
}
