#pragma once

#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "net/stream.h"
#include "unit/net/peer.h"

/* A stream that writes down what happens to it, on a loop of the test's own. */

#define RECEIVED_CEILING ((size_t)64 * 1024 * 1024)
#define GUARD_MS 20000 /* a test that hangs fails instead; nothing else depends on it */

struct client {
	struct stream stream;
	struct buf received;
	int connected, eofs, errors, written, closed, reads;
	enum failure failure;
	long error;
	bool closes_on_read;
};

static uv_loop_t loop;
static uv_timer_t guard;

static inline void
on_connected(struct stream *stream, enum failure failure)
{
	struct client *c = container_of(stream, struct client, stream);

	c->connected++;
	c->failure = failure;
}

static inline void
on_read(struct stream *stream, const char *bytes, long length)
{
	struct client *c = container_of(stream, struct client, stream);

	assert_false(stream->is_closing);
	if (length > 0) {
		c->reads++;
		assert_true(buf_add(&c->received, bytes, (size_t)length));
	} else if (length == 0) {
		c->eofs++;
	} else {
		c->errors++;
		c->error = length;
	}
	if (c->closes_on_read)
		stream_close(stream, false);
}

static inline void
on_written(struct stream *stream)
{
	container_of(stream, struct client, stream)->written++;
}

static inline void
on_closed(struct stream *stream)
{
	container_of(stream, struct client, stream)->closed++;
}

static const struct stream_events events = {on_connected, on_read, on_written, on_closed};

static inline void
on_guard(uv_timer_t *timer)
{
	(void)timer;
	fprintf(stderr, "the loop waited for what never came\n");
	abort();
}

/* Turns the loop until the condition holds. */
#define TURN_UNTIL(condition)                                                                                          \
	while (!(condition))                                                                                           \
	uv_run(&loop, UV_RUN_ONCE)

static inline enum stream_result
client_start_tls(struct client *c, const struct address *to, struct tls_context *tls, enum failure *failure)
{
	*c = (struct client){.failure = FAILURE_COUNT};
	buf_init(&c->received, RECEIVED_CEILING);
	return stream_connect(&c->stream, &loop, &(struct stream_way){.to = to, .tls = tls}, &events, failure);
}

static inline enum stream_result
client_start(struct client *c, const struct address *to, enum failure *failure)
{
	return client_start_tls(c, to, NULL, failure);
}

static inline void
client_connect(struct client *c, const struct address *to)
{
	enum failure failure;

	assert_int_equal(client_start(c, to, &failure), STREAM_PENDING);
	assert_int_equal(c->connected, 0);
	TURN_UNTIL(c->connected > 0);
	assert_int_equal(c->connected, 1);
	assert_int_equal(c->failure, FAILURE_COUNT);
}

static inline void
client_end(struct client *c)
{
	if (!c->stream.is_closing) {
		stream_close(&c->stream, false);
		assert_int_equal(c->closed, 0);
	}
	TURN_UNTIL(c->closed > 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(c->closed, 1);
	buf_fini(&c->received);
}

/* A client and its peer. */
static inline int
pair(struct client *c, int family)
{
	struct address address;
	int listener = peer_listen(family, 8, &address);

	if (listener < 0)
		return -1;
	client_connect(c, &address);
	int peer = peer_accept(listener);

	close(listener);
	if (family == AF_UNIX)
		unlink(address.unix_path.sun_path);
	return peer;
}

static inline int
start_loop(void **context)
{
	(void)context;
	uv_loop_init(&loop);
	uv_timer_init(&loop, &guard);
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	uv_unref((uv_handle_t *)&guard);
	return 0;
}

/* Fails where a test left a handle behind. */
static inline int
end_loop(void **context)
{
	(void)context;
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	return uv_loop_close(&loop);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, start_loop, end_loop)
