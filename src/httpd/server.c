#include "httpd/httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "httpd/connection.h"
#include "httpd/listen.h"

#define TICK_MAX_MS 250
#define TICK_MIN_MS 10
#define ACCEPTS_AT_ONCE 64
#define ASKED_BEFORE_NS NS_PER_S

const struct httpd_limits httpd_default_limits = {
	.connections = 1000,
	.pipelined = 16,
	.head_bytes = (size_t)32 << 10,
	.body_bytes = (size_t)4 << 20,
	.stream_bytes = (size_t)1 << 20,
	.head_timeout_ns = 10 * NS_PER_S,
	.body_timeout_ns = 30 * NS_PER_S,
	.idle_timeout_ns = 60 * NS_PER_S,
	.write_timeout_ns = 30 * NS_PER_S,
	.linger_timeout_ns = 2 * NS_PER_S,
};

static void server_listen(struct httpd *s, bool is_on);

/* One more than allowed: a word, best effort, and away. */
static void
refuse_connection(struct httpd *s, int fd)
{
	static const char answer[] =
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	s->counts.refused++;
	if (s->config.tls == NULL)
		(void)send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* Waiting lists are in order of deadline, so of when each began to wait. Who has asked before counts as silent
 * ASKED_BEFORE_NS later than who has not: a flood of connections that say nothing does not take a client's away between
 * two of its requests, and who asked once and then holds them all does not keep others out. */
static struct connection *
find_most_silent(struct httpd *s)
{
	struct connection *first = list_first(&s->waiting[WAIT_FIRST], struct connection, node);
	struct connection *idle = list_first(&s->waiting[WAIT_IDLE], struct connection, node);

	if (first != NULL && idle != NULL)
		return idle->deadline_ns < first->deadline_ns - ASKED_BEFORE_NS ? idle : first;
	if (first != NULL || idle != NULL)
		return first != NULL ? first : idle;
	return list_first(&s->waiting[WAIT_HEAD], struct connection, node);
}

/* What is closed still counts until the loop has turned: one more than allowed may be open that long. */
static bool
make_room(struct httpd *s)
{
	struct connection *c = s->config.limits.makes_room ? find_most_silent(s) : NULL;

	if (c == NULL)
		return false;
	s->counts.displaced++;
	httpd_connection_close(c);
	return true;
}

static void
take_connection(struct httpd *s, int fd)
{
	int one = 1;

	if (s->counts.open >= s->config.limits.connections && !make_room(s)) {
		refuse_connection(s, fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* no such thing on a unix socket */
	s->counts.accepted++;
	s->counts.open++;
	s->handles_open++;
	httpd_connection_new(s, fd);
}

static void
on_acceptable(uv_poll_t *poll, int status, int events)
{
	struct httpd *s = container_of(poll, struct httpd, listener);

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_connection(s, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			s->counts.refused++;
			server_listen(s, false); /* no use in spinning on it: the next tick tries again */
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

static void
server_listen(struct httpd *s, bool is_on)
{
	s->is_listener_paused = !is_on;
	if (is_on)
		uv_poll_start(&s->listener, UV_READABLE, on_acceptable);
	else
		uv_poll_stop(&s->listener);
}

static void
server_expire(struct httpd *s, enum wait wait, int64_t now_ns)
{
	struct connection *c;

	/* Whatever a deadline does to a connection moves it to another list or a later deadline. */
	while ((c = list_first(&s->waiting[wait], struct connection, node)) != NULL && c->deadline_ns <= now_ns)
		httpd_connection_on_deadline(c);
}

/* RFC 9110 §5.6.7. */
static void
server_write_date(struct httpd *s)
{
	time_t now = (time_t)(wall_now_ns() / NS_PER_S);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(s->date, sizeof(s->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
}

static void
server_close_all(struct httpd *s)
{
	struct connection *c;

	for (int w = 0; w < WAIT_KINDS; w++)
		while ((c = list_first(&s->waiting[w], struct connection, node)) != NULL)
			httpd_connection_close(c);
}

static void
on_tick(uv_timer_t *timer)
{
	struct httpd *s = container_of(timer, struct httpd, tick);
	int64_t now_ns = (int64_t)uv_now(s->loop) * NS_PER_MS;

	stamp_measure(&s->stamp);
	server_write_date(s);
	for (int w = 0; w < WAIT_KINDS; w++)
		server_expire(s, (enum wait)w, now_ns);
	if (s->is_listener_paused && !s->is_stopping)
		server_listen(s, true);
	if (s->is_stopping && now_ns >= s->stop_deadline_ns)
		server_close_all(s);
}

/* A quarter of the shortest deadline, so that none is late by more than that. */
static uint64_t
tick_ms(const struct httpd_limits *l)
{
	const int64_t all[] = {
		l->head_timeout_ns, l->body_timeout_ns, l->idle_timeout_ns, l->write_timeout_ns, l->linger_timeout_ns};
	int64_t ms = TICK_MAX_MS;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] > 0 && all[i] / 4 / NS_PER_MS < ms)
			ms = all[i] / 4 / NS_PER_MS;
	return ms < TICK_MIN_MS ? TICK_MIN_MS : (uint64_t)ms;
}

/* listen.c knows of no TLS. */
static void
take_url(struct httpd *s, const char *url)
{
	static const char plain[] = "http:";
	bool is_secured = s->config.tls != NULL && strncmp(url, plain, strlen(plain)) == 0;

	snprintf(s->url, sizeof(s->url), "%s%.*s", is_secured ? "https:" : "", (int)(sizeof(s->url) - sizeof("https:")),
		url + (is_secured ? strlen(plain) : 0));
}

struct httpd *
httpd_new(uv_loop_t *loop, const struct httpd_config *config, struct error *err)
{
	const struct httpd_limits *l = &config->limits;
	char url[LISTEN_URL_MAX];

	CHECK(l->connections > 0 && l->pipelined > 0 && l->head_bytes > 0 && l->body_bytes > 0 && l->stream_bytes > 0);
	int fd = listen_open(config->listen, url, err);

	if (fd < 0)
		return NULL;
	struct httpd *s = must_alloc(sizeof(*s));

	*s = (struct httpd){.loop = loop, .config = *config, .fd = fd, .listen = must_strdup(config->listen)};
	take_url(s, url);
	s->config.listen = s->listen;
	s->input = must_alloc(READ_BYTES);
	if (config->tls != NULL)
		s->record = must_alloc(TLS_RECORD_BYTES);
	for (int w = 0; w < WAIT_KINDS; w++)
		list_init(&s->waiting[w]);
	list_init(&s->free_connections);
	request_pool_init(&s->requests, l->head_bytes, l->body_bytes);
	stamp_init(&s->stamp);
	server_write_date(s);
	CHECK_OP(uv_poll_init(loop, &s->listener, fd), ==, 0);
	CHECK_OP(uv_timer_init(loop, &s->tick), ==, 0);
	s->handles_open = 2;
	server_listen(s, true);
	uv_timer_start(&s->tick, on_tick, tick_ms(l), tick_ms(l));
	return s;
}

static void
server_maybe_stopped(struct httpd *s)
{
	if (s->handles_open == 0)
		s->on_stopped(s->stopped_user);
}

static void
on_own_handle_closed(uv_handle_t *handle)
{
	struct httpd *s = handle->data;

	s->handles_open--;
	server_maybe_stopped(s);
}

/* Deadlines run on the tick, so that it goes last. */
static void
server_close_tick_if_last(struct httpd *s)
{
	if (s->is_stopping && s->counts.open == 0 && !uv_is_closing((uv_handle_t *)&s->tick)) {
		s->tick.data = s;
		uv_close((uv_handle_t *)&s->tick, on_own_handle_closed);
	}
}

void
server_on_connection_closed(struct httpd *s, struct connection *c)
{
	c->magic = 0;
	list_add_first(&s->free_connections, &c->node);
	s->counts.open--;
	s->handles_open--;
	server_close_tick_if_last(s);
	if (s->is_stopping)
		server_maybe_stopped(s);
}

void
httpd_stop(struct httpd *s, int64_t grace_ns, void (*on_stopped)(void *user), void *user)
{
	CHECK(!s->is_stopping);
	s->is_stopping = true;
	s->stop_deadline_ns = (int64_t)uv_now(s->loop) * NS_PER_MS + grace_ns;
	s->on_stopped = on_stopped;
	s->stopped_user = user;
	uv_poll_stop(&s->listener);
	close(s->fd);
	s->listener.data = s;
	uv_close((uv_handle_t *)&s->listener, on_own_handle_closed);
	listen_unlink(s->listen);

	for (int w = 0; w < WAIT_KINDS; w++) {
		struct list all, *list = &s->waiting[w];

		/* Taken out first: stopping a connection moves it between the lists. */
		list_init(&all);
		while (!list_is_empty(list)) {
			struct list *node = list->next;

			list_remove(node);
			list_add_last(&all, node);
		}
		while (!list_is_empty(&all)) {
			struct connection *c = container_of(all.next, struct connection, node);

			list_remove(&c->node);
			list_add_last(list, &c->node);
			httpd_connection_stop(c);
		}
	}
	if (grace_ns <= 0)
		server_close_all(s);
	server_close_tick_if_last(s);
}

void
httpd_free(struct httpd *s)
{
	struct connection *c;

	if (s == NULL)
		return;
	CHECK_OP(s->handles_open, ==, 0);
	while ((c = list_first(&s->free_connections, struct connection, node)) != NULL) {
		list_remove(&c->node);
		free(c);
	}
	request_pool_fini(&s->requests);
	free(s->input);
	free(s->record);
	free(s->listen);
	free(s);
}

const char *
httpd_url(const struct httpd *s)
{
	return s->url;
}

struct httpd_counts
httpd_counts(const struct httpd *s)
{
	struct httpd_counts counts = s->counts;

	counts.clock_steps = s->stamp.steps;
	counts.stamp_error_ns = s->stamp.error_ns;
	return counts;
}
