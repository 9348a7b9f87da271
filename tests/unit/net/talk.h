#pragma once

#include "net/tls.h"
#include "unit/net/tls_server.h"

/* A connection in memory between struct tls and OpenSSL's server: the test moves every byte, and decides how many at a
 * time go which way. */

#define WIRE_CEILING ((size_t)4 * 1024 * 1024)

struct talk {
	struct tls tls;
	struct tls_server server;
	struct buf to_server, to_client;
	size_t room;    /* what the client may send until the test gives it more; SIZE_MAX: no end */
	int send_error; /* errno of the next send; 0: none */
	size_t cut;     /* most that is fed to the client at once; 0: all of it */
	enum failure failure;
	enum tls_result result; /* of the handshake */
	struct buf received;    /* by the client's application */
};

static struct identity authority, good;
static char ca_file[64];

static inline long
talk_send(struct tls *tls, const char *bytes, size_t length)
{
	struct talk *t = container_of(tls, struct talk, tls);
	size_t n = length < t->room ? length : t->room;

	if (t->send_error != 0)
		return -t->send_error;
	if (t->room != SIZE_MAX)
		t->room -= n;
	assert_true(buf_add(&t->to_server, bytes, n));
	return (long)n;
}

static inline void
talk_begin(struct talk *t, struct tls_context *context, SSL_CTX *server)
{
	*t = (struct talk){.room = SIZE_MAX, .failure = FAILURE_COUNT, .result = TLS_WANTS_READ};
	buf_init(&t->to_server, WIRE_CEILING);
	buf_init(&t->to_client, WIRE_CEILING);
	buf_init(&t->received, WIRE_CEILING);
	assert_true(tls_begin(&t->tls, context, talk_send));
	t->server = tls_server_start(server);
}

static inline void
talk_end(struct talk *t, bool is_graceful)
{
	tls_end(&t->tls, is_graceful);
	tls_server_stop(&t->server);
	buf_fini(&t->to_server);
	buf_fini(&t->to_client);
	buf_fini(&t->received);
}

/* Client → server, as far as it went out. */
static inline void
talk_deliver(struct talk *t)
{
	tls_server_take(&t->server, t->to_server.bytes, t->to_server.length);
	buf_clear(&t->to_server);
}

/* What the server said since the last time is appended to what goes to the client. */
static inline void
talk_collect(struct talk *t)
{
	char bytes[16384];
	size_t n;

	while ((n = tls_server_sent(&t->server, bytes, sizeof(bytes))) > 0)
		assert_true(buf_add(&t->to_client, bytes, n));
}

/* The next piece for the client, in memory that is gone when it was looked at: false, there is none. */
static inline bool
talk_feed(struct talk *t, char **piece)
{
	size_t n = t->cut > 0 && t->cut < t->to_client.length ? t->cut : t->to_client.length;

	if (n == 0)
		return false;
	*piece = malloc(n);
	memcpy(*piece, t->to_client.bytes, n);
	memmove(t->to_client.bytes, t->to_client.bytes + n, t->to_client.length - n);
	t->to_client.length -= n;
	tls_feed(&t->tls, *piece, n);
	return true;
}

/* Until the handshake is over, or nobody has anything to say. */
static inline void
talk_shake(struct talk *t)
{
	char *piece = NULL;

	do {
		t->result = tls_handshake(&t->tls, &t->failure);
		if (t->result == TLS_WANTS_READ) {
			free(piece); /* it was looked at, or kept */
			piece = NULL;
		}
		talk_deliver(t);
		talk_collect(t);
	} while (t->result == TLS_WANTS_READ && talk_feed(t, &piece));
	if (piece != NULL && t->tls.in_length > 0 && t->tls.in != t->tls.kept) {
		/* It came along with the end of the handshake: back to where it was. */
		struct buf rest;

		buf_init(&rest, WIRE_CEILING);
		buf_add(&rest, t->tls.in, t->tls.in_length);
		buf_add(&rest, t->to_client.bytes != NULL ? t->to_client.bytes : "", t->to_client.length);
		buf_fini(&t->to_client);
		t->to_client = rest;
		t->tls.in_length = 0;
	}
	free(piece);
}

/* Reads all that there is for the client, through a room of so many bytes. */
static inline enum tls_result
talk_read(struct talk *t, size_t room)
{
	enum tls_result result = TLS_WANTS_READ;
	char *piece, *into = malloc(room);
	size_t n;

	talk_collect(t);
	while ((result == TLS_WANTS_READ || result == TLS_DONE) && talk_feed(t, &piece)) {
		do {
			result = tls_read(&t->tls, into, room, &n);
			assert_true(buf_add(&t->received, into, n));
		} while (result == TLS_DONE);
		memset(piece, 'x', 1);
		free(piece);
	}
	free(into);
	talk_deliver(t);
	return result;
}

static inline struct tls_context *
talk_context(const struct plan_tls *plan, const char *host, const char *const *alpn)
{
	struct error err = {0};
	struct plan_tls with_ca = *plan;

	if (with_ca.ca == NULL && with_ca.verify)
		with_ca.ca = ca_file;
	struct tls_context *context = tls_context_new(&with_ca, host, alpn, &err);

	assert_string_equal(err.message, "");
	return context;
}

static inline int
talk_set_up(void **state)
{
	(void)state;
	authority = identity_make("authority", -1, 10, NULL);
	good = identity_make("DNS:good.test,IP:127.0.0.1,IP:::1", -1, 10, &authority);
	pem_write(authority.certificate, NULL, ca_file);
	return 0;
}

static inline int
talk_tear_down(void **state)
{
	(void)state;
	unlink(ca_file);
	identity_free(&authority);
	identity_free(&good);
	return 0;
}
