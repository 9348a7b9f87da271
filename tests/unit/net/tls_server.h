#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"

/* The other half of a TLS connection, by OpenSSL alone: between memory and memory, so that a test moves the bytes. */

#define DAY_S (24 * 3600L)

/* A certificate for names such as "DNS:good.test,IP:127.0.0.1", valid from and until so many days from now. issuer
 * NULL: an authority of this name, which signs itself. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static inline struct identity
identity_make(const char *names, long from_days, long until_days, const struct identity *issuer)
{
	static long serial;
	struct identity made = {EVP_EC_gen("P-256"), X509_new()};
	X509 *c = made.certificate;
	X509V3_CTX context;

	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c), from_days * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(c), until_days * DAY_S);
	X509_set_pubkey(c, made.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
		(const unsigned char *)(issuer != NULL ? "leaf" : names), -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer != NULL ? issuer->certificate : c));
	X509V3_set_ctx(&context, c, c, NULL, NULL, 0);
	X509_EXTENSION *extension = issuer != NULL
					    ? X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names)
					    : X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "CA:TRUE");

	X509_add_ext(c, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(c, issuer != NULL ? issuer->key : made.key, EVP_sha256()) > 0);
	return made;
}

static inline void
identity_free(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

/* Writes the certificate and the key (either NULL: left out) into a file of their own; returns into. */
static inline const char *
pem_write(X509 *certificate, EVP_PKEY *key, char into[64])
{
	snprintf(into, 64, "/tmp/brunt-tls-XXXXXX");
	FILE *file = fdopen(mkstemp(into), "w");

	if (certificate != NULL)
		PEM_write_X509(file, certificate);
	if (key != NULL)
		PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	return into;
}

struct tls_server {
	SSL *ssl;
	BIO *in, *out;
};

static inline int
tls_server_choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
	unsigned in_length, void *chooses)
{
	unsigned char *chosen = NULL;
	const char *wire = chooses;

	(void)ssl;
	int result = SSL_select_next_proto(
		&chosen, out_length, (const unsigned char *)wire, (unsigned)strlen(wire), in, in_length);

	*out = chosen;
	return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static inline SSL_CTX *
tls_server_context(const struct identity *identity)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(context, identity->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, identity->key), 1);
	SSL_CTX_set_session_id_context(context, (const unsigned char *)"t", 1);
	return context;
}

static inline struct tls_server
tls_server_start(SSL_CTX *context)
{
	struct tls_server server = {SSL_new(context), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem())};

	SSL_set_bio(server.ssl, server.in, server.out);
	SSL_set_accept_state(server.ssl);
	return server;
}

static inline void
tls_server_stop(struct tls_server *server)
{
	SSL_set_shutdown(server->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* its cache keeps the session */
	SSL_free(server->ssl);
	ERR_clear_error();
	server->ssl = NULL;
}

/* What the client sent comes in; the handshake goes on, as far as it does. */
static inline void
tls_server_take(struct tls_server *server, const char *bytes, size_t length)
{
	if (length > 0)
		assert_int_equal(BIO_write(server->in, bytes, (int)length), (int)length);
	if (!SSL_is_init_finished(server->ssl))
		(void)SSL_do_handshake(server->ssl);
	ERR_clear_error();
}

/* What the application of the server reads, NUL-ended: "" where there is nothing. */
static inline size_t
tls_server_read(struct tls_server *server, char *into, size_t room)
{
	size_t length = 0, n;

	while (length + 1 < room && SSL_read_ex(server->ssl, into + length, room - 1 - length, &n) == 1)
		length += n;
	into[length] = '\0';
	ERR_clear_error();
	return length;
}

static inline void
tls_server_write(struct tls_server *server, const char *bytes, size_t length)
{
	size_t n;

	assert_int_equal(SSL_write_ex(server->ssl, bytes, length, &n), 1);
	assert_int_equal(n, length);
}

/* Takes what the server has to send, as it goes over the wire. */
static inline size_t
tls_server_sent(struct tls_server *server, char *into, size_t room)
{
	int n = BIO_read(server->out, into, (int)room);

	return n > 0 ? (size_t)n : 0;
}
