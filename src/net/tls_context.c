#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/check.h"

#define ALPN_BYTES_MAX 64

/* The profile's sentence, with OpenSSL's reason; the queue of its errors is empty afterwards. */
static bool
refuse(const struct plan_said *said, struct error *err, const char *key, const char *what)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return error_at(err, said->file != NULL ? said->file : "", said->line, said->column, "tls.%s: '%.200s' %s%s%s",
		key, said->shown != NULL ? said->shown : "", what, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
}

static bool
context_trust(SSL_CTX *ssl, const struct plan_tls *plan, struct error *err)
{
	SSL_CTX_set_verify(ssl, plan->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!plan->verify)
		return true;
	if (plan->ca == NULL)
		CHECK_OP(SSL_CTX_set_default_verify_paths(ssl), ==, 1);
	else if (SSL_CTX_load_verify_locations(ssl, plan->ca, NULL) != 1)
		return refuse(&plan->said_ca, err, "ca", "holds no certificate in PEM form");
	ERR_clear_error();
	return true;
}

/* Nobody is there to be asked: it is only noted that there would have been a question. */
static int
no_passphrase(char *into, int size, int is_writing, void *was_asked)
{
	(void)into;
	(void)size;
	(void)is_writing;
	if (was_asked != NULL)
		*(bool *)was_asked = true;
	return -1;
}

static bool
context_take_key(SSL_CTX *ssl, const struct plan_tls *plan, struct error *err)
{
	bool is_apart = plan->key != NULL, was_asked = false;
	const struct plan_said *said = is_apart ? &plan->said_key : &plan->said_cert;
	const char *key = is_apart ? "key" : "cert";

	SSL_CTX_set_default_passwd_cb_userdata(ssl, &was_asked);
	if (SSL_CTX_use_PrivateKey_file(ssl, is_apart ? plan->key : plan->cert, SSL_FILETYPE_PEM) == 1)
		return true;
	if (was_asked) {
		ERR_clear_error(); /* whose reason would be that somebody cancelled it */
		return refuse(said, err, key,
			"holds a key with a passphrase, for which nobody can be asked; write it without one "
			"(openssl pkey -in OLD -out NEW)");
	}
	return refuse(said, err, key,
		is_apart ? "holds no private key of tls.cert's certificate in PEM form"
			 : "holds no private key of its certificate; name its file by tls.key");
}

static bool
context_show(SSL_CTX *ssl, const struct plan_tls *plan, struct error *err)
{
	if (plan->cert == NULL)
		return true;
	SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ssl, plan->cert) != 1)
		return refuse(&plan->said_cert, err, "cert", "holds no certificate in PEM form");
	if (!context_take_key(ssl, plan, err))
		return false;
	SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
	SSL_CTX_set_post_handshake_auth(ssl, 1); /* Apache asks so, once it knows the path */
	return true;
}

static bool
context_offer_ciphers(SSL_CTX *ssl, const struct plan_tls *plan, struct error *err)
{
	CHECK_OP(
		SSL_CTX_set_min_proto_version(ssl, plan->min_version == PLAN_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION),
		==, 1);
	if (plan->ciphers != NULL && SSL_CTX_set_cipher_list(ssl, plan->ciphers) != 1)
		return refuse(
			&plan->said_ciphers, err, "ciphers", "names no cipher of TLS 1.2 that openssl ciphers knows");
	if (plan->ciphersuites != NULL && SSL_CTX_set_ciphersuites(ssl, plan->ciphersuites) != 1)
		return refuse(&plan->said_ciphersuites, err, "ciphersuites",
			"is no list of TLS 1.3's, such as TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256");
	return true;
}

/* RFC 7301 §3.1: each name behind its length. */
static void
context_offer_protocols(SSL_CTX *ssl, const char *const *alpn)
{
	unsigned char list[ALPN_BYTES_MAX];
	size_t length = 0;

	for (; alpn != NULL && *alpn != NULL; alpn++) {
		size_t n = strlen(*alpn);

		CHECK_OP(length + 1 + n, <=, sizeof(list));
		list[length++] = (unsigned char)n;
		memcpy(list + length, *alpn, n);
		length += n;
	}
	if (length > 0)
		CHECK_OP(SSL_CTX_set_alpn_protos(ssl, list, (unsigned)length), ==, 0); /* this one returns 0 */
}

/* In the certificate the name must stand, or the address; SNI is for names alone (RFC 6066 §3). */
static void
context_expect_name(struct tls_context *context, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context->ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
		return;
	ERR_clear_error(); /* of reading a name as an address */
	CHECK_OP(X509_VERIFY_PARAM_set1_host(param, name, 0), ==, 1);
	context->server_name = name;
}

/* TLS 1.2's with the handshake, 1.3's some time after it; each may come twice. */
static int
context_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(context->session);
	context->session = session;
	return 1; /* it is ours now */
}

static void
context_resume(struct tls_context *context, bool resumes)
{
	context->resumes = resumes;
	SSL_CTX_set_session_cache_mode(
		context->ssl, resumes ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
	if (resumes)
		SSL_CTX_sess_set_new_cb(context->ssl, context_on_session);
	else
		SSL_CTX_set_options(context->ssl, SSL_OP_NO_TICKET);
}

struct tls_context *
tls_context_new(const struct plan_tls *plan, const char *host, const char *const *alpn, struct error *err)
{
	struct tls_context *context = must_alloc(sizeof(*context));

	context->ssl = SSL_CTX_new(TLS_client_method());
	context->wire = tls_wire_method();
	context->alpn = alpn;
	CHECK(context->ssl != NULL && context->wire != NULL);
	SSL_CTX_set_app_data(context->ssl, context);
	SSL_CTX_set_mode(context->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION);
	context_expect_name(context, plan->server_name != NULL ? plan->server_name : host);
	context_offer_protocols(context->ssl, alpn);
	context_resume(context, plan->resume);
	if (context_trust(context->ssl, plan, err) && context_show(context->ssl, plan, err) &&
		context_offer_ciphers(context->ssl, plan, err))
		return context;
	tls_context_free(context);
	return NULL;
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_SESSION_free(context->session);
	SSL_CTX_free(context->ssl);
	BIO_meth_free(context->wire);
	free(context);
}

struct tls_context **
tls_contexts_of_target(const struct plan_target *target, const char *const *alpn, struct error *err)
{
	const struct plan_backend *backends = target->backends.items;
	struct tls_context **contexts = must_calloc(target->backends.n, sizeof(struct tls_context *));

	for (size_t i = 0; i < target->backends.n; i++) {
		if (!plan_url_is_tls(&backends[i].url))
			continue;
		contexts[i] = tls_context_new(&target->tls, backends[i].url.host, alpn, err);
		if (contexts[i] == NULL) {
			tls_contexts_free(contexts, target);
			return NULL;
		}
	}
	return contexts;
}

void
tls_contexts_free(struct tls_context **contexts, const struct plan_target *target)
{
	for (size_t i = 0; contexts != NULL && i < target->backends.n; i++)
		tls_context_free(contexts[i]);
	free(contexts);
}

/* Backends differ by their names alone, which may be anything. */
bool
tls_check_target(const struct plan_target *target, struct error *err)
{
	if (!plan_url_is_tls(&target->url))
		return true;
	struct tls_context *context = tls_context_new(&target->tls, target->url.host, NULL, err);

	tls_context_free(context);
	return context != NULL;
}

const char *
tls_context_words(const struct tls_context *context)
{
	return context->words;
}
