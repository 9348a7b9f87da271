#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/client.h"
#include "unit/net/talk.h"

/* A stream over TLS against OpenSSL's server behind a socket; both ends are turned by the test. */

static const struct plan_tls plain = {.verify = true, .resume = true};

struct side {
	struct tls_context *context;
	SSL_CTX *server_context;
	struct tls_server server;
	int fd;            /* the server's */
	struct buf unsent; /* what the server said and its socket had no room for */
};

static void
side_open(struct side *s, struct client *c)
{
	struct address address;
	enum failure failure;
	int listener = peer_listen(AF_INET, 8, &address);

	*s = (struct side){
		.context = talk_context(&plain, "good.test", NULL), .server_context = tls_server_context(&good)};
	buf_init(&s->unsent, WIRE_CEILING);
	assert_int_equal(client_start_tls(c, &address, s->context, &failure), STREAM_PENDING);
	s->fd = peer_accept(listener);
	assert_int_equal(fcntl(s->fd, F_SETFL, O_NONBLOCK), 0);
	s->server = tls_server_start(s->server_context);
	close(listener);
}

static void
side_close(struct side *s)
{
	tls_server_stop(&s->server);
	if (s->fd >= 0)
		close(s->fd);
	buf_fini(&s->unsent);
	tls_context_free(s->context);
	SSL_CTX_free(s->server_context);
}

/* What the server has to say goes out. */
static void
side_flush(struct side *s)
{
	char bytes[16384];
	size_t n;

	while ((n = tls_server_sent(&s->server, bytes, sizeof(bytes))) > 0)
		assert_true(buf_add(&s->unsent, bytes, n));
	ssize_t sent = s->unsent.length > 0 ? send(s->fd, s->unsent.bytes, s->unsent.length, MSG_NOSIGNAL) : 0;

	if (sent <= 0)
		return;
	memmove(s->unsent.bytes, s->unsent.bytes + sent, s->unsent.length - (size_t)sent);
	s->unsent.length -= (size_t)sent;
}

/* One turn of both ends. */
static void
side_turn(struct side *s)
{
	char bytes[16384];

	if (s->fd >= 0) {
		ssize_t n = recv(s->fd, bytes, sizeof(bytes), 0);

		tls_server_take(&s->server, bytes, n > 0 ? (size_t)n : 0);
		side_flush(s);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
}

#define BOTH_UNTIL(side, condition)                                                                                    \
	while (!(condition))                                                                                           \
	side_turn(side)

static void
side_say(struct side *s, const char *text)
{
	tls_server_write(&s->server, text, strlen(text));
}

static void
side_connect(struct side *s, struct client *c)
{
	side_open(s, c);
	BOTH_UNTIL(s, c->connected > 0 && SSL_is_init_finished(s->server.ssl));
	assert_int_equal(c->failure, FAILURE_COUNT);
}

static void
test_connected_is_told_after_the_handshake(void **state)
{
	struct side s;
	struct client c;

	(void)state;
	side_open(&s, &c);
	for (int i = 0; i < 20; i++)
		uv_run(&loop, UV_RUN_NOWAIT); /* TCP is connected, and nobody answers */
	assert_int_equal(c.connected, 0);
	assert_true(c.stream.is_handshaking);
	assert_true(c.stream.handshake_ns < 0);
	BOTH_UNTIL(&s, c.connected > 0);
	assert_int_equal(c.connected, 1);
	assert_false(c.stream.is_handshaking);
	assert_true(c.stream.handshake_ns > 0);
	assert_string_equal(tls_version(&c.stream.tls), "TLSv1.3");
	client_end(&c);
	side_close(&s);
}

static void
test_bytes_go_both_ways_and_keep_the_kernels_stamp(void **state)
{
	struct side s;
	struct client c;
	char got[64];
	size_t written;
	int error;

	(void)state;
	side_connect(&s, &c);
	for (int i = 0; i < 20; i++)
		side_turn(&s); /* the tickets arrive */
	assert_int_equal(c.reads, 0);
	c.stream.arrived_ns = 0;
	assert_int_equal(stream_write(&c.stream, "ping", 4, &written, &error), STREAM_DONE);
	assert_int_equal(written, 4);
	side_turn(&s);
	assert_int_equal(tls_server_read(&s.server, got, sizeof(got)), 4);
	side_say(&s, "pong");
	BOTH_UNTIL(&s, c.received.length == 4);
	assert_true(c.stream.arrived_ns > 0);
	client_end(&c);
	BOTH_UNTIL(&s, tls_server_read(&s.server, got, sizeof(got)) == 0 &&
			       SSL_get_shutdown(s.server.ssl) & SSL_RECEIVED_SHUTDOWN);
	side_close(&s);
}

/* Whoever takes an answer must see at once that something stands behind it. */
static void
test_records_that_come_together_are_one_read(void **state)
{
	struct side s;
	struct client c;

	(void)state;
	side_connect(&s, &c);
	side_say(&s, "answer");
	side_say(&s, "more");
	BOTH_UNTIL(&s, c.received.length == 10);
	assert_int_equal(c.reads, 1);
	client_end(&c);
	side_close(&s);
}

/* Its handshake's last bytes and the first ones of its application arrive in one piece. */
static void
test_a_server_that_speaks_first_is_heard(void **state)
{
	struct side s;
	struct client c;
	char bytes[16384];
	ssize_t length;
	size_t n;

	(void)state;
	side_open(&s, &c);
	TURN_UNTIL(c.stream.is_handshaking);
	while ((length = recv(s.fd, bytes, sizeof(bytes), 0)) <= 0)
		;
	assert_int_equal(BIO_write(s.server.in, bytes, (int)length), length);
	assert_int_equal(SSL_read_early_data(s.server.ssl, bytes, sizeof(bytes), &n), SSL_READ_EARLY_DATA_FINISH);
	assert_int_equal(SSL_write_early_data(s.server.ssl, "hello", 5, &n), 1);
	assert_false(SSL_is_init_finished(s.server.ssl));
	side_flush(&s);
	TURN_UNTIL(c.connected > 0);
	assert_int_equal(c.received.length, 5);
	BOTH_UNTIL(&s, SSL_is_init_finished(s.server.ssl));
	client_end(&c);
	side_close(&s);
}

static void
test_an_end_that_was_not_announced_is_truncation(void **state)
{
	(void)state;
	for (int is_announced = 0; is_announced < 2; is_announced++) {
		struct side s;
		struct client c;

		side_connect(&s, &c);
		side_say(&s, "answer");
		if (is_announced)
			SSL_shutdown(s.server.ssl);
		side_flush(&s);
		close(s.fd);
		s.fd = -1;
		TURN_UNTIL(c.eofs + c.errors > 0);
		for (int i = 0; i < 10; i++)
			uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(c.eofs, 1);
		assert_int_equal(c.received.length, 6);
		assert_int_equal(c.stream.is_truncated, !is_announced);
		client_end(&c);
		side_close(&s);
	}
}

static void
test_broken_tls_is_an_error_of_its_own(void **state)
{
	struct side s;
	struct client c;

	(void)state;
	side_connect(&s, &c);
	for (int i = 0; i < 20; i++)
		side_turn(&s);
	peer_send(s.fd, "this is no record", 17);
	BOTH_UNTIL(&s, c.errors > 0);
	assert_int_equal(c.error, -EPROTO);
	assert_int_equal(failure_from_io_errno(EPROTO), FAILURE_TLS_RECORD);
	assert_string_not_equal(stream_words(&c.stream), "");
	client_end(&c);
	side_close(&s);
}

/* What ends a handshake, and as what it counts. */
static void
test_a_handshake_that_is_ended_is_no_refused_connection(void **state)
{
	static const struct {
		const char *says;
		bool resets;
		const char *words;
	} cases[] = {
		{"", false, "the target closed the connection during the handshake"},
		{"", true, "Connection reset by peer"},
		{"HTTP/1.1 400 Bad Request\r\n\r\n", false, "wrong version number (does this port speak TLS?)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct side s;
		struct client c;

		side_open(&s, &c);
		uv_run(&loop, UV_RUN_NOWAIT);
		TURN_UNTIL(c.stream.is_handshaking);
		char hello[4096];

		while (recv(s.fd, hello, sizeof(hello), 0) <= 0)
			;
		if (cases[i].says[0] != '\0')
			peer_send(s.fd, cases[i].says, strlen(cases[i].says));
		if (cases[i].resets)
			peer_reset(s.fd);
		else
			close(s.fd);
		s.fd = -1;
		TURN_UNTIL(c.connected > 0);
		assert_int_equal(c.failure, FAILURE_TLS_HANDSHAKE);
		assert_string_equal(stream_words(&c.stream), cases[i].words);
		assert_true(c.stream.is_handshaking); /* that is how far it came */
		client_end(&c);
		assert_int_equal(c.connected + c.reads + c.eofs + c.errors, 1);
		side_close(&s);
	}
}

static void
test_a_large_write_is_pending_until_all_of_it_is_taken(void **state)
{
	static char large[8 * 1024 * 1024], got[65536];
	struct side s;
	struct client c;
	size_t written, read = 0;
	int error;

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i % 251);
	side_connect(&s, &c);
	assert_int_equal(stream_write(&c.stream, large, sizeof(large), &written, &error), STREAM_PENDING);
	assert_in_range(written, 1, sizeof(large) - 1);
	assert_true(stream_is_writing(&c.stream));
	while (c.written == 0 || read < sizeof(large)) {
		side_turn(&s);
		size_t n = tls_server_read(&s.server, got, sizeof(got));

		assert_memory_equal(got, large + read, n);
		read += n;
	}
	assert_int_equal(c.written, 1);
	assert_false(stream_is_writing(&c.stream));
	client_end(&c);
	side_close(&s);
}

static void
test_a_callee_may_close_while_it_reads(void **state)
{
	struct side s;
	struct client c;

	(void)state;
	side_connect(&s, &c);
	c.closes_on_read = true;
	side_say(&s, "answer");
	SSL_shutdown(s.server.ssl);
	BOTH_UNTIL(&s, c.closed > 0);
	assert_int_equal(c.reads, 1);
	assert_int_equal(c.eofs, 0);
	buf_fini(&c.received);
	side_close(&s);
}

static int
set_up(void **state)
{
	return talk_set_up(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_connected_is_told_after_the_handshake),
		LOOP_TEST(test_bytes_go_both_ways_and_keep_the_kernels_stamp),
		LOOP_TEST(test_records_that_come_together_are_one_read),
		LOOP_TEST(test_a_server_that_speaks_first_is_heard),
		LOOP_TEST(test_an_end_that_was_not_announced_is_truncation),
		LOOP_TEST(test_broken_tls_is_an_error_of_its_own),
		LOOP_TEST(test_a_handshake_that_is_ended_is_no_refused_connection),
		LOOP_TEST(test_a_large_write_is_pending_until_all_of_it_is_taken),
		LOOP_TEST(test_a_callee_may_close_while_it_reads),
	};

	return cmocka_run_group_tests(tests, set_up, talk_tear_down);
}
