#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/httpd/fixture.h"

static struct httpd_request *
held(struct fixture *f, int fd, const char *request)
{
	size_t count = f->held_count;

	say(fd, request);
	turn_until_held(f, count + 1);
	return f->held[count];
}

static const char *
body_of(const struct fixture *f)
{
	const char *end = strstr(f->got, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

static void
test_pieces_are_chunks_and_leave_at_once(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	httpd_stream_begin(r, 200, "X-Test: 1\r\n");
	assert_int_equal(httpd_stream_push(r, "", 0), HTTPD_PUSH_SENT); /* the head alone */
	turn_until(&f, fd, "\r\n\r\n");
	assert_non_null(strstr(f.got, "HTTP/1.1 200 OK\r\nX-Test: 1\r\n"));
	assert_non_null(strstr(f.got, "Transfer-Encoding: chunked\r\n"));
	assert_null(strstr(f.got, "Content-Length"));
	assert_string_equal(body_of(&f), "");
	assert_int_equal(httpd_stream_push(r, "hello", 5), HTTPD_PUSH_SENT);
	turn_until(&f, fd, "5\r\nhello\r\n");
	assert_int_equal(f.sent, 0);
	httpd_stream_end(r, "0123456789abcdefg", 17);
	assert_int_equal(f.sent, 1);
	turn_until(&f, fd, "\r\n0\r\n\r\n");
	assert_string_equal(body_of(&f), "5\r\nhello\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n");

	/* And the connection goes on. */
	memset(f.got, 0, sizeof(f.got));
	f.got_length = 0;
	httpd_answer(held(&f, fd, GET("/2")), f.reply);
	turn_until(&f, fd, "hello");
	close(fd);
	close_all(&f);
}

static void
test_http_1_0_gets_bare_bytes_up_to_the_close(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

	httpd_stream_begin(r, 200, NULL);
	assert_int_equal(httpd_stream_push(r, "hel", 3), HTTPD_PUSH_SENT);
	httpd_stream_end(r, "", 0);
	turn_until(&f, fd, NULL);
	assert_null(strstr(f.got, "Transfer-Encoding"));
	assert_non_null(strstr(f.got, "Connection: close\r\n"));
	assert_string_equal(body_of(&f), "hel");
	assert_int_equal(f.sent, 1);
	close(fd);
	close_all(&f);
}

static void
test_head_gets_no_body(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, "HEAD / HTTP/1.1\r\nHost: t\r\n\r\n");

	httpd_stream_begin(r, 200, NULL);
	assert_int_equal(httpd_stream_push(r, "hello", 5), HTTPD_PUSH_SENT);
	httpd_stream_end(r, "more", 4); /* with nothing left to write */
	assert_int_equal(f.sent, 1);
	httpd_answer(held(&f, fd, GET("/2")), f.reply);
	turn_until(&f, fd, "hello");
	assert_memory_equal(body_of(&f), "HTTP/1.1 200 OK\r\n", 17);
	close(fd);
	close_all(&f);
}

static void
test_a_stream_waits_for_the_answer_before_it(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);

	say(fd, GET("/1") GET("/2") GET("/3"));
	turn_until_held(&f, 3);
	httpd_stream_begin(f.held[1], 200, NULL);
	assert_int_equal(httpd_stream_push(f.held[1], "second", 6), HTTPD_PUSH_WAITS);
	httpd_answer_text(f.held[2], 200, NULL, "third", 5);
	assert_int_equal(f.sent, 0);
	httpd_answer_text(f.held[0], 200, NULL, "first", 5);
	turn_until(&f, fd, "second");
	assert_int_equal(f.sent, 1);
	assert_null(strstr(f.got, "third"));
	httpd_stream_end(f.held[1], "", 0);
	turn_until(&f, fd, "third");
	assert_int_equal(f.sent, 3);
	assert_true(strstr(f.got, "first") < strstr(f.got, "second"));
	close(fd);
	close_all(&f);
}

/* Fills what the kernel and the server keep for a peer that does not read; returns the number of pieces taken. */
static size_t
push_until_full(struct httpd_request *r, const char *piece, size_t length)
{
	size_t taken = 0;

	for (;; taken++) {
		enum httpd_push pushed = httpd_stream_push(r, piece, length);

		assert_true(pushed != HTTPD_PUSH_GONE);
		if (pushed == HTTPD_PUSH_FULL)
			return taken;
		assert_true(taken * length < (size_t)256 << 20);
	}
}

static void
test_what_waits_for_a_slow_peer_is_bounded_and_whole(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;
	char piece[4096];
	size_t got = 0, expected;

	memset(piece, 'x', sizeof(piece));
	limits.stream_bytes = 64 << 10;
	open_with(&f, &limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	httpd_stream_begin(r, 200, NULL);
	expected = push_until_full(r, piece, sizeof(piece)) * sizeof(piece);
	assert_true(httpd_counts(f.httpd).streams_full > 0);
	assert_int_equal(httpd_stream_push(r, piece, limits.stream_bytes + 1), HTTPD_PUSH_FULL);
	httpd_stream_end(r, "", 0); /* the end always fits */
	while (!f.is_closed_by_server &&
		(f.got_length < 7 || memcmp(f.got + f.got_length - 7, "\r\n0\r\n\r\n", 7) != 0)) {
		for (size_t i = 0; i < f.got_length; i++)
			got += f.got[i] == 'x';
		f.got_length = 0;
		turn_and_receive(&f, fd);
	}
	for (size_t i = 0; i < f.got_length; i++)
		got += f.got[i] == 'x';
	assert_int_equal(got, expected);
	assert_int_equal(f.sent, 1);
	close(fd);
	close_all(&f);
}

static void
test_a_peer_that_takes_nothing_of_its_stream_is_closed(void **state)
{
	(void)state;
	struct httpd_limits limits = httpd_default_limits;
	struct fixture f;
	char piece[4096] = "";

	limits.write_timeout_ns = 50 * NS_PER_MS;
	open_with(&f, &limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	httpd_stream_begin(r, 200, NULL);
	push_until_full(r, piece, sizeof(piece));
	while (f.gone == 0)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_int_equal(f.sent, 0);
	close(fd);
	close_all(&f);
}

static void
test_a_cut_stream_lacks_its_end(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct fixture f;

		open_with(&f, &httpd_default_limits);
		int fd = client(&f);
		struct httpd_request *r = held(&f, fd, GET("/"));

		httpd_stream_begin(r, 200, NULL);
		assert_int_equal(httpd_stream_push(r, "hello", 5), HTTPD_PUSH_SENT);
		turn_until(&f, fd, "hello\r\n");
		httpd_stream_cut(r, reset ? HTTPD_CUT_RESET : HTTPD_CUT_CLOSE);
		assert_int_equal(f.sent, 1);
		errno = 0;
		turn_until(&f, fd, NULL);
		assert_int_equal(errno == ECONNRESET, reset);
		assert_string_equal(body_of(&f), "5\r\nhello\r\n");
		close(fd);
		close_all(&f);
	}
}

static void
test_a_push_says_that_the_peer_has_gone(void **state)
{
	(void)state;
	struct fixture f;
	struct linger now = {1, 0};

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	httpd_stream_begin(r, 200, NULL);
	assert_int_equal(httpd_stream_push(r, "a", 1), HTTPD_PUSH_SENT);
	assert_false(httpd_request_is_abandoned(r));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	assert_int_equal(httpd_stream_push(r, "b", 1), HTTPD_PUSH_GONE); /* no turn of the loop has seen it yet */
	assert_int_equal(f.gone, 1);
	close_all(&f);
	assert_int_equal(f.sent + f.gone, 1);
}

static void
test_a_half_closed_peer_is_abandoned_and_still_served(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	shutdown(fd, SHUT_WR);
	while (!httpd_request_is_abandoned(r))
		uv_run(&f.loop, UV_RUN_ONCE);
	httpd_stream_begin(r, 200, NULL);
	httpd_stream_end(r, "hello", 5);
	turn_until(&f, fd, "0\r\n\r\n");
	assert_int_equal(f.sent, 1);
	close(fd);
	close_all(&f);
}

static void
test_stopping_lets_streams_end(void **state)
{
	(void)state;
	struct fixture f;

	open_with(&f, &httpd_default_limits);
	int fd = client(&f);
	struct httpd_request *r = held(&f, fd, GET("/"));

	httpd_stream_begin(r, 200, NULL);
	httpd_stream_push(r, "a", 1);
	httpd_stop(f.httpd, 60 * NS_PER_S, on_stopped, &f);
	for (int i = 0; i < 5; i++)
		uv_run(&f.loop, UV_RUN_ONCE);
	assert_false(f.is_stopped);
	httpd_stream_end(r, "b", 1);
	turn_until(&f, fd, "0\r\n\r\n");
	close(fd);
	turn_until_stopped(&f);
	assert_int_equal(f.sent, 1);
	close_all(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_are_chunks_and_leave_at_once),
		cmocka_unit_test(test_http_1_0_gets_bare_bytes_up_to_the_close),
		cmocka_unit_test(test_head_gets_no_body),
		cmocka_unit_test(test_a_stream_waits_for_the_answer_before_it),
		cmocka_unit_test(test_what_waits_for_a_slow_peer_is_bounded_and_whole),
		cmocka_unit_test(test_a_peer_that_takes_nothing_of_its_stream_is_closed),
		cmocka_unit_test(test_a_cut_stream_lacks_its_end),
		cmocka_unit_test(test_a_push_says_that_the_peer_has_gone),
		cmocka_unit_test(test_a_half_closed_peer_is_abandoned_and_still_served),
		cmocka_unit_test(test_stopping_lets_streams_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
