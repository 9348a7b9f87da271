#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/net/talk.h"

static const struct plan_tls plain = {.verify = true, .resume = true};

/* What becomes of a handshake with a server of this certificate, under this name. */
static enum failure
verdict_of(const struct identity *identity, const struct plan_tls *plan, const char *host, char words[TLS_WORDS_MAX])
{
	struct tls_context *context = talk_context(plan, host, NULL);
	SSL_CTX *server = tls_server_context(identity);
	struct talk t;

	talk_begin(&t, context, server);
	talk_shake(&t);
	assert_true(t.result == TLS_DONE || t.result == TLS_FAILED);
	snprintf(words, TLS_WORDS_MAX, "%s", tls_context_words(context));
	enum failure failure = t.result == TLS_DONE ? FAILURE_COUNT : t.failure;

	if (failure != FAILURE_COUNT) {
		assert_int_equal(failure_rows[failure].counts, COUNTS_UNSENT);
		assert_int_equal(failure_rows[failure].blames, BLAMES_TARGET);
	}
	talk_end(&t, failure == FAILURE_COUNT);
	tls_context_free(context);
	SSL_CTX_free(server);
	return failure;
}

static void
test_each_way_to_be_invalid_has_its_row(void **state)
{
	struct identity stranger = identity_make("stranger", -1, 10, NULL),
			impostor = identity_make("authority", -1, 10, NULL);
	const struct {
		struct identity identity;
		const char *host;
		enum failure failure;
		const char *words;
	} cases[] = {
		{identity_make("DNS:good.test", -1, 10, &authority), "good.test", FAILURE_COUNT, ""},
		{identity_make("DNS:*.good.test", -1, 10, &authority), "a.good.test", FAILURE_COUNT, ""},
		{identity_make("IP:127.0.0.1", -1, 10, &authority), "127.0.0.1", FAILURE_COUNT, ""},
		{identity_make("IP:::1", -1, 10, &authority), "::1", FAILURE_COUNT, ""},
		{identity_make("DNS:good.test", -9, -1, &authority), "good.test", FAILURE_TLS_EXPIRED,
			"certificate has expired"},
		{identity_make("DNS:good.test", 1, 10, &authority), "good.test", FAILURE_TLS_EXPIRED,
			"certificate is not yet valid"},
		{identity_make("DNS:good.test", -1, 10, &authority), "other.test", FAILURE_TLS_NAME,
			"hostname mismatch"},
		{identity_make("DNS:*.good.test", -1, 10, &authority), "a.b.good.test", FAILURE_TLS_NAME,
			"hostname mismatch"},
		{identity_make("DNS:127.0.0.1", -1, 10, &authority), "127.0.0.1", FAILURE_TLS_NAME,
			"IP address mismatch"},
		{identity_make("DNS:good.test", -1, 10, &stranger), "good.test", FAILURE_TLS_UNTRUSTED,
			"unable to get local issuer certificate"},
		{identity_make("DNS:good.test", -1, 10, &impostor), "good.test", FAILURE_TLS_CERTIFICATE,
			"certificate signature failure"},
		{identity_make("myself", -1, 10, NULL), "good.test", FAILURE_TLS_UNTRUSTED, "self-signed certificate"},
	};
	char words[TLS_WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct identity identity = cases[i].identity;

		assert_int_equal(verdict_of(&identity, &plain, cases[i].host, words), cases[i].failure);
		if (cases[i].failure != FAILURE_TLS_UNTRUSTED) /* older ones say it otherwise */
			assert_string_equal(words, cases[i].words);
		assert_int_equal(
			verdict_of(&identity, &(struct plan_tls){.resume = true}, cases[i].host, words), FAILURE_COUNT);
		identity_free(&identity);
	}
	identity_free(&stranger);
	identity_free(&impostor);
}

/* Not one that OpenSSL may find is without a row; those that have their own are the ones above. */
static void
test_other_errors_are_the_certificates(void **state)
{
	(void)state;
	assert_int_equal(failure_from_verify(X509_V_ERR_INVALID_CA), FAILURE_TLS_CERTIFICATE);
	assert_int_equal(failure_from_verify(X509_V_ERR_CERT_REVOKED), FAILURE_TLS_CERTIFICATE);
	assert_int_equal(failure_from_verify(X509_V_ERR_EE_KEY_TOO_SMALL), FAILURE_TLS_CERTIFICATE);
}

static void
test_a_name_of_ones_own_stands_for_the_hosts(void **state)
{
	const struct plan_tls named = {.verify = true, .resume = true, .server_name = "good.test"};
	char words[TLS_WORDS_MAX];

	(void)state;
	assert_int_equal(verdict_of(&good, &named, "198.51.100.7", words), FAILURE_COUNT);
	assert_int_equal(verdict_of(&good, &plain, "198.51.100.7", words), FAILURE_TLS_NAME);
}

/* The server's handshake under some condition: alerts and what is no handshake at all. */
static enum failure
refusal_of(SSL_CTX *server, const struct plan_tls *plan, char words[TLS_WORDS_MAX])
{
	struct tls_context *context = talk_context(plan, "good.test", NULL);
	struct talk t;

	talk_begin(&t, context, server);
	talk_shake(&t);
	assert_int_equal(t.result, TLS_FAILED);
	snprintf(words, TLS_WORDS_MAX, "%s", tls_context_words(context));
	talk_end(&t, false);
	tls_context_free(context);
	return t.failure;
}

static void
test_an_alert_is_told_by_its_name(void **state)
{
	const struct plan_tls modern = {.verify = true, .min_version = PLAN_TLS_1_3},
			      picky = {.verify = true, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"};
	SSL_CTX *server = tls_server_context(&good);
	char words[TLS_WORDS_MAX];

	(void)state;
	SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
	assert_int_equal(refusal_of(server, &modern, words), FAILURE_TLS_ALERT);
	assert_string_equal(words, "alert: protocol version");
	SSL_CTX_set_cipher_list(server, "ECDHE-ECDSA-AES128-GCM-SHA256");
	assert_int_equal(refusal_of(server, &picky, words), FAILURE_TLS_ALERT);
	assert_string_equal(words, "alert: handshake failure");
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	assert_int_equal(refusal_of(server, &plain, words), FAILURE_TLS_ALERT);
	assert_string_equal(words, "alert: handshake failure");
	SSL_CTX_free(server);
}

/* TLS 1.3 lets a client go on before the server has looked at its certificate: the alert comes when it is sending. */
static void
test_a_late_alert_is_told_by_its_name(void **state)
{
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);
	struct talk t;

	(void)state;
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	talk_begin(&t, context, server);
	talk_shake(&t);
	assert_int_equal(t.result, TLS_DONE);
	assert_int_equal(talk_read(&t, 64), TLS_FAILED);
	assert_string_equal(tls_context_words(context), "alert: certificate required");
	talk_end(&t, false);
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_what_speaks_no_tls_is_no_alert(void **state)
{
	static const char *const greetings[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.test ESMTP\r\n", "\x16\x03\x03\x00\x04\x02\x00\x00\x00"};
	struct tls_context *context = talk_context(&plain, "good.test", NULL);
	SSL_CTX *server = tls_server_context(&good);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
		struct talk t;

		talk_begin(&t, context, server);
		assert_int_equal(tls_handshake(&t.tls, &t.failure), TLS_WANTS_READ);
		tls_feed(&t.tls, greetings[i], i == 2 ? 9 : strlen(greetings[i]));
		assert_int_equal(tls_handshake(&t.tls, &t.failure), TLS_FAILED);
		assert_int_equal(t.failure, FAILURE_TLS_HANDSHAKE);
		if (i < 2)
			assert_string_equal(
				tls_context_words(context), "wrong version number (does this port speak TLS?)");
		talk_end(&t, false);
	}
	tls_context_free(context);
	SSL_CTX_free(server);
}

static void
test_a_file_or_list_that_cannot_be_used_is_told_with_its_place(void **state)
{
	char certificate[64], key[64], other_key[64], both[64];
	struct identity other = identity_make("DNS:good.test", -1, 10, &authority);

	(void)state;
	pem_write(good.certificate, NULL, certificate);
	pem_write(NULL, good.key, key);
	pem_write(NULL, other.key, other_key);
	pem_write(good.certificate, good.key, both);
	const struct plan_said here = {.shown = "x.pem", .file = "p.yaml", .line = 7, .column = 9};
	const struct {
		struct plan_tls tls;
		const char *message; /* NULL: it is right */
	} cases[] = {
		{{.cert = certificate, .key = key}, NULL},
		{{.cert = both}, NULL},
		{{.verify = true, .ca = key, .said_ca = here}, "tls.ca: 'x.pem' holds no certificate in PEM form"},
		{{.cert = key, .said_cert = here}, "tls.cert: 'x.pem' holds no certificate in PEM form"},
		{{.cert = certificate, .said_cert = here},
			"tls.cert: 'x.pem' holds no private key of its certificate; name its file by tls.key"},
		{{.cert = certificate, .key = other_key, .said_key = here},
			"tls.key: 'x.pem' holds no private key of tls.cert's certificate in PEM form"},
		{{.ciphers = "FOO", .said_ciphers = here}, "tls.ciphers: 'x.pem' names no cipher of TLS 1.2"},
		{{.ciphersuites = "FOO", .said_ciphersuites = here}, "tls.ciphersuites: 'x.pem' is no list of"},
		{{.ciphers = "ECDHE-RSA-AES128-GCM-SHA256", .ciphersuites = "TLS_AES_128_GCM_SHA256"}, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = {0};
		struct tls_context *context = tls_context_new(&cases[i].tls, "good.test", NULL, &err);

		assert_int_equal(context != NULL, cases[i].message == NULL);
		if (cases[i].message != NULL) {
			assert_ptr_equal(strstr(err.message, cases[i].message), err.message);
			assert_string_equal(err.where, "p.yaml:7:9");
		}
		assert_int_equal(ERR_peek_error(), 0);
		tls_context_free(context);
	}
	unlink(certificate);
	unlink(key);
	unlink(other_key);
	unlink(both);
	identity_free(&other);
}

static void
test_a_key_with_a_passphrase_is_refused_with_what_to_do(void **state)
{
	char path[64] = "/tmp/brunt-tls-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct error err = {0};

	(void)state;
	PEM_write_X509(file, good.certificate);
	PEM_write_PKCS8PrivateKey(file, good.key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	fclose(file);
	assert_null(tls_context_new(&(struct plan_tls){.cert = path}, "good.test", NULL, &err));
	assert_ptr_equal(strstr(err.message, "tls.cert: '' holds a key with a passphrase"), err.message);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_way_to_be_invalid_has_its_row),
		cmocka_unit_test(test_other_errors_are_the_certificates),
		cmocka_unit_test(test_a_name_of_ones_own_stands_for_the_hosts),
		cmocka_unit_test(test_an_alert_is_told_by_its_name),
		cmocka_unit_test(test_a_late_alert_is_told_by_its_name),
		cmocka_unit_test(test_what_speaks_no_tls_is_no_alert),
		cmocka_unit_test(test_a_file_or_list_that_cannot_be_used_is_told_with_its_place),
		cmocka_unit_test(test_a_key_with_a_passphrase_is_refused_with_what_to_do),
	};

	return cmocka_run_group_tests(tests, talk_set_up, talk_tear_down);
}
