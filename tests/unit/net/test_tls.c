#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/talk.h"

static const struct plan_tls plain = {.verify = true, .resume = true};
static const char request[] = "GET / HTTP/1.1\r\n\r\n", answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/* A whole exchange; what the client is fed comes in pieces of at most `cut` bytes. */
static void
exchange(struct tls_context *context, SSL_CTX *server, size_t cut)
{
	struct talk t;
	char got[256];
	size_t taken;

	talk_begin(&t, context, server);
	t.cut = cut;
	talk_shake(&t);
	assert_int_equal(t.result, TLS_DONE);
	assert_int_equal(tls_write(&t.tls, request, strlen(request), &taken), TLS_DONE);
	assert_int_equal(taken, strlen(request));
	talk_deliver(&t);
	tls_server_read(&t.server, got, sizeof(got));
	assert_string_equal(got, request);
	tls_server_write(&t.server, answer, strlen(answer));
	assert_int_equal(talk_read(&t, 1024), TLS_WANTS_READ);
	assert_int_equal(t.received.length, strlen(answer));
	assert_memory_equal(t.received.bytes, answer, strlen(answer));
	talk_end(&t, true);
}

static void
test_bytes_may_come_in_any_pieces(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);

	(void)state;
	for (size_t cut = 1; cut < 40; cut++)
		exchange(context, server, cut);
	for (size_t cut = 40; cut < 3000; cut += 61)
		exchange(context, server, cut);
	SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
	for (size_t cut = 1; cut < 3000; cut = cut * 3 / 2 + 1)
		exchange(context, server, cut);
	tls_context_free(context);
	SSL_CTX_free(server);
}

/* Every number of bytes that the kernel takes at once, whatever was being sent then. */
static void
test_a_wire_that_takes_little_delays_and_loses_nothing(void **state)
{
	static char large[50000], got[sizeof(large) + 1];
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)('a' + i % 26);
	for (size_t step = 1; step < 20000; step = step * 2 + 1) {
		struct talk t;
		size_t sent = 0, got_length = 0, waits = 0;

		talk_begin(&t, context, server);
		for (t.room = 0; (t.result = tls_handshake(&t.tls, &t.failure)) != TLS_DONE;) {
			char *piece;

			waits += t.result == TLS_WANTS_WRITE;
			assert_true(t.result == TLS_WANTS_WRITE || t.result == TLS_WANTS_READ);
			t.room += t.result == TLS_WANTS_WRITE ? step : 0;
			talk_deliver(&t);
			talk_collect(&t);
			if (t.result == TLS_WANTS_READ && talk_feed(&t, &piece)) {
				t.result = tls_handshake(&t.tls, &t.failure);
				assert_int_equal(t.tls.in_length == 0 || t.tls.in == t.tls.kept, true);
				free(piece);
				if (t.result == TLS_DONE)
					break;
			}
		}
		while (sent < sizeof(large)) {
			size_t taken;
			enum tls_result result = tls_write(&t.tls, large + sent, sizeof(large) - sent, &taken);

			assert_true(result == TLS_DONE || result == TLS_WANTS_WRITE);
			sent += taken;
			waits += result == TLS_WANTS_WRITE;
			t.room += step < 500 ? 500 : step;
			talk_deliver(&t);
			got_length += tls_server_read(&t.server, got + got_length, sizeof(got) - got_length);
		}
		assert_true(waits > 0);
		assert_int_equal(got_length, sizeof(large));
		assert_memory_equal(got, large, sizeof(large));
		talk_end(&t, false);
	}
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_many_records_come_as_one_piece(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;
	char into[64], *piece;
	size_t n;

	(void)state;
	talk_begin(&t, context, server);
	talk_shake(&t);
	talk_read(&t, 1024);
	tls_server_write(&t.server, "one", 3);
	tls_server_write(&t.server, "two", 3);
	tls_server_write(&t.server, "three", 5);
	talk_collect(&t);
	assert_true(talk_feed(&t, &piece));
	assert_int_equal(tls_read(&t.tls, into, 8, &n), TLS_DONE); /* there may be more */
	assert_int_equal(n, 8);
	assert_int_equal(tls_read(&t.tls, into + 8, sizeof(into) - 8, &n), TLS_WANTS_READ);
	assert_memory_equal(into, "onetwothree", 11);
	assert_int_equal(n, 3);
	free(piece);
	talk_end(&t, true);
	tls_context_free(context);
	SSL_CTX_free(server);
}

/* TLS 1.3's come after the handshake, whenever the server likes. */
static void
test_tickets_are_no_bytes_of_the_application(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;

	(void)state;
	talk_begin(&t, context, server);
	talk_shake(&t);
	talk_collect(&t);
	assert_true(t.to_client.length > 100); /* the tickets */
	assert_int_equal(talk_read(&t, 1024), TLS_WANTS_READ);
	assert_int_equal(SSL_new_session_ticket(t.server.ssl), 1);
	assert_int_equal(SSL_do_handshake(t.server.ssl), 1);
	talk_collect(&t);
	assert_true(t.to_client.length > 100);
	assert_int_equal(talk_read(&t, 1024), TLS_WANTS_READ);
	assert_int_equal(t.received.length, 0);
	talk_end(&t, true);
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_the_end_is_told_apart_from_a_cut(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;

	(void)state;
	talk_begin(&t, context, server);
	talk_shake(&t);
	tls_server_write(&t.server, answer, strlen(answer));
	assert_int_equal(talk_read(&t, 1024), TLS_WANTS_READ);
	assert_false(tls_was_closed(&t.tls)); /* a connection that ended here was cut */
	tls_server_write(&t.server, answer, strlen(answer));
	SSL_shutdown(t.server.ssl);
	assert_int_equal(talk_read(&t, 1024), TLS_CLOSED);
	assert_int_equal(t.received.length, 2 * strlen(answer));
	assert_true(tls_was_closed(&t.tls));
	talk_end(&t, true);
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_the_server_is_told_of_a_graceful_end_alone(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);

	(void)state;
	for (int is_graceful = 0; is_graceful < 2; is_graceful++) {
		struct talk t;
		char got[64];

		talk_begin(&t, context, server);
		talk_shake(&t);
		tls_end(&t.tls, is_graceful);
		talk_deliver(&t);
		tls_server_read(&t.server, got, sizeof(got));
		assert_int_equal(SSL_get_shutdown(t.server.ssl) & SSL_RECEIVED_SHUTDOWN,
			is_graceful ? SSL_RECEIVED_SHUTDOWN : 0);
		talk_end(&t, false);
	}
	tls_context_free(context);
	SSL_CTX_free(server);
}

/* What was fed is gone when it is called again, and had to be kept. */
static void
test_a_read_that_has_to_write_first_keeps_what_came(void **state)
{
	char own[64];
	struct identity client = identity_make("DNS:client.test", -1, 10, &authority);
	const struct plan_tls shows = {
		.verify = true, .resume = true, .cert = pem_write(client.certificate, client.key, own)};
	struct tls_context *context = talk_context(&shows, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;
	char got[256], into[256], *piece;
	size_t n;

	(void)state;
	X509_STORE_add_cert(SSL_CTX_get_cert_store(server), authority.certificate);
	talk_begin(&t, context, server);
	talk_shake(&t);
	talk_read(&t, 1024);
	SSL_set_verify(t.server.ssl, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_verify_client_post_handshake(t.server.ssl), 1);
	assert_int_equal(SSL_do_handshake(t.server.ssl), 1);
	tls_server_write(&t.server, answer, strlen(answer));
	talk_collect(&t);
	t.room = 10;
	assert_true(talk_feed(&t, &piece));
	n = t.to_client.length;
	assert_int_equal(tls_read(&t.tls, into, sizeof(into), &n), TLS_WANTS_WRITE);
	assert_int_equal(n, 0);
	free(piece); /* the sanitizers see whoever looks at it */
	tls_server_write(&t.server, answer, strlen(answer));
	talk_collect(&t);
	assert_true(talk_feed(&t, &piece)); /* meanwhile more came */
	free(piece);
	t.room = SIZE_MAX;
	assert_int_equal(tls_read(&t.tls, into, sizeof(into), &n), TLS_WANTS_READ);
	assert_int_equal(n, 2 * strlen(answer));
	assert_memory_equal(into, answer, strlen(answer));
	assert_null(t.tls.kept);
	talk_deliver(&t);
	tls_server_read(&t.server, got, sizeof(got));
	X509 *shown = SSL_get1_peer_certificate(t.server.ssl);

	assert_non_null(shown);
	assert_int_equal(X509_cmp(shown, client.certificate), 0);
	X509_free(shown);
	talk_end(&t, true);
	unlink(own);
	identity_free(&client);
	tls_context_free(context);
	SSL_CTX_free(server);
}

/* Two handshakes of one context after another: whether the second was short. */
static bool
second_is_resumed(const struct plan_tls *plan, SSL_CTX *server, bool first_is_reset)
{
	struct tls_context *context = talk_context(plan, "good.test", NULL);
	bool is_resumed[2];

	for (size_t i = 0; i < 2; i++) {
		struct talk t;

		talk_begin(&t, context, server);
		talk_shake(&t);
		assert_int_equal(t.result, TLS_DONE);
		is_resumed[i] = tls_is_resumed(&t.tls);
		assert_int_equal(SSL_session_reused(t.server.ssl), is_resumed[i]);
		talk_read(&t, 1024);
		talk_end(&t, !first_is_reset);
	}
	assert_false(is_resumed[0]);
	tls_context_free(context);
	return is_resumed[1];
}

static void
test_sessions_are_resumed_as_the_profile_wishes(void **state)
{
	static const struct plan_tls full = {.verify = true, .resume = false};

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++)
		for (int has_tickets = 0; has_tickets < 2; has_tickets++) {
			SSL_CTX *server = tls_server_context(&good);

			SSL_CTX_set_max_proto_version(server, version);
			if (!has_tickets)
				SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
			assert_true(second_is_resumed(&plain, server, false));
			assert_true(second_is_resumed(&plain, server, true)); /* by no fault of the session's */
			assert_false(second_is_resumed(&full, server, false));
			SSL_CTX_free(server);
		}
}

static void
test_the_server_chooses_among_the_protocols_offered(void **state)
{
	static const char *const both[] = {"h2", "http/1.1", NULL};
	static const struct {
		const char *server; /* as on the wire; NULL: it knows of no such thing */
		const char *const *offered;
		const char *chosen;
	} cases[] = {{"\x02h2", both, "h2"}, {"\x08http/1.1", both, "http/1.1"}, {"\x02h2", both + 1, NULL},
		{NULL, both, NULL}, {"\x02h2", NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_context *context = talk_context(&plain, "good.test", cases[i].offered);
		SSL_CTX *server = tls_server_context(&good);
		struct talk t;

		if (cases[i].server != NULL)
			SSL_CTX_set_alpn_select_cb(server, tls_server_choose_alpn, (void *)cases[i].server);
		talk_begin(&t, context, server);
		talk_shake(&t);
		assert_int_equal(t.result, TLS_DONE);
		if (cases[i].chosen == NULL)
			assert_null(tls_alpn(&t.tls));
		else
			assert_string_equal(tls_alpn(&t.tls), cases[i].chosen);
		assert_string_equal(tls_version(&t.tls), "TLSv1.3");
		assert_string_equal(SSL_get_servername(t.server.ssl, TLSEXT_NAMETYPE_host_name), "good.test");
		talk_end(&t, true);
		tls_context_free(context);
		SSL_CTX_free(server);
	}
}

static void
test_what_is_written_must_be_whole(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;

	(void)state;
	talk_begin(&t, context, server);
	talk_shake(&t);
	talk_read(&t, 1024);
	tls_server_write(&t.server, answer, strlen(answer));
	talk_collect(&t);
	t.to_client.bytes[t.to_client.length - 1] ^= 1;
	assert_int_equal(talk_read(&t, 1024), TLS_FAILED);
	assert_int_equal(t.received.length, 0);
	assert_non_null(strstr(tls_context_words(context), "bad record mac"));
	talk_end(&t, false);
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_a_wire_that_breaks_says_how(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;
	size_t taken;

	(void)state;
	talk_begin(&t, context, server);
	talk_shake(&t);
	t.send_error = EPIPE;
	assert_int_equal(tls_write(&t.tls, request, strlen(request), &taken), TLS_FAILED);
	assert_int_equal(t.tls.send_error, EPIPE);
	talk_end(&t, false);
	talk_begin(&t, context, server);
	t.send_error = ECONNRESET;
	assert_int_equal(tls_handshake(&t.tls, &t.failure), TLS_FAILED);
	assert_int_equal(t.failure, FAILURE_TLS_HANDSHAKE);
	assert_string_equal(tls_context_words(context), strerror(ECONNRESET));
	talk_end(&t, false);
	tls_context_free(context);
	SSL_CTX_free(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_may_come_in_any_pieces),
		cmocka_unit_test(test_a_wire_that_takes_little_delays_and_loses_nothing),
		cmocka_unit_test(test_many_records_come_as_one_piece),
		cmocka_unit_test(test_tickets_are_no_bytes_of_the_application),
		cmocka_unit_test(test_the_end_is_told_apart_from_a_cut),
		cmocka_unit_test(test_the_server_is_told_of_a_graceful_end_alone),
		cmocka_unit_test(test_a_read_that_has_to_write_first_keeps_what_came),
		cmocka_unit_test(test_sessions_are_resumed_as_the_profile_wishes),
		cmocka_unit_test(test_the_server_chooses_among_the_protocols_offered),
		cmocka_unit_test(test_what_is_written_must_be_whole),
		cmocka_unit_test(test_a_wire_that_breaks_says_how),
	};

	return cmocka_run_group_tests(tests, talk_set_up, talk_tear_down);
}
