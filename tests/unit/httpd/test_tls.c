#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "httpd/tls.h"
#include "unit/httpd/fixture.h"
#include "unit/net/tls_server.h"

/* A server over TLS and its client, by OpenSSL, on the same thread. What curl and s_client think of it: tests/target.
 */

struct talk {
	struct fixture f;
	struct httpd_tls *tls;
	struct identity first, second;
	char cert[64], key[64];
	SSL_CTX *client;
};

static struct identity
self_signed(const char *name)
{
	return identity_make(name, 0, 1, NULL);
}

static void
write_files(struct talk *t, const struct identity *cert, const struct identity *key)
{
	FILE *file = fopen(t->cert, "w");

	PEM_write_X509(file, cert->certificate);
	fclose(file);
	file = fopen(t->key, "w");
	PEM_write_PrivateKey(file, key->key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
}

static void
begin(struct talk *t, const struct httpd_limits *limits)
{
	struct error err = {0};

	t->first = self_signed("first");
	t->second = self_signed("second");
	pem_write(t->first.certificate, NULL, t->cert);
	pem_write(NULL, t->first.key, t->key);
	t->tls = httpd_tls_new(t->cert, t->key, &err);
	if (t->tls == NULL)
		fail_msg("%s", err.message);
	open_at(&t->f, "127.0.0.1:0", limits, t->tls);
	t->f.answers_at_once = true;
	t->client = SSL_CTX_new(TLS_client_method());
}

static void
end(struct talk *t)
{
	close_all(&t->f);
	httpd_tls_free(t->tls);
	SSL_CTX_free(t->client);
	identity_free(&t->first);
	identity_free(&t->second);
	unlink(t->cert);
	unlink(t->key);
}

static SSL *
connect_tls(struct talk *t)
{
	SSL *ssl = SSL_new(t->client);

	SSL_set_fd(ssl, client(&t->f));
	SSL_set_connect_state(ssl);
	return ssl;
}

/* False: the server ended it meanwhile. */
static bool
shakes(struct talk *t, SSL *ssl)
{
	while (SSL_do_handshake(ssl) != 1) {
		if (SSL_get_error(ssl, -1) != SSL_ERROR_WANT_READ)
			return false;
		uv_run(&t->f.loop, UV_RUN_ONCE);
	}
	return true;
}

static void
shake(struct talk *t, SSL *ssl)
{
	assert_true(shakes(t, ssl));
}

static void
say_tls(SSL *ssl, const char *text)
{
	size_t n;

	assert_int_equal(SSL_write_ex(ssl, text, strlen(text), &n), 1);
	assert_int_equal(n, strlen(text));
}

/* Until that text is there, or the server's end. */
static void
hear_tls(struct talk *t, SSL *ssl, const char *expected)
{
	struct fixture *f = &t->f;

	while (!f->is_closed_by_server && (expected == NULL || strstr(f->got, expected) == NULL)) {
		size_t n = 0;

		uv_run(&f->loop, UV_RUN_ONCE);
		if (SSL_read_ex(ssl, f->got + f->got_length, sizeof(f->got) - 1 - f->got_length, &n) == 1)
			f->got_length += n;
		else
			f->is_closed_by_server = SSL_get_error(ssl, 0) != SSL_ERROR_WANT_READ;
		f->got[f->got_length] = '\0';
	}
	ERR_clear_error();
}

static void
hang_up(SSL *ssl)
{
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
}

static void
test_requests_are_answered_and_the_end_is_told(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, &httpd_default_limits);
	assert_memory_equal(httpd_url(t.f.httpd), "https://127.0.0.1:", 18);
	SSL *ssl = connect_tls(&t);

	shake(&t, ssl);
	say_tls(ssl, GET("/1") GET("/2"));
	hear_tls(&t, ssl, "hello");
	assert_int_equal(t.f.is_closed_by_server, false);
	say_tls(ssl, "GET /3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
	hear_tls(&t, ssl, NULL);
	assert_int_equal(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	assert_int_equal(httpd_counts(t.f.httpd).requests, 3);
	assert_int_equal(httpd_counts(t.f.httpd).unstamped, 2); /* reads: two of the requests came in one record */
	hang_up(ssl);
	end(&t);
	assert_int_equal(t.f.sent, 3);
}

/* Each read gives what was decrypted so far, whatever the records; and an answer fills the socket many times. */
static void
test_large_bodies_both_ways_while_the_peer_is_slow(void **state)
{
	enum { BYTES = 3 << 20 };
	struct talk t;
	char *body = must_alloc(BYTES + 1), head[128], *got = must_alloc(BYTES + 4096);
	size_t sent = 0, received = 0, n;

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		body[i] = (char)('a' + i * 7 % 26);
	begin(&t, &httpd_default_limits);
	t.f.answers_at_once = false;
	SSL *ssl = connect_tls(&t);

	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	shake(&t, ssl);
	snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n", BYTES);
	say_tls(ssl, head);
	while (sent < BYTES) {
		if (SSL_write_ex(ssl, body + sent, BYTES - sent, &n) == 1)
			sent += n;
		uv_run(&t.f.loop, UV_RUN_ONCE);
	}
	turn_until_held(&t.f, 1);
	assert_int_equal(t.f.held[0]->body_length, BYTES);
	assert_memory_equal(t.f.held[0]->body, body, BYTES);
	httpd_answer_text(t.f.held[0], 200, NULL, body, BYTES);
	for (int i = 0; i < 20; i++)
		uv_run(&t.f.loop, UV_RUN_ONCE);
	assert_int_equal(t.f.sent, 0); /* it waits for us */
	while (t.f.sent == 0 || received < BYTES) {
		if (SSL_read_ex(ssl, got + received, 1000, &n) == 1)
			received += n;
		else
			uv_run(&t.f.loop, UV_RUN_ONCE);
	}
	while (SSL_read_ex(ssl, got + received, 4096, &n) == 1)
		received += n;
	assert_memory_equal(got + received - BYTES, body, BYTES);
	hang_up(ssl);
	end(&t);
	free(body);
	free(got);
}

static void
test_streams_are_pushed_record_by_record(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, &httpd_default_limits);
	t.f.answers_at_once = false;
	SSL *ssl = connect_tls(&t);

	shake(&t, ssl);
	say_tls(ssl, GET("/events"));
	turn_until_held(&t.f, 1);
	httpd_stream_begin(t.f.held[0], 200, "Content-Type: text/event-stream\r\n");
	assert_int_equal(httpd_stream_push(t.f.held[0], "data: 1\n\n", 9), HTTPD_PUSH_SENT);
	hear_tls(&t, ssl, "data: 1\n\n");
	assert_int_equal(httpd_stream_push(t.f.held[0], "data: 2\n\n", 9), HTTPD_PUSH_SENT);
	hear_tls(&t, ssl, "data: 2\n\n");
	httpd_stream_end(t.f.held[0], "", 0);
	hear_tls(&t, ssl, "0\r\n\r\n");
	hang_up(ssl);
	end(&t);
}

/* A record that did not fit is kept by OpenSSL, which wants the same bytes again: what is pushed meanwhile comes behind
 * it. */
static void
test_what_is_pushed_while_the_socket_is_full_is_not_torn(void **state)
{
	enum { PIECE = 10000, PIECES = 2000 };
	struct httpd_limits limits = httpd_default_limits;
	struct talk t;
	char piece[PIECE];
	char *got = must_alloc((size_t)PIECE * PIECES * 2);
	size_t pushed = 0, received = 0, n;

	(void)state;
	limits.stream_bytes = PIECE * 20;
	begin(&t, &limits);
	t.f.answers_at_once = false;
	SSL *ssl = connect_tls(&t);

	shake(&t, ssl);
	say_tls(ssl, "GET / HTTP/1.0\r\n\r\n"); /* bare bytes, up to the end */
	turn_until_held(&t.f, 1);
	httpd_stream_begin(t.f.held[0], 200, NULL);
	while (pushed < PIECES) {
		memset(piece, (int)('a' + pushed % 26), PIECE);
		if (httpd_stream_push(t.f.held[0], piece, PIECE) != HTTPD_PUSH_FULL) {
			pushed++;
			continue;
		}
		uv_run(&t.f.loop, UV_RUN_ONCE);
		for (int i = 0; i < 30 && SSL_read_ex(ssl, got + received, PIECE, &n) == 1; i++)
			received += n;
	}
	assert_true(httpd_counts(t.f.httpd).streams_full > 0);
	httpd_stream_end(t.f.held[0], "", 0);
	while (t.f.sent == 0 || !t.f.is_closed_by_server) {
		uv_run(&t.f.loop, UV_RUN_ONCE);
		while (SSL_read_ex(ssl, got + received, PIECE, &n) == 1)
			received += n;
		t.f.is_closed_by_server = SSL_get_error(ssl, 0) == SSL_ERROR_ZERO_RETURN;
	}
	const char *body = strstr(got, "\r\n\r\n") + 4;

	assert_int_equal(received - (size_t)(body - got), (size_t)PIECE * PIECES);
	for (size_t i = 0; i < (size_t)PIECE * PIECES; i++)
		if (body[i] != (char)('a' + i / PIECE % 26))
			fail_msg("byte %zu is not what was pushed", i);
	hang_up(ssl);
	end(&t);
	free(got);
}

static void
test_a_handshake_has_the_time_of_a_head(void **state)
{
	struct httpd_limits limits = httpd_default_limits;
	struct talk t;

	(void)state;
	limits.head_timeout_ns = 50 * NS_PER_MS;
	limits.idle_timeout_ns = 0;
	begin(&t, &limits);
	int silent = client(&t.f), slow = client(&t.f);

	assert_int_equal(send(slow, "\x16\x03\x01\x02\x00\x01", 6, 0), 6);
	turn_until(&t.f, silent, NULL);
	t.f.is_closed_by_server = false;
	turn_until(&t.f, slow, NULL);
	assert_int_equal(t.f.got_length, 0);
	assert_int_equal(httpd_counts(t.f.httpd).expired, 2);
	/* One that is over waits as long as it likes for its first request. */
	SSL *ssl = connect_tls(&t);

	for (int tries = 0; !shakes(&t, ssl); tries++) { /* a busy machine may need longer than that for one */
		assert_true(tries < 100);
		hang_up(ssl);
		ssl = connect_tls(&t);
	}
	for (int i = 0; i < 40; i++)
		uv_run(&t.f.loop, UV_RUN_ONCE);
	t.f.is_closed_by_server = false;
	say_tls(ssl, GET("/"));
	hear_tls(&t, ssl, "hello");
	close(silent);
	close(slow);
	hang_up(ssl);
	end(&t);
}

static void
test_what_is_no_tls_ends_the_connection_and_is_counted(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, &httpd_default_limits);
	int garbage = client(&t.f), clear = client(&t.f);

	assert_int_equal(send(garbage, "\x16\x03\x01\x00\x05hello", 10, 0), 10);
	turn_until(&t.f, garbage, NULL);
	assert_int_equal(httpd_counts(t.f.httpd).handshakes_failed, 1);
	memset(t.f.got, 0, sizeof(t.f.got));
	t.f.got_length = 0;
	t.f.is_closed_by_server = false;
	say(clear, GET("/"));
	turn_until(&t.f, clear, NULL);
	assert_memory_equal(t.f.got, "HTTP/1.1 400 ", 13);
	assert_int_equal(httpd_counts(t.f.httpd).malformed, 1);
	assert_int_equal(httpd_counts(t.f.httpd).requests, 0);
	close(garbage);
	close(clear);
	end(&t);
}

static void
assert_shows(struct talk *t, const struct identity *identity)
{
	SSL *ssl = connect_tls(t);

	shake(t, ssl);
	X509 *shown = SSL_get1_peer_certificate(ssl);

	assert_int_equal(X509_cmp(shown, identity->certificate), 0);
	X509_free(shown);
	hang_up(ssl);
}

static void
test_a_reload_is_of_connections_from_then_on_or_of_none(void **state)
{
	struct error err = {0};
	struct talk t;

	(void)state;
	begin(&t, &httpd_default_limits);
	SSL *kept = connect_tls(&t);

	shake(&t, kept);
	write_files(&t, &t.second, &t.first); /* half replaced */
	assert_false(httpd_tls_reload(t.tls, &err));
	assert_non_null(strstr(err.message, t.key));
	assert_shows(&t, &t.first);
	write_files(&t, &t.second, &t.second);
	err = (struct error){0};
	assert_true(httpd_tls_reload(t.tls, &err));
	assert_shows(&t, &t.second);
	say_tls(kept, GET("/"));
	hear_tls(&t, kept, "hello");
	hang_up(kept);
	end(&t);
}

static void
test_the_end_of_the_certificate_is_known(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, &httpd_default_limits);
	int64_t in_s = httpd_tls_ends_at_s(t.tls) - (int64_t)time(NULL);

	assert_in_range(in_s, DAY_S - 600, DAY_S + 600);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_are_answered_and_the_end_is_told),
		cmocka_unit_test(test_large_bodies_both_ways_while_the_peer_is_slow),
		cmocka_unit_test(test_streams_are_pushed_record_by_record),
		cmocka_unit_test(test_what_is_pushed_while_the_socket_is_full_is_not_torn),
		cmocka_unit_test(test_a_handshake_has_the_time_of_a_head),
		cmocka_unit_test(test_what_is_no_tls_ends_the_connection_and_is_counted),
		cmocka_unit_test(test_a_reload_is_of_connections_from_then_on_or_of_none),
		cmocka_unit_test(test_the_end_of_the_certificate_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
