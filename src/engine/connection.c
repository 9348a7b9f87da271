#include "engine/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "engine/connection_parts.h"

/* Which moves are legal, by the state that is left. */
static const unsigned connection_may_go[] = {
	[CONNECTION_UNUSED] = BIT(CONNECTION_CONNECTING),
	[CONNECTION_CONNECTING] = BIT(CONNECTION_IDLE) | BIT(CONNECTION_CLOSING),
	[CONNECTION_IDLE] = BIT(CONNECTION_BUSY) | BIT(CONNECTION_CLOSING),
	[CONNECTION_BUSY] = BIT(CONNECTION_IDLE) | BIT(CONNECTION_CLOSING),
	[CONNECTION_CLOSING] = BIT(CONNECTION_UNUSED),
};

/* Every change of a connection's state passes here. Callbacks only find out what happened and name the next state. */
static void
connection_go(struct connection *c, enum connection_state to)
{
	CHECK_MAGIC(c, CONNECTION_MAGIC);
	CHECK(connection_may_go[c->state] & BIT(to));
	c->state = to;

	switch (to) {
	case CONNECTION_CONNECTING: break;
	case CONNECTION_IDLE: c->was_idle = true; break;
	case CONNECTION_BUSY: break;
	case CONNECTION_CLOSING:
		list_remove(&c->node);
		list_remove(&c->to_write);
		break;
	case CONNECTION_UNUSED: pool_forget(c->pool, c); break;
	}
}

static const struct plan_backend *
connection_backend(const struct connection *c)
{
	return (const struct plan_backend *)c->pool->config.plan->target.backends.items + c->pool->config.backend;
}

static int64_t
connection_now(const struct connection *c)
{
	return run_clock_now(c->pool->config.clock);
}

/* What the protocol wants to be said at last: nobody waits for it to be taken, or answered. */
static void
connection_say_farewell(struct connection *c)
{
	const char *bytes;
	size_t length = stream_is_writing(&c->stream) ? 0 : c->protocol->farewell(c->protocol_state, &bytes), written;
	int error;

	if (length > 0)
		(void)stream_write(&c->stream, bytes, length, &written, &error);
}

void
connection_close(struct connection *c, bool reset)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	CHECK(list_is_empty(&c->busy));
	if (!reset && c->protocol != NULL && c->protocol->farewell != NULL)
		connection_say_farewell(c);
	connection_go(c, CONNECTION_CLOSING);
	stream_close(&c->stream, reset);
}

static void
connection_on_closed(struct stream *stream)
{
	struct connection *c = container_of(stream, struct connection, stream);

	if (c->protocol != NULL)
		c->protocol->fini(c->protocol_state);
	c->protocol = NULL;
	connection_go(c, CONNECTION_UNUSED);
}

enum exchange_phase
connection_phase(const struct connection *c)
{
	CHECK_OP(c->state, ==, CONNECTION_CONNECTING);
	if (c->stream.is_tunnelling)
		return EXCHANGE_TUNNEL;
	return c->stream.is_handshaking ? EXCHANGE_TLS : EXCHANGE_CONNECT;
}

static bool
connection_is_worn(const struct connection *c)
{
	const struct plan_target *target = &c->pool->config.plan->target;

	return !c->pool->addresses.slots[c->address].is_listed ||
	       (target->requests_per_connection > 0 && c->requests >= target->requests_per_connection) ||
	       (target->connection_age_ns > 0 && connection_now(c) - c->opened_ns >= target->connection_age_ns);
}

bool
connection_has_room(const struct connection *c)
{
	const struct protocol_state *state = c->protocol_state;

	return state->room > 0 && !connection_is_worn(c);
}

/* Nothing is under way on it: it is kept, if it is of further use. An answer that came before the whole request was
 * sent (an early 413, say) leaves a connection of none, where the next request would have to follow this one. */
static void
connection_rest(struct connection *c)
{
	const struct protocol_state *state = c->protocol_state;
	bool is_early = stream_is_writing(&c->stream) && !c->protocol->choice.is_multiplexed;

	if (is_early)
		connection_close(c, true);
	else if (state->fate != PROTOCOL_OPEN || connection_is_worn(c) || c->pool->is_closing)
		connection_close(c, false);
	else if (c->state == CONNECTION_BUSY)
		connection_go(c, CONNECTION_IDLE);
}

/* Its connect is over when the server has said what it takes; some protocols have it say so. False: it is not. */
static bool
connection_is_welcome(struct connection *c)
{
	const struct protocol_state *state = c->protocol_state;

	if (state->fate != PROTOCOL_OPEN) {
		connection_lose_flights(c, FAILURE_RESET);
		return false;
	}
	if (!state->is_ready)
		return false;
	c->opened_ns = connection_now(c);
	c->connect_ns = c->opened_ns - c->started_ns;
	pool_connected(c->pool, c);
	connection_go(c, CONNECTION_IDLE);
	return true;
}

/* After whatever happened to it. Those under way on a connection that broke are lost; one with room takes what waits.
 */
static void
connection_settle(struct connection *c)
{
	const struct protocol_state *state = c->protocol_state;

	if (c->state == CONNECTION_CLOSING)
		return;
	if (state->fate == PROTOCOL_BROKEN) {
		connection_tell_words(c, state->failure, state->words);
		connection_lose_flights(c, state->failure);
		return;
	}
	if (c->state == CONNECTION_CONNECTING && !connection_is_welcome(c))
		return;
	if (list_is_empty(&c->busy))
		connection_rest(c);
	if (c->state == CONNECTION_CLOSING)
		return;
	if (connection_has_room(c))
		pool_give(c->pool, c);
	else
		list_remove(&c->node);
}

/* When the bytes at hand arrived: the kernel's stamp, since a loop that reads late (other sends were due, or somebody
 * else had the CPU) is no delay of the target's. A stamp comes from the wall clock, which may be set: what we know
 * better is that the bytes were not there at the poll before. */
static int64_t
connection_arrival_ns(const struct connection *c, int64_t now_ns)
{
	const struct run_clock *clock = c->pool->config.clock;
	int64_t arrived_ns = c->stream.arrived_ns - clock->t0_ns;

	if (c->stream.arrived_ns < 0 || arrived_ns > now_ns)
		return now_ns;
	return arrived_ns > clock->polled_ns ? arrived_ns : clock->polled_ns;
}

/* What the protocol says by itself: acknowledgements, windows. */
static void
connection_write_later(struct connection *c)
{
	const struct protocol_state *state = c->protocol_state;

	if (state->has_output && c->state != CONNECTION_CLOSING)
		pool_write_later(c->pool, c);
}

static void
connection_on_bytes(struct connection *c, const char *bytes, size_t length)
{
	bool is_in_use = c->state == CONNECTION_BUSY;
	int64_t now_ns = connection_now(c);
	int64_t arrived_ns = connection_arrival_ns(c, now_ns);

	c->event_ns = arrived_ns;
	c->was_idle = false;
	connection_note_taken(c, now_ns);
	c->protocol->on_bytes(c->protocol_state, bytes, length);
	connection_hear(c);
	connection_settle(c);
	connection_write_later(c);
	if (is_in_use)
		c->pool->config.events->on_read(c->pool->config.context, arrived_ns, now_ns);
}

/* −errno as the stream says it. */
static void
connection_break(struct connection *c, long error)
{
	enum failure failure = failure_from_io_errno((int)-error);

	recorder_add_words(c->pool->config.recorder, failure, stream_words(&c->stream));
	connection_lose_flights(c, failure);
}

static void
connection_on_read(struct stream *stream, const char *bytes, long length)
{
	struct connection *c = container_of(stream, struct connection, stream);

	CHECK_MAGIC(c, CONNECTION_MAGIC);
	if (length > 0) {
		connection_on_bytes(c, bytes, (size_t)length);
		return;
	}
	c->event_ns = connection_now(c);
	if (length < 0) {
		connection_break(c, length);
		return;
	}
	((struct protocol_state *)c->protocol_state)->was_cut = stream->is_truncated;
	c->protocol->on_eof(c->protocol_state);
	connection_hear(c);
	connection_settle(c);
}

/* What the protocol has is handed to the kernel, as far as that takes it. */
static void
connection_write(struct connection *c, int64_t now_ns)
{
	struct protocol_state *state = c->protocol_state;

	while (state->has_output && !stream_is_writing(&c->stream)) {
		const char *bytes;
		size_t written = 0;
		int error = 0;

		c->output_length = c->protocol->output(state, &bytes);
		if (c->output_length == 0)
			return;
		enum stream_result result = stream_write(&c->stream, bytes, c->output_length, &written, &error);

		connection_note_sent(c, written, now_ns);
		if (result == STREAM_FAILED) {
			c->event_ns = now_ns;
			connection_break(c, error);
			return;
		}
	}
}

void
connection_flush(struct connection *c, int64_t now_ns)
{
	c->event_ns = now_ns;
	connection_write(c, now_ns);
	if (c->state == CONNECTION_CLOSING)
		return;
	connection_hear(c);
	connection_settle(c);
}

static void
connection_on_written(struct stream *stream)
{
	struct connection *c = container_of(stream, struct connection, stream);
	int64_t now_ns = connection_now(c);

	connection_note_sent(c, c->output_length, now_ns);
	if (c->protocol->choice.is_multiplexed || ((struct protocol_state *)c->protocol_state)->has_output)
		connection_flush(c, now_ns);
}

static struct channel *
connection_take_channel(struct connection *c)
{
	struct channel *channel = list_first(&c->free, struct channel, node);

	if (channel == NULL) {
		CHECK_OP(c->channels_used, <, c->pool->channels_n);
		channel = (struct channel *)(c->channels + c->channels_used++ * c->pool->channel_size);
		channel_init(channel, c);
	}
	list_remove(&channel->node);
	list_add_last(&c->busy, &channel->node);
	return channel;
}

void
connection_send(struct connection *c, struct flight *flight, int64_t now_ns)
{
	if (c->state == CONNECTION_IDLE)
		connection_go(c, CONNECTION_BUSY);
	CHECK_OP(c->state, ==, CONNECTION_BUSY);
	c->was_idle &= c->requests > 0;
	c->requests++;
	flight->x.peer = c->pool->addresses.slots[c->address].peer;
	if (c->connect_ns >= 0 && flight->x.connect_ns < 0)
		flight->x.connect_ns = c->connect_ns;
	c->connect_ns = -1;
	channel_begin(connection_take_channel(c), flight);
	if (!connection_has_room(c))
		list_remove(&c->node);
	if (c->protocol->choice.is_multiplexed)
		pool_write_later(c->pool, c);
	else
		connection_write(c, now_ns);
}

void
connection_cancel(struct connection *c, struct channel *channel)
{
	connection_note_taken(c, connection_now(c));
	channel->flight->x.phase = connection_phase_of(c, channel);
	bool lives_on = c->protocol->cancel(c->protocol_state, channel_exchange(channel));

	connection_free_channel(c, channel);
	if (!lives_on) {
		connection_close(c, true);
		return;
	}
	if (list_is_empty(&c->busy))
		connection_go(c, CONNECTION_IDLE);
	pool_write_later(c->pool, c); /* which settles what became of its room */
}

/* "TLSv1.3, TLS_AES_256_GCM_SHA384, http/1.1" */
static void
connection_note_handshake(const struct connection *c)
{
	const struct tls *tls = &c->stream.tls;
	const char *alpn = tls_alpn(tls);
	char spoken[TLS_SPOKEN_MAX];

	snprintf(spoken, sizeof(spoken), "%s, %s%s%s", tls_version(tls), tls_cipher(tls), alpn != NULL ? ", " : "",
		alpn != NULL ? alpn : "");
	recorder_add_handshake(c->pool->config.recorder, c->stream.handshake_ns, tls_is_resumed(tls), spoken);
}

static void
connection_on_connected(struct stream *stream, enum failure failure)
{
	struct connection *c = container_of(stream, struct connection, stream);

	CHECK_OP(c->state, ==, CONNECTION_CONNECTING);
	if (failure != FAILURE_COUNT) {
		recorder_add_words(c->pool->config.recorder, failure, stream_words(stream));
		pool_connect_failed(c->pool, c, failure);
		return;
	}
	if (stream->handshake_ns >= 0)
		connection_note_handshake(c);
	bool is_tls = c->stream.tls.ssl != NULL;

	c->protocol = c->pool->protocol->agree(is_tls, is_tls ? tls_alpn(&c->stream.tls) : NULL);
	if (c->protocol == NULL) {
		pool_connect_failed(c->pool, c, FAILURE_OTHER_VERSION);
		return;
	}
	c->protocol->init(c->protocol_state, c->pool->config.plan, is_tls);
	if (c->protocol->greet != NULL)
		c->protocol->greet(c->protocol_state, connection_backend(c));
	connection_flush(c, connection_now(c));
}

static const struct stream_events connection_stream_events = {
	.on_connected = connection_on_connected,
	.on_read = connection_on_read,
	.on_written = connection_on_written,
	.on_closed = connection_on_closed,
};

/* connect_to's addresses are the profile's own: no name stands for them. */
static struct stream_way
connection_way(struct connection *c, const struct address *to)
{
	const struct plan_target *target = &c->pool->config.plan->target;
	const struct plan_backend *backend = connection_backend(c);
	bool is_proxy = plan_has_proxy(target);

	return (struct stream_way){.to = to,
		.from = sources_pick(c->pool->config.sources, to),
		.name = is_proxy                    ? target->proxy.url.host
			: target->connect_to.n == 0 ? backend->url.host
						    : NULL,
		.beyond = is_proxy ? &backend->url : NULL,
		.tunnel = backend->tunnel,
		.tls = *c->pool->config.tls};
}

static void
connection_name_refused(struct connection *c, const struct stream_way *way)
{
	char shown[ADDRESS_TEXT_MAX];

	recorder_add_words(
		c->pool->config.recorder, FAILURE_REFUSED_BY_POLICY, address_text(way->to, shown, sizeof(shown)));
}

bool
connection_open(struct connection *c, const struct address *to, enum failure *failure)
{
	CHECK_OP(c->state, ==, CONNECTION_UNUSED);
	c->started_ns = connection_now(c);
	c->connect_ns = -1;
	c->requests = 0;
	const struct stream_way way = connection_way(c, to);
	enum stream_result result =
		stream_connect(&c->stream, c->pool->config.loop, &way, &connection_stream_events, failure);

	if (result == STREAM_FAILED) {
		if (*failure == FAILURE_REFUSED_BY_POLICY)
			connection_name_refused(c, &way);
		return false;
	}
	if (c->channels == NULL) { /* once, however often it is opened; backed by memory as far as it is used */
		c->channels = must_calloc(c->pool->channels_n, c->pool->channel_size);
		c->protocol_state = must_alloc(protocol_state_size(c->pool->protocol));
	}
	connection_go(c, CONNECTION_CONNECTING);
	return true;
}

void
connection_fini(struct connection *c)
{
	for (uint32_t i = 0; i < c->channels_used; i++)
		channel_fini((struct channel *)(c->channels + i * c->pool->channel_size));
	free(c->channels);
	free(c->protocol_state);
}
