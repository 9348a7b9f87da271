#pragma once

#include "proto/protocol.h"
#include "unit/proto/http2_server.h"

/* Both ends of one connection, in memory: ours, and nghttp2's server. */

#define EXCHANGES 200

static const struct plan plan = {.target = {.response_ceiling_bytes = 32 * 1024, .streams = 100}};
static const struct plan_request get = {.name = "r", .method = "GET"};
static const char text[] = "GET /a HTTP/1.1\r\nhost: example.org\r\nuser-agent: brunt\r\n\r\n";

static struct protocol_state *state;
static struct protocol_exchange *exchanges[EXCHANGES];
static struct buf bodies[EXCHANGES], trailers;
static struct http2_server server;
static size_t begun;

static inline void
start_against(const nghttp2_settings_entry *settings, size_t settings_n)
{
	state = must_alloc(http2_protocol.state_size);
	for (size_t i = 0; i < EXCHANGES; i++) {
		exchanges[i] = must_alloc(http2_protocol.exchange_size);
		buf_init(&bodies[i], 1 << 20);
	}
	buf_init(&trailers, 4096);
	begun = 0;
	http2_protocol.init(state, &plan, false);
	server_init(&server, settings, settings_n);
}

static inline int
start(void **context)
{
	(void)context;
	start_against(NULL, 0);
	return 0;
}

static inline int
end(void **context)
{
	(void)context;
	http2_protocol.fini(state);
	free(state);
	for (size_t i = 0; i < EXCHANGES; i++) {
		free(exchanges[i]);
		buf_fini(&bodies[i]);
	}
	buf_fini(&trailers);
	server_fini(&server);
	return 0;
}

/* All that we have to say is heard; how many writes it took. */
static inline unsigned
say(void)
{
	unsigned writes = 0;
	const char *bytes;
	size_t length;

	while (state->has_output && (length = http2_protocol.output(state, &bytes)) > 0) {
		while (protocol_take_sent(state, length) != NULL)
			;
		server_hear(&server, bytes, length);
		writes++;
	}
	return writes;
}

/* All that the server has to say comes, in one read. */
static inline void
hear(void)
{
	struct buf said;

	buf_init(&said, 1 << 24);
	server_speak(&server, &said);
	if (said.length > 0)
		http2_protocol.on_bytes(state, said.bytes, said.length);
	buf_fini(&said);
}

static inline void
keep_body(void *context, const char *bytes, size_t length)
{
	buf_add(context, bytes, length);
}

static inline void
keep_trailer(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	(void)context;
	buf_printf(&trailers, "%.*s=%.*s;", (int)name_length, name, (int)value_length, value);
}

static inline struct protocol_exchange *
begin_text(const char *bytes, size_t length)
{
	size_t i = begun++;

	http2_protocol.begin(state, exchanges[i], &get, bytes, length,
		&(struct protocol_ear){.on_body = keep_body, .on_trailer = keep_trailer, .context = &bodies[i]});
	return exchanges[i];
}

static inline struct protocol_exchange *
begin(void)
{
	return begin_text(text, sizeof(text) - 1);
}

static inline void
greet(void)
{
	say();
	hear();
	say();
}

static inline bool
is_complete(const struct protocol_exchange *x)
{
	return x->has_ended && x->failure == FAILURE_COUNT;
}
