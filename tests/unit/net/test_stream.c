#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/check.h"
#include "net/stream.h"
#include "unit/net/peer.h"

#define RECEIVED_CEILING ((size_t)64 * 1024 * 1024)
#define GUARD_MS 20000 /* a test that hangs fails instead; nothing else depends on it */

struct client {
	struct stream stream;
	struct buf received;
	int connected, eofs, errors, written, closed, reads;
	enum failure failure;
	long error;
	bool closes_on_read;
};

static uv_loop_t loop;
static uv_timer_t guard;

static void
on_connected(struct stream *stream, enum failure failure)
{
	struct client *c = container_of(stream, struct client, stream);

	c->connected++;
	c->failure = failure;
}

static void
on_read(struct stream *stream, const char *bytes, long length)
{
	struct client *c = container_of(stream, struct client, stream);

	assert_false(stream->is_closing);
	if (length > 0) {
		c->reads++;
		assert_true(buf_add(&c->received, bytes, (size_t)length));
	} else if (length == 0) {
		c->eofs++;
	} else {
		c->errors++;
		c->error = length;
	}
	if (c->closes_on_read)
		stream_close(stream, false);
}

static void
on_written(struct stream *stream)
{
	container_of(stream, struct client, stream)->written++;
}

static void
on_closed(struct stream *stream)
{
	container_of(stream, struct client, stream)->closed++;
}

static const struct stream_events events = {on_connected, on_read, on_written, on_closed};

static void
on_guard(uv_timer_t *timer)
{
	(void)timer;
	fprintf(stderr, "the loop waited for what never came\n");
	abort();
}

/* Turns the loop until the condition holds. */
#define TURN_UNTIL(condition)                                                                                          \
	while (!(condition))                                                                                           \
	uv_run(&loop, UV_RUN_ONCE)

static enum stream_result
client_start(struct client *c, const struct address *to, enum failure *failure)
{
	*c = (struct client){.failure = FAILURE_COUNT};
	buf_init(&c->received, RECEIVED_CEILING);
	return stream_connect(&c->stream, &loop, to, &events, failure);
}

static void
client_connect(struct client *c, const struct address *to)
{
	enum failure failure;

	assert_int_equal(client_start(c, to, &failure), STREAM_PENDING);
	assert_int_equal(c->connected, 0);
	TURN_UNTIL(c->connected > 0);
	assert_int_equal(c->connected, 1);
	assert_int_equal(c->failure, FAILURE_COUNT);
}

static void
client_end(struct client *c)
{
	if (!c->stream.is_closing) {
		stream_close(&c->stream, false);
		assert_int_equal(c->closed, 0);
	}
	TURN_UNTIL(c->closed > 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(c->closed, 1);
	buf_fini(&c->received);
}

/* A client and its peer. */
static int
pair(struct client *c, int family)
{
	struct address address;
	int listener = peer_listen(family, 8, &address);

	if (listener < 0)
		return -1;
	client_connect(c, &address);
	int peer = peer_accept(listener);

	close(listener);
	if (family == AF_UNIX)
		unlink(address.unix_path.sun_path);
	return peer;
}

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
test_port_that_nobody_listens_on_is_refused(void **context)
{
	(void)context;
	struct address address;
	int bound = peer_bind(AF_INET, &address); /* held, but not listening */
	struct client c;
	enum failure failure = FAILURE_COUNT;

	assert_int_equal(client_start(&c, &address, &failure), STREAM_PENDING);
	TURN_UNTIL(c.connected > 0);
	assert_int_equal(c.connected, 1);
	assert_int_equal(c.failure, FAILURE_CONNECT_REFUSED);
	client_end(&c);
	assert_int_equal(c.errors + c.eofs, 0);
	close(bound);
}

static void
test_unix_socket_that_is_not_there_is_refused(void **context)
{
	(void)context;
	struct address address = address_loopback(AF_UNIX);
	struct client c;
	enum failure failure = FAILURE_COUNT;

	address.any.sa_family = AF_UNIX;
	assert_int_equal(client_start(&c, &address, &failure), STREAM_FAILED);
	assert_int_equal(failure, FAILURE_CONNECT_REFUSED);
}

static void
test_unix_socket_with_a_full_backlog_fails_at_once(void **context)
{
	(void)context;
	struct address address;
	int listener = peer_listen(AF_UNIX, 0, &address);
	struct client c[4];
	size_t n = 0;
	enum failure failure = FAILURE_COUNT;

	while (n < ARRAY_LEN(c) && client_start(&c[n], &address, &failure) == STREAM_PENDING)
		n++;
	assert_true(n < ARRAY_LEN(c));
	assert_int_equal(failure, FAILURE_CONNECT_FAILED);
	for (size_t i = 0; i < n; i++)
		client_end(&c[i]);
	close(listener);
	unlink(address.unix_path.sun_path);
}

/* The engine gives up after its connect timeout: the attempt can be closed before it came to anything. */
static void
test_connect_that_is_not_accepted_stays_pending_and_can_be_closed(void **context)
{
	(void)context;
	struct address address;
	int listener = peer_listen(AF_INET, 0, &address);
	struct client first, stalled[2];
	enum failure failure;

	client_connect(&first, &address);
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++)
		assert_int_equal(client_start(&stalled[i], &address, &failure), STREAM_PENDING);
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(stalled[1].connected, 0);
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++) {
		stream_close(&stalled[i].stream, true);
		client_end(&stalled[i]);
	}
	assert_int_equal(stalled[1].connected, 0);
	client_end(&first);
	close(listener);
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

static void
test_exhausted_descriptors_blame_ourselves(void **context)
{
	(void)context;
	struct address address;
	int listener = peer_listen(AF_INET, 8, &address);
	struct client c;
	struct rlimit limit, none;
	enum failure failure = FAILURE_COUNT;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)listener + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	enum stream_result result = client_start(&c, &address, &failure);

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(result, STREAM_FAILED);
	assert_int_equal(failure, FAILURE_NO_FDS);
	client_connect(&c, &address); /* and afterwards it works */
	client_end(&c);
	close(listener);
}

static void
test_every_connect_errno_counts_as_unsent(void **context)
{
	(void)context;
	static const struct {
		int error;
		enum failure failure;
	} rows[] = {
		{ECONNREFUSED, FAILURE_CONNECT_REFUSED},
		{ENOENT, FAILURE_CONNECT_REFUSED},
		{ETIMEDOUT, FAILURE_CONNECT_TIMEOUT},
		{ECONNRESET, FAILURE_CONNECT_RESET},
		{EHOSTUNREACH, FAILURE_UNREACHABLE},
		{ENETUNREACH, FAILURE_UNREACHABLE},
		{EACCES, FAILURE_UNREACHABLE},
		{EINVAL, FAILURE_UNREACHABLE},
		{EADDRNOTAVAIL, FAILURE_NO_PORTS},
		{EMFILE, FAILURE_NO_FDS},
		{ENFILE, FAILURE_NO_FDS},
		{ENOBUFS, FAILURE_NO_MEMORY},
		{ENOMEM, FAILURE_NO_MEMORY},
		{EAGAIN, FAILURE_CONNECT_FAILED},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(failure_from_connect_errno(rows[i].error), rows[i].failure);
	for (int error = 1; error < 134; error++) {
		enum failure connecting = failure_from_connect_errno(error), under_way = failure_from_io_errno(error);

		assert_in_range(connecting, FAILURE_CONNECT_REFUSED, FAILURE_NO_MEMORY);
		assert_in_range(under_way, FAILURE_STATUS, FAILURE_NETWORK);
	}
	assert_int_equal(failure_from_io_errno(ECONNRESET), FAILURE_RESET);
	assert_int_equal(failure_from_io_errno(EPIPE), FAILURE_RESET);
	assert_int_equal(failure_from_io_errno(EHOSTUNREACH), FAILURE_NETWORK);
}

static int
start_loop(void **context)
{
	(void)context;
	uv_loop_init(&loop);
	uv_timer_init(&loop, &guard);
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	uv_unref((uv_handle_t *)&guard);
	return 0;
}

/* Fails where a test left a handle behind. */
static int
end_loop(void **context)
{
	(void)context;
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	return uv_loop_close(&loop);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, start_loop, end_loop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_bytes_go_both_ways_over_ipv4),
		LOOP_TEST(test_bytes_go_both_ways_over_ipv6),
		LOOP_TEST(test_bytes_go_both_ways_over_a_unix_socket),
		LOOP_TEST(test_port_that_nobody_listens_on_is_refused),
		LOOP_TEST(test_unix_socket_that_is_not_there_is_refused),
		LOOP_TEST(test_unix_socket_with_a_full_backlog_fails_at_once),
		LOOP_TEST(test_connect_that_is_not_accepted_stays_pending_and_can_be_closed),
		LOOP_TEST(test_reset_is_reported_once),
		LOOP_TEST(test_bytes_before_a_reset_are_not_lost),
		LOOP_TEST(test_half_close_is_reported_once_and_leaves_writing_open),
		LOOP_TEST(test_large_write_is_finished_as_the_peer_reads),
		LOOP_TEST(test_reset_during_a_pending_write_is_reported_once),
		LOOP_TEST(test_write_to_a_reset_stream_fails_at_once_without_a_signal),
		LOOP_TEST(test_close_with_reset_reaches_the_peer),
		LOOP_TEST(test_nothing_is_read_after_a_close_in_on_read),
		LOOP_TEST(test_busy_stream_leaves_the_loop_to_others),
		LOOP_TEST(test_exhausted_descriptors_blame_ourselves),
		cmocka_unit_test(test_every_connect_errno_counts_as_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
