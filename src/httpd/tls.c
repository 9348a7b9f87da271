#include "httpd/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/check.h"
#include "httpd/tls_wire.h"

struct httpd_tls {
	char *cert_path, *key_path;
	SSL_CTX *context;
	BIO_METHOD *method;
};

/* Nobody is there to be asked. */
static int
no_passphrase(char *into, int size, int is_writing, void *was_asked)
{
	(void)into;
	(void)size;
	(void)is_writing;
	*(bool *)was_asked = true;
	return -1;
}

/* With OpenSSL's reason; the queue of its errors is empty afterwards. */
static bool
refuse(const char *path, const char *what, struct error *err)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return error_set(err, "'%s' %s%s%s", path, what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

static bool
check_files(const struct httpd_tls *tls, struct error *err)
{
	struct stat status;

	if (stat(tls->cert_path, &status) != 0)
		return error_set(err, "'%s' cannot be read: %s", tls->cert_path, strerror(errno));
	if (stat(tls->key_path, &status) != 0)
		return error_set(err, "'%s' cannot be read: %s", tls->key_path, strerror(errno));
	return (status.st_mode & S_IRWXO) == 0 ||
	       error_set(err, "'%s' is a private key that everybody may read or write (mode %03o); chmod 0640 %s",
		       tls->key_path, (unsigned)status.st_mode & 0777u, tls->key_path);
}

static bool
take_files(const struct httpd_tls *tls, SSL_CTX *context, struct error *err)
{
	bool was_asked = false;

	if (!check_files(tls, err))
		return false;
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(context, &was_asked);
	if (SSL_CTX_use_certificate_chain_file(context, tls->cert_path) != 1)
		return refuse(tls->cert_path, "holds no certificate in PEM form", err);
	if (SSL_CTX_use_PrivateKey_file(context, tls->key_path, SSL_FILETYPE_PEM) == 1)
		return true;
	if (!was_asked)
		return refuse(tls->key_path, "holds no private key of the certificate in PEM form", err);
	ERR_clear_error(); /* whose reason would be that somebody cancelled it */
	return refuse(tls->key_path,
		"holds a key with a passphrase, for which nobody can be asked; write it without one (openssl pkey -in OLD "
		"-out NEW)",
		err);
}

/* RFC 7301 §3.2: a client that offers others alone is told so. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned in_length,
	void *user)
{
	static const unsigned char http1[] = "\x08http/1.1";
	unsigned char *chosen = NULL;

	(void)ssl;
	(void)user;
	int result = SSL_select_next_proto(&chosen, out_length, http1, sizeof(http1) - 1, in, in_length);

	*out = chosen;
	return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* No cache of sessions, which would grow: tickets leave them with the clients. A connection that is idle holds no
 * buffers of records. */
static SSL_CTX *
context_new(const struct httpd_tls *tls, struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	CHECK(context != NULL);
	CHECK_OP(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION), ==, 1);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(context, choose_alpn, NULL);
	if (take_files(tls, context, err)) {
		SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
		return context;
	}
	SSL_CTX_free(context);
	return NULL;
}

struct httpd_tls *
httpd_tls_new(const char *cert_path, const char *key_path, struct error *err)
{
	struct httpd_tls *tls = must_alloc(sizeof(*tls));

	tls->cert_path = must_strdup(cert_path);
	tls->key_path = must_strdup(key_path);
	tls->method = httpd_wire_method();
	tls->context = context_new(tls, err);
	if (tls->context != NULL)
		return tls;
	httpd_tls_free(tls);
	return NULL;
}

/* Connections hold the context that they began with. */
bool
httpd_tls_reload(struct httpd_tls *tls, struct error *err)
{
	SSL_CTX *context = context_new(tls, err);

	if (context == NULL)
		return false;
	SSL_CTX_free(tls->context);
	tls->context = context;
	return true;
}

int64_t
httpd_tls_ends_at_s(const struct httpd_tls *tls)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(tls->context)), &tm) != 1)
		return INT64_MAX;
	return timegm(&tm);
}

void
httpd_tls_free(struct httpd_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->method);
	free(tls->cert_path);
	free(tls->key_path);
	free(tls);
}

bool
httpd_tls_open(const struct httpd_tls *tls, struct tls_wire *wire, int fd, char *scratch)
{
	SSL *ssl = SSL_new(tls->context);
	BIO *bio = BIO_new(tls->method);

	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		ERR_clear_error();
		return false;
	}
	*wire = (struct tls_wire){.ssl = ssl, .fd = fd, .scratch = scratch};
	BIO_set_data(bio, wire);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_accept_state(ssl);
	return true;
}
