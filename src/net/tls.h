#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* One end of a TLS connection (ours, the client's), between bytes as the application knows them and bytes as they go
 * over the wire. It owns no socket and waits for nothing: what was received is fed to it from wherever it lies, what is
 * to be sent goes out by a call, and whoever owns the socket asks again when it can be read or written. */

struct ssl_st;
struct tls_context;

/* What the connections to one server have in common: whom to trust, what to show and to offer, and the session that the
 * next of them may resume. alpn: names of protocols to offer, best first, ended by NULL, which must outlive the
 * context. NULL with err set, placed in the profile: a file cannot be read or used, or a list of ciphers holds none. */
struct tls_context *tls_context_new(
	const struct plan_tls *plan, const char *host, const char *const *alpn, struct error *err);
void tls_context_free(struct tls_context *context); /* after its connections */
/* Those of the target's backends: an array of its own, with NULL for each where they speak in the clear. NULL with err
 * set. */
struct tls_context **tls_contexts_of_target(
	const struct plan_target *target, const char *const *alpn, struct error *err);
void tls_contexts_free(struct tls_context **contexts, const struct plan_target *target);
/* The same question, asked before anything is sent. */
bool tls_check_target(const struct plan_target *target, struct error *err);

/* What the last connection of the context that failed died of, in OpenSSL's words; "": nothing is known. Of one line,
 * and as much of it as the server said is escaped. */
#define TLS_WORDS_MAX 160
const char *tls_context_words(const struct tls_context *context);

struct tls {
	struct ssl_st *ssl; /* NULL: not begun */
	struct tls_context *context;
	/* Hands bytes to the kernel: how many were taken, 0 where there is no room, or −errno. */
	long (*send)(struct tls *tls, const char *bytes, size_t length);
	const char *in;    /* received, and not looked at yet */
	size_t in_length;  /* of it */
	char *kept;        /* what had to be kept of it, see tls_read; `in` points into it */
	size_t sent_bytes; /* on the wire, in all */
	int send_error;    /* errno; 0: none */
	bool has_words;    /* tls_context_words speaks of this one */
};

enum tls_result {
	TLS_DONE,
	TLS_WANTS_READ,  /* nothing more to do before tls_feed */
	TLS_WANTS_WRITE, /* nothing more to do before `send` has room; then the same is asked again */
	TLS_CLOSED,      /* the peer said that it sends nothing more (close_notify) */
	TLS_FAILED,
};

/* False: there is no memory for it, and nothing to be ended. */
bool tls_begin(struct tls *tls, struct tls_context *context, long (*send)(struct tls *, const char *, size_t));
/* Graceful: the peer is told (close_notify), if there is room for that at once. */
void tls_end(struct tls *tls, bool is_graceful);

/* For what ends a connection otherwise than by TLS. */
void tls_set_words(struct tls *tls, const char *words);

/* The bytes must stay until the next call of tls_handshake or tls_read has come back with TLS_WANTS_READ; where that
 * says TLS_WANTS_WRITE, what was not looked at has been copied. */
void tls_feed(struct tls *tls, const char *bytes, size_t length);

/* TLS_FAILED: *failure is one of the TLS rows that count as UNSENT, and tls_context_words says more. */
enum tls_result tls_handshake(struct tls *tls, enum failure *failure);
/* Decrypts as much of what was fed as goes into the room: *length bytes, whatever the result. TLS_DONE: the room is
 * full, and there may be more. */
enum tls_result tls_read(struct tls *tls, char *into, size_t room, size_t *length);
/* *taken: how many of the bytes were; where not all were, the rest is to be given again, from wherever it lies. */
enum tls_result tls_write(struct tls *tls, const char *bytes, size_t length, size_t *taken);

/* The connection's end came as it should: the peer said so before. */
bool tls_was_closed(const struct tls *tls);

/* After the handshake. */
bool tls_is_resumed(const struct tls *tls);
const char *tls_alpn(const struct tls *tls);    /* one of the context's names; NULL: the server chose none of them */
const char *tls_version(const struct tls *tls); /* "TLSv1.3" */
const char *tls_cipher(const struct tls *tls);  /* "TLS_AES_256_GCM_SHA384" */

/* A row by what X509_verify_cert found (X509_V_ERR_…). */
enum failure failure_from_verify(long result);
