#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>

#include "unit/net/client.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_port_that_nobody_listens_on_is_refused),
		LOOP_TEST(test_unix_socket_that_is_not_there_is_refused),
		LOOP_TEST(test_unix_socket_with_a_full_backlog_fails_at_once),
		LOOP_TEST(test_connect_that_is_not_accepted_stays_pending_and_can_be_closed),
		LOOP_TEST(test_exhausted_descriptors_blame_ourselves),
		cmocka_unit_test(test_every_connect_errno_counts_as_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
