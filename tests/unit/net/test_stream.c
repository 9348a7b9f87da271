#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "unit/net/client.h"

static void
check_exchange(int family)
{
	struct client c;
	int peer = pair(&c, family), error;
	char got[16];
	size_t written;

	if (peer < 0)
		skip(); /* a machine without IPv6 */
	assert_int_equal(stream_write(&c.stream, "ping", 4, &written, &error), STREAM_DONE);
	assert_int_equal(written, 4);
	assert_int_equal(recv(peer, got, sizeof(got), 0), 4);
	peer_send(peer, "pong", 4);
	TURN_UNTIL(c.received.length == 4);
	assert_memory_equal(c.received.bytes, "pong", 4);
	client_end(&c);
	assert_int_equal(recv(peer, got, sizeof(got), 0), 0); /* an orderly close */
	assert_int_equal(c.written + c.errors + c.eofs, 0);
	close(peer);
}

static void
test_bytes_go_both_ways_over_ipv4(void **context)
{
	(void)context;
	check_exchange(AF_INET);
}

static void
test_bytes_go_both_ways_over_ipv6(void **context)
{
	(void)context;
	check_exchange(AF_INET6);
}

static void
test_bytes_go_both_ways_over_a_unix_socket(void **context)
{
	(void)context;
	check_exchange(AF_UNIX);
}

static void
test_reset_is_reported_once(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET);

	peer_reset(peer);
	TURN_UNTIL(c.errors > 0);
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(c.errors, 1);
	assert_int_equal(c.error, -ECONNRESET);
	assert_int_equal(c.eofs, 0);
	client_end(&c);
}

static void
test_bytes_before_a_reset_are_not_lost(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET);

	peer_send(peer, "answer", 6);
	peer_reset(peer);
	TURN_UNTIL(c.errors > 0);
	assert_int_equal(c.received.length, 6);
	assert_memory_equal(c.received.bytes, "answer", 6);
	assert_int_equal(c.errors, 1);
	client_end(&c);
}

static void
test_half_close_is_reported_once_and_leaves_writing_open(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET), error;
	char got[4];
	size_t written;

	shutdown(peer, SHUT_WR);
	TURN_UNTIL(c.eofs > 0);
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(c.eofs, 1);
	assert_int_equal(c.stream.polled, 0); /* else the loop would spin on a socket that is readable for good */
	assert_int_equal(stream_write(&c.stream, "rest", 4, &written, &error), STREAM_DONE);
	assert_int_equal(recv(peer, got, sizeof(got), 0), 4);
	client_end(&c);
	close(peer);
}

static void
test_large_write_is_finished_as_the_peer_reads(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET), error;
	size_t length = (size_t)10 * 1024 * 1024, got = 0, written;
	char *bytes = malloc(length), *back = malloc(length);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * 7 + i / 4096);
	assert_int_equal(stream_write(&c.stream, bytes, length, &written, &error), STREAM_PENDING);
	assert_true(written > 0 && written < length);
	assert_true(stream_is_writing(&c.stream));
	while (got < length) {
		ssize_t n = recv(peer, back + got, length - got < 300000 ? length - got : 300000, MSG_DONTWAIT);

		if (n > 0)
			got += (size_t)n;
		else
			uv_run(&loop, UV_RUN_ONCE);
	}
	TURN_UNTIL(c.written > 0);
	assert_memory_equal(bytes, back, length);
	assert_int_equal(c.written, 1);
	assert_int_equal(c.stream.polled, UV_READABLE);
	assert_false(stream_is_writing(&c.stream));
	/* and it may be written to again */
	assert_int_equal(stream_write(&c.stream, "x", 1, &written, &error), STREAM_DONE);
	client_end(&c);
	close(peer);
	free(bytes);
	free(back);
}

static void
test_reset_during_a_pending_write_is_reported_once(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET), error;
	size_t length = (size_t)10 * 1024 * 1024, written;
	char *bytes = calloc(1, length);

	assert_int_equal(stream_write(&c.stream, bytes, length, &written, &error), STREAM_PENDING);
	peer_reset(peer);
	TURN_UNTIL(c.errors > 0);
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(c.errors, 1);
	assert_int_equal(failure_from_io_errno((int)-c.error), FAILURE_RESET);
	assert_int_equal(c.written, 0);
	client_end(&c);
	free(bytes);
}

static void
test_write_to_a_reset_stream_fails_at_once_without_a_signal(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET), error = 0;
	size_t written = 99;

	peer_reset(peer);
	assert_int_equal(stream_write(&c.stream, "x", 1, &written, &error), STREAM_FAILED);
	assert_int_equal(written, 0);
	assert_int_equal(failure_from_io_errno(-error), FAILURE_RESET);
	/* the reset was told; what is written now would raise SIGPIPE */
	assert_int_equal(stream_write(&c.stream, "x", 1, &written, &error), STREAM_FAILED);
	assert_int_equal(error, -EPIPE);
	assert_int_equal(c.errors, 0);
	client_end(&c);
}

static void
test_close_with_reset_reaches_the_peer(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET);
	char got[4];

	stream_close(&c.stream, true);
	client_end(&c);
	assert_int_equal(recv(peer, got, sizeof(got), 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(peer);
}

static void
test_nothing_is_read_after_a_close_in_on_read(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_INET);
	size_t length = 3 * STREAM_READ_BYTES;
	char *bytes = calloc(1, length);

	c.closes_on_read = true;
	peer_send(peer, bytes, length);
	TURN_UNTIL(c.reads > 0);
	client_end(&c);
	assert_int_equal(c.reads, 1);
	close(peer);
	free(bytes);
}

static void
test_busy_stream_leaves_the_loop_to_others(void **context)
{
	(void)context;
	struct client c;
	int peer = pair(&c, AF_UNIX), size = 4 * 1024 * 1024, turns = 0;
	size_t length = 16 * STREAM_READ_BYTES, sent = 0;
	char *bytes = calloc(1, length);

	setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ssize_t n = send(peer, bytes, length, MSG_DONTWAIT);

	assert_true(n > 0);
	sent = (size_t)n;
	while (c.received.length < sent) {
		size_t before = c.received.length;

		uv_run(&loop, UV_RUN_NOWAIT);
		assert_true(c.received.length - before <= 4 * STREAM_READ_BYTES);
		turns++;
	}
	assert_true(sent <= 4 * STREAM_READ_BYTES || turns > 1);
	client_end(&c);
	close(peer);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_bytes_go_both_ways_over_ipv4),
		LOOP_TEST(test_bytes_go_both_ways_over_ipv6),
		LOOP_TEST(test_bytes_go_both_ways_over_a_unix_socket),
		LOOP_TEST(test_reset_is_reported_once),
		LOOP_TEST(test_bytes_before_a_reset_are_not_lost),
		LOOP_TEST(test_half_close_is_reported_once_and_leaves_writing_open),
		LOOP_TEST(test_large_write_is_finished_as_the_peer_reads),
		LOOP_TEST(test_reset_during_a_pending_write_is_reported_once),
		LOOP_TEST(test_write_to_a_reset_stream_fails_at_once_without_a_signal),
		LOOP_TEST(test_close_with_reset_reaches_the_peer),
		LOOP_TEST(test_nothing_is_read_after_a_close_in_on_read),
		LOOP_TEST(test_busy_stream_leaves_the_loop_to_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
