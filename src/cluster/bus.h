#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

/* A connection to nats-server, as a loop uses it. libnats calls back on threads of its own, and its calls may block
 * while a link is cut: so one thread of ours says what is to be said, and what is heard is handed over to the loop.
 * Nothing here ever holds the loop up, but bus_open and what stands below "Blocking". */
#define BUS_WAITING_MAX                                                                                                \
	((size_t)256 * 1024 * 1024) /* bytes on their way in, or out; more are left out, and counted                   \
				     */

struct bus;

struct bus_options {
	const char *url; /* nats://HOST:PORT, tls://HOST:PORT */
	const char *name;
	/* NULL: not given. Files, so that no secret stands on a command line. */
	const char *creds, *user, *password_file, *token_file;
	const char *ca, *cert, *key;
};

struct bus_message {
	const char *subject;
	const char *reply;  /* where an answer is awaited; "" : nowhere */
	const char *id;     /* Nats-Msg-Id; "" : none */
	const char *status; /* "404", "503": in place of data; "" : none */
	uint64_t sequence;  /* in its stream; 0: it comes from none */
	const char *data;   /* NUL-ended, which length does not count */
	size_t length;
	int64_t at_ns; /* CLOCK_MONOTONIC, when it was there */
};

struct bus_events {
	/* On the loop. The message is only lent. */
	void (*on_message)(void *context, const struct bus_message *message);
	/* The connection is there again, or was lost; while it is lost, what is said is left out: whoever must know
	 * that it was heard says it again. */
	void (*on_connected)(void *context, bool is_connected);
	void *context;
};

/* Blocks for at most 5 s. NULL with err set: no such server, not let in, a certificate that is not good … */
struct bus *bus_open(
	uv_loop_t *loop, const struct bus_options *options, const struct bus_events *events, struct error *err);
/* Says what is still to be said, for at most 2 s, and turns the loop until its handle is closed. */
void bus_close(struct bus *bus);
bool bus_is_connected(const struct bus *bus);
/* By the clock that messages are stamped with. */
int64_t bus_now_ns(void);

/* Up to BUS_SUBSCRIPTIONS_MAX of them, for as long as the bus is open or until it is taken back. */
#define BUS_SUBSCRIPTIONS_MAX 16
bool bus_subscribe(struct bus *bus, const char *subject, struct error *err);
void bus_unsubscribe(struct bus *bus, const char *subject);

/* reply, id: NULL: none. */
void bus_say(struct bus *bus, const char *subject, const char *reply, const char *id, const void *data, size_t length);

/* Blocking, for at most 5 s each: before a load begins, and after its end. */

/* A stream of what comes on `subject`, kept for a day, whose messages can be asked for one by one. */
bool bus_make_stream(struct bus *bus, const char *stream, const char *subject, struct error *err);
void bus_drop_stream(struct bus *bus, const char *stream); /* as well as can be */
/* A bucket of keys and values, each kept for so long. */
bool bus_make_bucket(struct bus *bus, const char *bucket, int64_t kept_ns, struct error *err);
bool bus_put(struct bus *bus, const char *bucket, const char *key, const void *data, size_t length, struct error *err);
/* False: it exists already, and its value was copied into `holder`; or err is set. */
bool bus_put_new(struct bus *bus, const char *bucket, const char *key, const char *value, char *holder, size_t size,
	struct error *err);
/* NULL with err set. To be freed. */
char *bus_get(struct bus *bus, const char *bucket, const char *key, struct error *err);
void bus_remove(struct bus *bus, const char *bucket, const char *key);
/* Only where its value begins so: it may be somebody else's by now. */
void bus_remove_if(struct bus *bus, const char *bucket, const char *key, const char *start);
/* How long ago it was written, by the server's own clock; −1: that is not known. Writes another key, "asked". */
int64_t bus_age_ns(struct bus *bus, const char *bucket, const char *key);
