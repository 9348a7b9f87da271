#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/un.h>

#include "unit/httpd/fixture.h"

static void
test_an_answer_may_come_later(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/later"));
	turn_until_held(&f, 1);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_string_equal(f.held[0]->target, "/later");
	assert_int_equal(f.sent, 0);
	httpd_answer(f.held[0], f.reply);
	assert_int_equal(f.sent, 1);
	turn_until(&f, fd, "hello");
	assert_non_null(strstr(f.got, "X-Test: 1\r\n"));
	close(fd);
	close_all(&f);
	assert_int_equal(f.gone, 0);
}

static void
test_answers_leave_in_order_of_the_requests(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/1") GET("/2") GET("/3"));
	turn_until_held(&f, 3);
	httpd_answer_text(f.held[2], 200, NULL, "three", 5);
	httpd_answer_text(f.held[1], 200, NULL, "two", 3);
	assert_int_equal(f.sent, 0);
	httpd_answer_text(f.held[0], 200, NULL, "one", 3);
	assert_int_equal(f.sent, 3);
	turn_until(&f, fd, "three");
	char *one = strstr(f.got, "one"), *two = strstr(f.got, "two"), *three = strstr(f.got, "three");

	assert_true(one != NULL && one < two && two < three);
	close(fd);
	close_all(&f);
}

static void
test_unanswered_requests_of_a_connection_are_bounded(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.pipelined = 2;
	open_with(&f, &limits);
	int fd = client(&f);

	say(fd, GET("/1") GET("/2") GET("/3") GET("/4"));
	turn_until_held(&f, 2);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.held_count, 2);
	httpd_answer(f.held[0], f.reply);
	assert_int_equal(f.held_count, 3);
	httpd_answer(f.held[1], f.reply);
	assert_int_equal(f.held_count, 4);
	assert_string_equal(f.held[3]->target, "/4");
	close(fd);
	close_all(&f);
	assert_int_equal(f.sent, 2);
	assert_int_equal(f.gone, 2);
}

static void
test_a_reset_by_the_peer_ends_its_requests_once(void **state)
{
	(void)state;
	struct fixture f;
	struct linger now = {1, 0};

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/1") GET("/2"));
	turn_until_held(&f, 2);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	while (f.gone < 2)
		uv_run(&f.loop, UV_RUN_ONCE);
	while (httpd_counts(f.httpd).open > 0)
		uv_run(&f.loop, UV_RUN_ONCE);
	close_all(&f);
	assert_int_equal(f.gone, 2);
}

static void
test_a_head_that_does_not_end_is_timed_out_with_408(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.head_timeout_ns = 50 * NS_PER_MS;
	open_with(&f, &limits);
	int fd = client(&f);

	say(fd, "GET / HTTP/1.1\r\nHost:");
	turn_until(&f, fd, NULL);
	assert_memory_equal(f.got, "HTTP/1.1 408 ", 13);
	assert_int_equal(httpd_counts(f.httpd).expired, 1);
	assert_int_equal(f.sent + f.gone, 0);
	close(fd);
	close_all(&f);
}

static void
test_a_body_that_does_not_end_is_timed_out_with_408(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.body_timeout_ns = 50 * NS_PER_MS;
	open_with(&f, &limits);
	int fd = client(&f);

	say(fd, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab");
	turn_until(&f, fd, NULL);
	assert_memory_equal(f.got, "HTTP/1.1 408 ", 13);
	close(fd);
	close_all(&f);
}

static void
test_an_idle_connection_is_closed_silently(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.idle_timeout_ns = 50 * NS_PER_MS;
	open_with(&f, &limits);
	f.answers_at_once = true;
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until(&f, fd, "hello");
	f.got_length = 0;
	memset(f.got, 0, sizeof(f.got));
	turn_until(&f, fd, NULL);
	assert_int_equal(f.got_length, 0);
	assert_true(f.is_closed_by_server);
	close(fd);
	close_all(&f);
}

static void
test_each_request_gives_a_connection_its_idle_time_anew(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.idle_timeout_ns = 500 * NS_PER_MS;
	open_with(&f, &limits);
	f.answers_at_once = true;
	int fd = client(&f);
	uint64_t until_ms = uv_now(&f.loop) + 1100;

	while (uv_now(&f.loop) < until_ms && !f.is_closed_by_server) {
		f.got_length = 0;
		memset(f.got, 0, sizeof(f.got));
		say(fd, GET("/"));
		turn_until(&f, fd, "hello");
		uv_run(&f.loop, UV_RUN_ONCE);
	}
	assert_false(f.is_closed_by_server);
	assert_int_equal(httpd_counts(f.httpd).expired, 0);
	close(fd);
	close_all(&f);
}

static void
test_a_handler_that_takes_long_is_no_idle_connection(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;

	limits.idle_timeout_ns = limits.head_timeout_ns = limits.body_timeout_ns = 20 * NS_PER_MS;
	open_with(&f, &limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	uint64_t until_ms = uv_now(&f.loop) + 200;

	while (uv_now(&f.loop) < until_ms)
		uv_run(&f.loop, UV_RUN_ONCE);
	httpd_answer(f.held[0], f.reply);
	turn_until(&f, fd, "hello");
	assert_int_equal(f.sent, 1);
	close(fd);
	close_all(&f);
}

static void
test_a_peer_that_reads_nothing_is_closed(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;
	size_t length = (size_t)16 << 20;
	char *body = calloc(1, length);

	limits.write_timeout_ns = 50 * NS_PER_MS;
	open_with(&f, &limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	httpd_answer_text(f.held[0], 200, NULL, body, length);
	while (f.gone == 0)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.sent, 0);
	free(body);
	close(fd);
	close_all(&f);
}

static void
test_stopping_waits_for_the_answers_and_says_close(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	httpd_stop(f.httpd, 60 * NS_PER_S, on_stopped, &f);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_false(f.is_stopped);
	httpd_answer(f.held[0], f.reply);
	turn_until(&f, fd, NULL);
	assert_non_null(strstr(f.got, "Connection: close\r\n"));
	assert_non_null(strstr(f.got, "hello"));
	close(fd);
	turn_until_stopped(&f);
	assert_int_equal(f.sent, 1);
	close_all(&f);
}

static void
test_stopping_ends_at_its_deadline(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	httpd_stop(f.httpd, 30 * NS_PER_MS, on_stopped, &f);
	turn_until_stopped(&f);
	assert_int_equal(f.gone, 1);
	close(fd);
	close_all(&f);
}

static void
test_a_request_may_be_dropped_or_reset(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	httpd_answer_half_and_reset(f.held[0], f.reply);
	assert_int_equal(f.sent, 1);
	turn_until(&f, fd, NULL);
	assert_null(strstr(f.got, "hello"));
	close(fd);

	f.is_closed_by_server = false;
	f.got_length = 0;
	fd = client(&f);
	say(fd, GET("/"));
	turn_until_held(&f, 2);
	httpd_drop(f.held[1]);
	assert_int_equal(f.gone, 1);
	turn_until(&f, fd, NULL);
	assert_int_equal(f.got_length, 0);
	close(fd);
	close_all(&f);
}

static void
test_an_address_that_is_none_is_a_sentence(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"", "localhost", "127.0.0.1:", ":80", "::1:80", "unix:", "127.0.0.1:http80"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct httpd_config config = {.listen = wrong[i], .limits = httpd_default_limits};
		struct error err = {0};
		uv_loop_t loop;

		uv_loop_init(&loop);
		assert_null(httpd_new(&loop, &config, &err));
		assert_true(error_is_set(&err));
		assert_int_equal(uv_loop_close(&loop), 0);
	}
}

/* One that has asked, and then more that say nothing than there are places for. */
static void
test_who_has_asked_is_not_displaced_by_who_says_nothing(void **state)
{
	static const char question[] = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;
	int silent[6], honest;

	(void)state;
	limits.connections = 3;
	limits.makes_room = true;
	open_with(&f, &limits);
	f.answers_at_once = true;
	honest = client(&f);
	say(honest, question);
	turn_until(&f, honest, "hello");
	for (int i = 0; i < 6; i++) {
		silent[i] = client(&f);
		while (httpd_counts(f.httpd).accepted < (uint64_t)i + 2)
			uv_run(&f.loop, UV_RUN_ONCE);
	}
	f.got_length = 0;
	memset(f.got, 0, sizeof(f.got));
	say(honest, question);
	turn_until(&f, honest, "hello");
	assert_non_null(strstr(f.got, "hello"));
	assert_in_range(httpd_counts(f.httpd).displaced, 3, 4);
	close(honest);
	for (int i = 0; i < 6; i++)
		close(silent[i]);
	close_all(&f);
}

/* Two that say nothing and one that never ends its head; then more than there are places for, each of which is
 * answered. */
static void
test_whoever_is_silent_longest_makes_room(void **state)
{
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;
	int silent[3];

	(void)state;
	limits.connections = 3;
	limits.makes_room = true;
	open_with(&f, &limits);
	f.answers_at_once = true;
	for (int i = 0; i < 3; i++) {
		silent[i] = client(&f);
		while (httpd_counts(f.httpd).accepted < (uint64_t)i + 1)
			uv_run(&f.loop, UV_RUN_ONCE);
	}
	say(silent[0], "GET / HT");
	uv_run(&f.loop, UV_RUN_ONCE);
	for (uint64_t i = 1; i <= 5; i++) {
		int fd = client(&f);

		say(fd, "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
		f.got_length = 0;
		memset(f.got, 0, sizeof(f.got));
		f.is_closed_by_server = false;
		turn_until(&f, fd, "hello");
		assert_non_null(strstr(f.got, "hello"));
		close(fd);
		while (httpd_counts(f.httpd).open > 3)
			uv_run(&f.loop, UV_RUN_ONCE);
	}
	assert_int_equal(httpd_counts(f.httpd).refused, 0);
	assert_in_range(httpd_counts(f.httpd).displaced, 1, 3);
	turn_until(&f, silent[1], NULL); /* the first that said nothing, not the one that had begun */
	assert_int_equal(recv(silent[0], f.got, 1, MSG_DONTWAIT), -1);
	for (int i = 0; i < 3; i++)
		close(silent[i]);
	close_all(&f);
}

static void
test_who_asks_is_known(void **state)
{
	struct sockaddr_in own;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(own);
	char peer[HTTPD_PEER_MAX], expected[HTTPD_PEER_MAX], listen_at[128];
	struct fixture f;

	(void)state;
	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/"));
	turn_until_held(&f, 1);
	getsockname(fd, (struct sockaddr *)&own, &length);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", (unsigned)ntohs(own.sin_port));
	assert_string_equal(httpd_request_peer(f.held[0], peer), expected);
	httpd_answer(f.held[0], f.reply);
	close(fd);
	close_all(&f);

	snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/brunt-httpd-%d.sock", (int)getpid());
	snprintf(listen_at, sizeof(listen_at), "unix:%s", name.sun_path);
	open_at(&f, listen_at, &httpd_default_limits, NULL);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	say(fd, GET("/"));
	turn_until_held(&f, 1);
	snprintf(expected, sizeof(expected), "uid %u, pid %d", (unsigned)getuid(), (int)getpid());
	assert_string_equal(httpd_request_peer(f.held[0], peer), expected);
	httpd_answer(f.held[0], f.reply);
	close(fd);
	close_all(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_may_come_later),
		cmocka_unit_test(test_answers_leave_in_order_of_the_requests),
		cmocka_unit_test(test_unanswered_requests_of_a_connection_are_bounded),
		cmocka_unit_test(test_a_reset_by_the_peer_ends_its_requests_once),
		cmocka_unit_test(test_a_head_that_does_not_end_is_timed_out_with_408),
		cmocka_unit_test(test_a_body_that_does_not_end_is_timed_out_with_408),
		cmocka_unit_test(test_an_idle_connection_is_closed_silently),
		cmocka_unit_test(test_each_request_gives_a_connection_its_idle_time_anew),
		cmocka_unit_test(test_a_handler_that_takes_long_is_no_idle_connection),
		cmocka_unit_test(test_a_peer_that_reads_nothing_is_closed),
		cmocka_unit_test(test_stopping_waits_for_the_answers_and_says_close),
		cmocka_unit_test(test_stopping_ends_at_its_deadline),
		cmocka_unit_test(test_a_request_may_be_dropped_or_reset),
		cmocka_unit_test(test_an_address_that_is_none_is_a_sentence),
		cmocka_unit_test(test_who_has_asked_is_not_displaced_by_who_says_nothing),
		cmocka_unit_test(test_whoever_is_silent_longest_makes_room),
		cmocka_unit_test(test_who_asks_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
