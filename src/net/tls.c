#include "net/tls_context.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* OpenSSL reads what was fed, and says that it wants more where that is used up. */
static int
wire_read(BIO *bio, char *into, size_t room, size_t *length)
{
	struct tls *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*length = room < tls->in_length ? room : tls->in_length;
	if (*length == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(into, tls->in, *length);
	tls->in += *length;
	tls->in_length -= *length;
	return 1;
}

static int
wire_write(BIO *bio, const char *bytes, size_t length, size_t *written)
{
	struct tls *tls = BIO_get_data(bio);
	long n = tls->send(tls, bytes, length);

	BIO_clear_retry_flags(bio);
	*written = n > 0 ? (size_t)n : 0;
	tls->sent_bytes += *written;
	if (n < 0)
		tls->send_error = (int)-n;
	else if (n == 0)
		BIO_set_retry_write(bio);
	return n > 0 ? 1 : -1;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* nothing is held back */
}

static int
wire_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *
tls_wire_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "brunt's wire");

	if (method == NULL)
		return NULL;
	BIO_meth_set_read_ex(method, wire_read);
	BIO_meth_set_write_ex(method, wire_write);
	BIO_meth_set_ctrl(method, wire_control);
	BIO_meth_set_create(method, wire_create);
	return method;
}

bool
tls_begin(struct tls *tls, struct tls_context *context, long (*send)(struct tls *, const char *, size_t))
{
	SSL *ssl = SSL_new(context->ssl);
	BIO *wire = BIO_new(context->wire);

	*tls = (struct tls){.ssl = ssl, .context = context, .send = send};
	if (ssl == NULL || wire == NULL ||
		(context->server_name != NULL && SSL_set_tlsext_host_name(ssl, context->server_name) != 1)) {
		SSL_free(ssl);
		BIO_free(wire);
		ERR_clear_error();
		tls->ssl = NULL;
		return false;
	}
	BIO_set_data(wire, tls);
	SSL_set_bio(ssl, wire, wire);
	SSL_set_connect_state(ssl);
	if (context->session != NULL)
		SSL_set_session(ssl, context->session);
	return true;
}

void
tls_end(struct tls *tls, bool is_graceful)
{
	if (tls->ssl == NULL)
		return;
	if (is_graceful)
		SSL_shutdown(tls->ssl);
	/* A connection that ends otherwise takes its session with it, unless it says that it was told of the end: but
	 * ours end that way by no fault of the session's. */
	SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(tls->ssl);
	ERR_clear_error();
	free(tls->kept);
	tls->ssl = NULL;
	tls->kept = NULL;
	tls->in_length = 0;
}

/* More came while something is kept: rare enough to be copied. */
void
tls_feed(struct tls *tls, const char *bytes, size_t length)
{
	if (tls->in_length == 0) {
		tls->in = bytes;
		tls->in_length = length;
		return;
	}
	char *both = must_alloc(tls->in_length + length);

	memcpy(both, tls->in, tls->in_length);
	memcpy(both + tls->in_length, bytes, length);
	free(tls->kept);
	tls->kept = both;
	tls->in = both;
	tls->in_length += length;
}

/* What was fed lies in a buffer that is read into again before this can go on. */
static void
keep(struct tls *tls)
{
	if (tls->in_length == 0 || tls->kept != NULL)
		return;
	tls->kept = must_alloc(tls->in_length);
	memcpy(tls->kept, tls->in, tls->in_length);
	tls->in = tls->kept;
}

static void
forget_kept(struct tls *tls)
{
	if (tls->in_length > 0)
		return;
	free(tls->kept);
	tls->kept = NULL;
}

/* What an operation that did not succeed wants. The queue of errors is empty before each, and again after it. */
static enum tls_result
result_of(struct tls *tls, int returned)
{
	switch (SSL_get_error(tls->ssl, returned)) {
	case SSL_ERROR_WANT_READ: forget_kept(tls); return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE: keep(tls); return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
	default: return TLS_FAILED;
	}
}

static void
words_set(struct tls *tls, const char *words, const char *more)
{
	tls->has_words = true;
	snprintf(tls->context->words, TLS_WORDS_MAX, "%s%s", words, more);
	/* A certificate's names are whatever its issuer wrote. */
	for (char *c = tls->context->words; *c != '\0'; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

void
tls_set_words(struct tls *tls, const char *words)
{
	words_set(tls, words, "");
}

static bool
is_alert(unsigned long code)
{
	return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
}

/* "certificate required": as the RFCs call it. Alerts that OpenSSL's list lacks are in that of its errors. */
static const char *
alert_name(unsigned long code)
{
	const char *name = SSL_alert_desc_string_long(ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET);
	const char *reason = ERR_reason_error_string(code), *alert = reason != NULL ? strstr(reason, " alert ") : NULL;

	return strcmp(name, "unknown") != 0 || alert == NULL ? name : alert + strlen(" alert ");
}

/* What the first error in OpenSSL's queue says; empties it. */
static void
words_take(struct tls *tls)
{
	unsigned long code = ERR_get_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	if (is_alert(code))
		words_set(tls, "alert: ", alert_name(code));
	else if (tls->send_error != 0)
		words_set(tls, strerror(tls->send_error), "");
	else if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER &&
		 !SSL_is_init_finished(tls->ssl))
		words_set(tls, reason, " (does this port speak TLS?)");
	else
		words_set(tls, reason != NULL ? reason : "", "");
	ERR_clear_error();
}

enum failure
failure_from_verify(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID: return FAILURE_TLS_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH: return FAILURE_TLS_NAME;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED: return FAILURE_TLS_UNTRUSTED;
	default: return FAILURE_TLS_CERTIFICATE;
	}
}

static enum failure
handshake_failure(struct tls *tls)
{
	unsigned long code = ERR_peek_error();
	long verify = SSL_get_verify_result(tls->ssl);

	words_take(tls);
	if (verify != X509_V_OK && SSL_get_verify_mode(tls->ssl) != SSL_VERIFY_NONE) {
		words_set(tls, X509_verify_cert_error_string(verify), "");
		return failure_from_verify(verify);
	}
	return is_alert(code) ? FAILURE_TLS_ALERT : FAILURE_TLS_HANDSHAKE;
}

enum tls_result
tls_handshake(struct tls *tls, enum failure *failure)
{
	int returned = SSL_do_handshake(tls->ssl);

	if (returned == 1)
		return TLS_DONE;
	enum tls_result result = result_of(tls, returned);

	if (result == TLS_WANTS_READ || result == TLS_WANTS_WRITE)
		return result;
	*failure = handshake_failure(tls);
	return TLS_FAILED;
}

enum tls_result
tls_read(struct tls *tls, char *into, size_t room, size_t *length)
{
	*length = 0;
	while (*length < room) {
		size_t n;
		int returned = SSL_read_ex(tls->ssl, into + *length, room - *length, &n);

		if (returned != 1) {
			enum tls_result result = result_of(tls, returned);

			if (result == TLS_FAILED)
				words_take(tls);
			return result;
		}
		*length += n;
		/* The usual case: one answer, one record, and asking again would only say so. */
		if (tls->in_length == 0 && !SSL_has_pending(tls->ssl)) {
			forget_kept(tls);
			return TLS_WANTS_READ;
		}
	}
	return TLS_DONE;
}

enum tls_result
tls_write(struct tls *tls, const char *bytes, size_t length, size_t *taken)
{
	*taken = 0;
	while (*taken < length) {
		size_t n;
		int returned = SSL_write_ex(tls->ssl, bytes + *taken, length - *taken, &n);

		if (returned != 1) {
			enum tls_result result = result_of(tls, returned);

			if (result == TLS_FAILED)
				words_take(tls);
			return result;
		}
		*taken += n;
	}
	return TLS_DONE;
}

bool
tls_was_closed(const struct tls *tls)
{
	return SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN;
}

bool
tls_is_resumed(const struct tls *tls)
{
	return SSL_session_reused(tls->ssl) == 1;
}

const char *
tls_alpn(const struct tls *tls)
{
	const char *const *offered = tls->context->alpn;
	const unsigned char *chosen;
	unsigned length;

	SSL_get0_alpn_selected(tls->ssl, &chosen, &length);
	for (; chosen != NULL && offered != NULL && *offered != NULL; offered++)
		if (strlen(*offered) == length && memcmp(*offered, chosen, length) == 0)
			return *offered;
	return NULL;
}

const char *
tls_version(const struct tls *tls)
{
	return SSL_get_version(tls->ssl);
}

const char *
tls_cipher(const struct tls *tls)
{
	return SSL_get_cipher_name(tls->ssl);
}
