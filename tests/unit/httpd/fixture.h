#pragma once

/* cmocka's own includes come first in each test. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "httpd/httpd.h"

/* A server on a real loop and its client in one thread: the loop is turned until what is expected is there. Nothing is
 * asserted about how long that takes; ctest's limit ends what never comes. */
#define HELD_MAX 64

struct fixture {
	uv_loop_t loop;
	uv_timer_t alarm; /* keeps a turn from waiting for ever */
	struct httpd *httpd;
	struct httpd_reply *reply;
	struct httpd_request *held[HELD_MAX]; /* requests not yet answered, in order of arrival */
	size_t held_count;
	bool answers_at_once, is_stopped;
	unsigned sent, gone;
	char got[65536];
	size_t got_length;
	bool is_closed_by_server;
};

static inline void
on_request(struct httpd_request *request, void *user)
{
	struct fixture *f = user;

	assert_true(request->arrival_ns > 0);
	if (f->answers_at_once)
		httpd_answer(request, f->reply);
	else
		f->held[f->held_count++] = request;
}

static inline void
on_done(struct httpd_request *request, enum httpd_end end, void *user)
{
	struct fixture *f = user;

	(void)request;
	if (end == HTTPD_SENT)
		f->sent++;
	else
		f->gone++;
}

static inline void
on_alarm(uv_timer_t *timer)
{
	(void)timer;
}

static inline void
open_at(struct fixture *f, const char *listen, const struct httpd_limits *limits, const struct httpd_tls *tls)
{
	struct httpd_config config = {.listen = listen,
		.tls = tls,
		.limits = *limits,
		.handler = {.on_request = on_request, .on_done = on_done},
		.user = f};
	struct error err = {0};

	memset(f, 0, sizeof(*f));
	assert_int_equal(uv_loop_init(&f->loop), 0);
	uv_timer_init(&f->loop, &f->alarm);
	uv_timer_start(&f->alarm, on_alarm, 5, 5);
	f->httpd = httpd_new(&f->loop, &config, &err);
	assert_non_null(f->httpd);
	f->reply = httpd_reply_new(200, "X-Test: 1\r\n", "hello", 5);
}

static inline void
open_with(struct fixture *f, const struct httpd_limits *limits)
{
	open_at(f, "127.0.0.1:0", limits, NULL);
}

static inline void
on_stopped(void *user)
{
	((struct fixture *)user)->is_stopped = true;
}

static inline void
turn_until_stopped(struct fixture *f)
{
	while (!f->is_stopped)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static inline void
close_all(struct fixture *f)
{
	if (!f->is_stopped) {
		httpd_stop(f->httpd, 0, on_stopped, f);
		turn_until_stopped(f);
	}
	uv_close((uv_handle_t *)&f->alarm, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	httpd_free(f->httpd);
	httpd_reply_free(f->reply);
}

static inline int
client(struct fixture *f)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	to.sin_port = htons((uint16_t)strtoul(strrchr(httpd_url(f->httpd), ':') + 1, NULL, 10));
	assert_true(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS);
	while (httpd_counts(f->httpd).accepted == 0)
		uv_run(&f->loop, UV_RUN_ONCE);
	return fd;
}

static inline void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

/* One turn of the loop, and what the client has got then. */
static inline void
turn_and_receive(struct fixture *f, int fd)
{
	uv_run(&f->loop, UV_RUN_ONCE);
	ssize_t n = recv(fd, f->got + f->got_length, sizeof(f->got) - 1 - f->got_length, 0);

	if (n > 0)
		f->got_length += (size_t)n;
	else if (n == 0 || errno != EAGAIN)
		f->is_closed_by_server = true;
}

/* Turns the loop until the client has got that text, or the server closed. */
static inline void
turn_until(struct fixture *f, int fd, const char *expected)
{
	while (!f->is_closed_by_server && (expected == NULL || strstr(f->got, expected) == NULL))
		turn_and_receive(f, fd);
}

static inline void
turn_until_held(struct fixture *f, size_t count)
{
	while (f->held_count < count)
		uv_run(&f->loop, UV_RUN_ONCE);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: t\r\n\r\n"
