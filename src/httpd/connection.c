#include "httpd/connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

#define LINGER_BYTES_MAX ((size_t)1 << 20)
#define REFUSAL_BYTES_MAX ((size_t)1024)

static void connection_on_poll(uv_poll_t *poll, int status, int events);

static const unsigned connection_may_go[] = {
	[CONNECTION_OPEN] = BIT(CONNECTION_ENDING) | BIT(CONNECTION_CLOSED),
	[CONNECTION_ENDING] = BIT(CONNECTION_LINGERING) | BIT(CONNECTION_CLOSED),
	[CONNECTION_LINGERING] = BIT(CONNECTION_CLOSED),
	[CONNECTION_CLOSED] = 0,
};

static int64_t
wait_timeout_ns(const struct httpd_limits *limits, enum wait wait)
{
	switch (wait) {
	case WAIT_FIRST:
	case WAIT_IDLE: return limits->idle_timeout_ns;
	case WAIT_HEAD: return limits->head_timeout_ns;
	case WAIT_BODY: return limits->body_timeout_ns;
	case WAIT_WRITE: return limits->write_timeout_ns;
	case WAIT_LINGER: return limits->linger_timeout_ns;
	case WAIT_HANDLER:
	case WAIT_KINDS: break;
	}
	return 0;
}

/* The loop's own idea of now is good to a millisecond, which deadlines may be. */
void
httpd_connection_wait(struct connection *c, enum wait wait)
{
	int64_t timeout_ns = wait_timeout_ns(&c->server->config.limits, wait);

	c->wait = wait;
	c->wait_serial = c->serial;
	c->deadline_ns = timeout_ns == 0 ? INT64_MAX : (int64_t)uv_now(c->server->loop) * NS_PER_MS + timeout_ns;
	list_remove(&c->node);
	list_add_last(&c->server->waiting[wait], &c->node);
}

static enum wait
connection_waits_for(const struct connection *c)
{
	if (c->state == CONNECTION_LINGERING)
		return WAIT_LINGER;
	if (httpd_wire_is_shaking(&c->tls))
		return WAIT_HEAD;
	if (c->is_write_blocked)
		return WAIT_WRITE;
	if (c->state == CONNECTION_OPEN && c->parser.request != NULL)
		return c->parser.is_head_done ? WAIT_BODY : WAIT_HEAD;
	if (c->request_count > 0)
		return WAIT_HANDLER;
	return c->serial == 0 ? WAIT_FIRST : WAIT_IDLE;
}

void
httpd_connection_request_done(struct connection *c, struct request *r, enum httpd_end end)
{
	struct httpd *server = c->server;

	if (!r->is_ours)
		server->config.handler.on_done(&r->shown, end, server->config.user);
	request_give(&server->requests, r);
}

static void
on_closed(uv_handle_t *handle)
{
	struct connection *c = container_of(handle, struct connection, poll);

	CHECK(c->request_count == 0);
	server_on_connection_closed(c->server, c);
}

static void
connection_enter_closed(struct connection *c)
{
	struct list gone;
	struct request *r;

	/* libuv wants the handle stopped before its descriptor is closed. */
	uv_poll_stop(&c->poll);
	httpd_wire_close(&c->tls);
	close(c->fd);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	list_remove(&c->node);
	parser_fini(&c->parser);
	buf_fini(&c->rest);

	list_init(&gone);
	while ((r = list_first(&c->requests, struct request, node)) != NULL) {
		list_remove(&r->node);
		r->connection = NULL;
		list_add_last(&gone, &r->node);
	}
	c->request_count = 0;
	while ((r = list_first(&gone, struct request, node)) != NULL) {
		list_remove(&r->node);
		httpd_connection_request_done(c, r, HTTPD_GONE);
	}
}

/* Every change of a connection's state passes here. */
void
httpd_connection_go(struct connection *c, enum connection_state to)
{
	CHECK_MAGIC(c, CONNECTION_MAGIC);
	CHECK(connection_may_go[c->state] & BIT(to));
	c->state = to;

	switch (to) {
	case CONNECTION_OPEN: break; /* where it begins */
	case CONNECTION_ENDING: parser_fini(&c->parser); break;
	case CONNECTION_LINGERING:
		httpd_wire_finish(&c->tls);
		shutdown(c->fd, SHUT_WR);
		break;
	case CONNECTION_CLOSED: connection_enter_closed(c); break;
	}
}

void
httpd_connection_close(struct connection *c)
{
	if (c->state != CONNECTION_CLOSED)
		httpd_connection_go(c, CONNECTION_CLOSED);
}

/* Unread or unsent bytes make close() send a reset; zero linger makes it certain. */
void
httpd_connection_reset(struct connection *c)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	httpd_connection_close(c);
}

/* The server's own answer to a request that it will not hand on; the connection ends with it. */
static void
connection_refuse(struct connection *c, int status)
{
	struct request *r = c->parser.request != NULL ? c->parser.request : request_take(&c->server->requests);
	const struct httpd_config *config = &c->server->config;
	char type[128];
	struct buf body;

	c->parser.request = NULL;
	r->is_ours = true;
	r->connection = c;
	r->keeps_alive = false;
	list_add_last(&c->requests, &r->node);
	c->request_count++;
	c->server->counts.malformed++;
	httpd_connection_go(c, CONNECTION_ENDING);
	buf_init(&body, REFUSAL_BYTES_MAX);
	if (config->refusal != NULL)
		config->refusal(status, &body);
	snprintf(type, sizeof(type), "Content-Type: %s\r\n",
		config->refusal != NULL ? config->refusal_type : "text/plain");
	httpd_answer_text(&r->shown, status, type, body.length > 0 ? body.bytes : "", body.length);
	buf_fini(&body);
}

static void
connection_hand_over(struct connection *c, struct request *r, int64_t arrival_ns)
{
	struct httpd *server = c->server;

	r->connection = c;
	r->shown.connection = c->id;
	r->shown.arrival_ns = arrival_ns;
	list_add_last(&c->requests, &r->node);
	c->request_count++;
	c->serial++;
	server->counts.requests++;
	bool was_last = !r->keeps_alive;

	server->config.handler.on_request(&r->shown, server->config.user);
	if (c->state == CONNECTION_OPEN && (was_last || server->is_stopping))
		httpd_connection_go(c, CONNECTION_ENDING);
}

/* Parses until the bytes are used up, the connection is full of unanswered requests, or it stops reading. Returns how
 * many bytes were used. */
static size_t
connection_parse(struct connection *c, const char *bytes, size_t length, int64_t arrival_ns)
{
	size_t at = 0;

	while (at < length && c->state == CONNECTION_OPEN && c->request_count < c->server->config.limits.pipelined) {
		size_t used = 0;

		switch (parser_feed(&c->parser, bytes + at, length - at, &used)) {
		case PARSER_MORE: break;
		case PARSER_REQUEST: connection_hand_over(c, parser_take(&c->parser), arrival_ns); break;
		case PARSER_REFUSED: connection_refuse(c, c->parser.refusal); return length;
		}
		at += used;
	}
	return at;
}

static void
connection_on_bytes(struct connection *c, const char *bytes, size_t length, int64_t arrival_ns)
{
	size_t used = connection_parse(c, bytes, length, arrival_ns);

	if (c->state == CONNECTION_OPEN && used < length) {
		CHECK(buf_add(&c->rest, bytes + used, length - used));
		c->rest_arrival_ns = arrival_ns;
	}
}

/* An answer left and made room: parse what was put aside. */
static void
connection_resume(struct connection *c)
{
	size_t used = connection_parse(c, c->rest.bytes, c->rest.length, c->rest_arrival_ns);

	if (c->state != CONNECTION_OPEN || used == c->rest.length) {
		buf_fini(&c->rest);
		return;
	}
	memmove(c->rest.bytes, c->rest.bytes + used, c->rest.length - used);
	c->rest.length -= used;
}

static int64_t
arrival_of(struct httpd *server, struct msghdr *message)
{
	int64_t now_ns = clock_now_ns(&monotonic_clock);

	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m != NULL; m = CMSG_NXTHDR(message, m)) {
		struct timespec t;

		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(m), sizeof(t));
		return stamp_to_monotonic_ns(&server->stamp, (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec, now_ns);
	}
	server->counts.unstamped++;
	return now_ns;
}

static ssize_t
connection_receive_tls(struct connection *c, int64_t *arrival_ns)
{
	bool was_shaking = httpd_wire_is_shaking(&c->tls);
	ssize_t n = httpd_wire_receive(&c->tls, c->server->input, READ_BYTES);

	if (n > 0) {
		c->server->counts.bytes_in += (uint64_t)n;
		c->server->counts.unstamped++;
		*arrival_ns = clock_now_ns(&monotonic_clock);
	} else if (was_shaking && (n == 0 || errno != EAGAIN)) {
		c->server->counts.handshakes_failed++;
	}
	return n;
}

/* What a peer still says after our last word is dropped as it comes, records and all. */
static ssize_t
connection_receive(struct connection *c, int64_t *arrival_ns)
{
	if (c->tls.ssl != NULL && c->state != CONNECTION_LINGERING)
		return connection_receive_tls(c, arrival_ns);
	_Alignas(struct cmsghdr) char control[128];
	struct iovec iov = {c->server->input, READ_BYTES};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(c->fd, &message, 0);

	if (n > 0) {
		c->server->counts.bytes_in += (uint64_t)n;
		*arrival_ns = arrival_of(c->server, &message);
	}
	return n;
}

static bool
has_request_that_is_never_answered(struct connection *c)
{
	for (struct list *n = c->requests.next; n != &c->requests; n = n->next)
		if (container_of(n, struct request, node)->fate == REQUEST_NEVER)
			return true;
	return false;
}

/* A peer may shut down its side and still read: what it asked for is answered. */
static void
connection_on_peer_end(struct connection *c)
{
	c->has_peer_ended = true;
	if (c->state == CONNECTION_LINGERING || c->request_count == 0 || has_request_that_is_never_answered(c))
		httpd_connection_close(c);
	else if (c->state == CONNECTION_OPEN)
		httpd_connection_go(c, CONNECTION_ENDING);
}

static void
connection_read(struct connection *c)
{
	int64_t arrival_ns = 0;
	ssize_t n = connection_receive(c, &arrival_ns);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && errno == EPROTOTYPE) { /* told in the clear, which is what it speaks */
		httpd_wire_close(&c->tls);
		connection_refuse(c, 400);
	} else if (n < 0) {
		httpd_connection_close(c);
	} else if (n == 0) {
		connection_on_peer_end(c);
	} else if (c->state == CONNECTION_LINGERING) {
		c->lingered_bytes += (size_t)n;
		if (c->lingered_bytes > LINGER_BYTES_MAX)
			httpd_connection_close(c);
	} else if (c->state == CONNECTION_OPEN) {
		connection_on_bytes(c, c->server->input, (size_t)n, arrival_ns);
	}
}

static void
connection_arm(struct connection *c)
{
	bool reads = (c->state == CONNECTION_OPEN && c->rest.length == 0) || c->state == CONNECTION_LINGERING;
	int events = (reads ? UV_READABLE : 0) | (c->is_write_blocked || c->tls.wants_room ? UV_WRITABLE : 0);

	if (events == c->events)
		return;
	c->events = events;
	if (events == 0)
		uv_poll_stop(&c->poll);
	else
		uv_poll_start(&c->poll, events, connection_on_poll);
}

void
httpd_connection_settle(struct connection *c)
{
	if (c->busy > 0 || c->state == CONNECTION_CLOSED)
		return;
	c->busy++;
	httpd_connection_write(c);
	while (c->state == CONNECTION_OPEN && c->rest.length > 0 &&
		c->request_count < c->server->config.limits.pipelined) {
		connection_resume(c);
		httpd_connection_write(c);
	}
	c->busy--;
	httpd_connection_encourage(c);
	if (c->state == CONNECTION_ENDING && c->request_count == 0)
		httpd_connection_go(c, c->has_peer_ended ? CONNECTION_CLOSED : CONNECTION_LINGERING);
	if (c->state == CONNECTION_CLOSED)
		return;
	connection_arm(c);
	if (connection_waits_for(c) != c->wait || c->serial != c->wait_serial)
		httpd_connection_wait(c, connection_waits_for(c));
}

static void
connection_on_poll(uv_poll_t *poll, int status, int events)
{
	struct connection *c = container_of(poll, struct connection, poll);

	CHECK_MAGIC(c, CONNECTION_MAGIC);
	if (status < 0) {
		httpd_connection_close(c);
		return;
	}
	c->busy++;
	if ((events & UV_READABLE) || c->tls.wants_room)
		connection_read(c);
	c->busy--;
	httpd_connection_settle(c);
}

void
httpd_connection_on_deadline(struct connection *c)
{
	c->server->counts.expired++;
	if ((c->wait != WAIT_HEAD && c->wait != WAIT_BODY) || httpd_wire_is_shaking(&c->tls)) {
		httpd_connection_close(c);
		return;
	}
	c->busy++;
	connection_refuse(c, 408);
	c->busy--;
	httpd_connection_settle(c);
}

void
httpd_connection_stop(struct connection *c)
{
	if (c->state == CONNECTION_LINGERING || c->request_count == 0)
		httpd_connection_close(c);
	else if (c->state == CONNECTION_OPEN)
		httpd_connection_go(c, CONNECTION_ENDING);
	httpd_connection_settle(c);
}

void
httpd_connection_new(struct httpd *server, int fd)
{
	struct connection *c = list_first(&server->free_connections, struct connection, node);

	if (c == NULL)
		c = must_alloc(sizeof(*c));
	else
		list_remove(&c->node);
	*c = (struct connection){.magic = CONNECTION_MAGIC, .server = server, .fd = fd, .id = server->counts.accepted};
	list_init(&c->node);
	list_init(&c->requests);
	buf_init(&c->rest, READ_BYTES);
	parser_init(&c->parser, &server->config.limits, &server->requests);
	bool is_open = server->config.tls == NULL || httpd_tls_open(server->config.tls, &c->tls, fd, server->record);

	CHECK_OP(uv_poll_init(server->loop, &c->poll, fd), ==, 0);
	connection_arm(c);
	httpd_connection_wait(c, WAIT_FIRST);
	if (!is_open) {
		httpd_connection_close(c);
		return;
	}
	/* What came along with the connection is read in this turn of the loop: a turn later, requests that the kernel
	 * received after it would have overtaken it. */
	connection_on_poll(&c->poll, 0, UV_READABLE);
}
