#include "engine/connection_parts.h"

#include "base/check.h"
#include "engine/lane.h"

/* Which moves are legal, by the state that is left. */
static const unsigned connection_may_go[] = {
	[CONNECTION_UNUSED] = BIT(CONNECTION_CONNECTING),
	[CONNECTION_CONNECTING] = BIT(CONNECTION_IDLE) | BIT(CONNECTION_CLOSING),
	[CONNECTION_IDLE] = BIT(CONNECTION_BUSY) | BIT(CONNECTION_CLOSING),
	[CONNECTION_BUSY] = BIT(CONNECTION_IDLE) | BIT(CONNECTION_CLOSING),
	[CONNECTION_CLOSING] = BIT(CONNECTION_UNUSED),
};

/* Every change of a connection's state passes here. Callbacks only find out what happened and name the next state; what
 * entering a state means to the others is the pool's business. */
static void
connection_go(struct connection *c, enum connection_state to)
{
	CHECK_MAGIC(c, CONNECTION_MAGIC);
	CHECK(connection_may_go[c->state] & BIT(to));
	c->state = to;
	c->pool->partial_n -= c->is_partial;
	c->is_partial = false;

	switch (to) {
	case CONNECTION_CONNECTING: break;
	case CONNECTION_IDLE: pool_give_idle(c->pool, c); break;
	case CONNECTION_BUSY: list_remove(&c->node); break;
	case CONNECTION_CLOSING: list_remove(&c->node); break;
	case CONNECTION_UNUSED: pool_forget(c->pool, c); break;
	}
}

static int64_t
connection_now(const struct connection *c)
{
	return run_clock_now(c->pool->config.clock);
}

void
connection_close(struct connection *c, bool reset)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	c->flight = NULL;
	connection_go(c, CONNECTION_CLOSING);
	stream_close(&c->stream, reset);
}

static void
connection_on_closed(struct stream *stream)
{
	connection_go(container_of(stream, struct connection, stream), CONNECTION_UNUSED);
}

enum exchange_phase
connection_phase(const struct connection *c)
{
	if (c->state == CONNECTION_CONNECTING)
		return EXCHANGE_CONNECT;
	if (c->flight->x.sent_ns < 0 || stream_is_writing(&c->stream))
		return EXCHANGE_REQUEST;
	const struct protocol_response *response = c->pool->protocol->response(c->protocol_state);

	if (response->is_complete)
		return EXCHANGE_ANSWER;
	return response->status == 0 ? EXCHANGE_HEADERS : EXCHANGE_BODY;
}

/* What the answer was made of, as far as it came. */
static const struct generation *
connection_generation(const struct connection *c)
{
	return c->reader->generation != NULL ? c->reader->generation(c->reader_state) : NULL;
}

/* The flight's exchange is over and it goes back to the engine. */
static void
connection_end_flight(struct connection *c, enum outcome outcome, enum failure failure, enum exchange_phase phase)
{
	struct flight *flight = c->flight;
	struct pool *pool = c->pool;

	c->flight = NULL;
	flight->x.phase = phase;
	flight->connection = NULL;
	flight->x.last_byte_ns = c->event_ns;
	flight->x.generation = connection_generation(c);
	if (flight->x.generation != NULL)
		connection_note_prompt(c, flight, outcome);
	pool->config.events->on_end(pool->config.context, flight, outcome, failure);
}

/* A keep-alive connection that the server closed while it was idle says so only to the next request: not one byte of an
 * answer. Such a request is sent once more if doing it twice does no harm (RFC 9110 §9.2.2). */
static bool
connection_was_stale(const struct connection *c)
{
	const struct flight *flight = c->flight;

	return c->requests > 1 && flight->x.first_byte_ns < 0 && flight->x.retries == 0 &&
	       protocol_method_is_idempotent(c->pool->config.plan->requests[flight->x.request].method);
}

#define CONNECTION_RESENDS_MAX 2

/* Whether the flight whose connection died is to be tried on another. */
static bool
connection_may_resend(const struct connection *c)
{
	if (c->flight->x.sent_ns < 0)
		return c->flight->resends < CONNECTION_RESENDS_MAX;
	return connection_was_stale(c);
}

/* The connection died under its flight. */
static void
connection_lose_flight(struct connection *c, enum failure failure)
{
	struct flight *flight = c->flight;

	if (connection_may_resend(c)) {
		if (flight->x.sent_ns >= 0)
			flight->x.retries++;
		flight->resends++;
		flight->needs_fresh = true;
		flight->connection = NULL;
		connection_close(c, false);
		pool_resend(c->pool, flight);
		return;
	}
	connection_end_flight(c, OUTCOME_FAILURE, flight->x.sent_ns < 0 ? FAILURE_CONNECT_RESET : failure,
		c->requests > 1 && flight->x.first_byte_ns < 0 ? EXCHANGE_IDLE : connection_phase(c));
	connection_close(c, true);
}

/* The response is complete: was it the one that the profile expects? */
static void
connection_judge_response(struct connection *c, const struct protocol_response *response)
{
	struct flight *flight = c->flight;
	const struct plan_request *request = &c->pool->config.plan->requests[flight->x.request];
	enum failure failure = c->reader->end(c->reader_state, response->status);

	flight->x.status = response->status;
	if (!plan_status_expected(&request->expect, response->status) &&
		!(c->reader->expects_error != NULL && c->reader->expects_error(c->reader_state)))
		failure = FAILURE_STATUS;
	if (failure == FAILURE_COUNT && flight->visit != NULL)
		failure = connection_take_answer(c, request);
	connection_end_flight(c, failure == FAILURE_COUNT ? OUTCOME_OK : OUTCOME_FAILURE, failure, EXCHANGE_ANSWER);
}

static bool
connection_is_worn(const struct connection *c)
{
	const struct plan_target *target = &c->pool->config.plan->target;

	return (target->requests_per_connection > 0 && c->requests >= target->requests_per_connection) ||
	       (target->connection_age_ns > 0 && connection_now(c) - c->opened_ns >= target->connection_age_ns);
}

static void
connection_complete(struct connection *c, bool is_poisoned)
{
	const struct protocol_response *response = c->pool->protocol->response(c->protocol_state);

	/* An answer that came before the whole request was sent (an early 413, say) leaves a connection of no further
	 * use. */
	bool is_early = stream_is_writing(&c->stream);

	connection_judge_response(c, response);
	if (is_poisoned || is_early || !response->keeps_alive || connection_is_worn(c) || c->pool->is_closing)
		connection_close(c, is_poisoned || is_early);
	else
		connection_go(c, CONNECTION_IDLE);
}

static void
connection_take(struct connection *c, enum protocol_result result, enum failure failure)
{
	switch (result) {
	case PROTOCOL_MORE:
		c->pool->partial_n += !c->is_partial;
		c->is_partial = true;
		break;
	case PROTOCOL_COMPLETE: connection_complete(c, false); break;
	case PROTOCOL_EXTRA: connection_complete(c, true); break;
	case PROTOCOL_FAILED:
		c->flight->x.status = c->pool->protocol->response(c->protocol_state)->status;
		if (failure == FAILURE_TRUNCATED || failure == FAILURE_RESET) {
			connection_lose_flight(c, failure);
		} else {
			connection_end_flight(c, OUTCOME_FAILURE, failure, connection_phase(c));
			connection_close(c, true);
		}
		break;
	}
}

/* When the bytes at hand arrived: the kernel's stamp, since a loop that reads late (other sends were due, or somebody
 * else had the CPU) is no delay of the target's. A stamp comes from the wall clock, which may be set: what we know
 * better is that the bytes were not there at the poll before, and were not there before the request was. */
static int64_t
connection_arrival_ns(const struct connection *c, int64_t now_ns)
{
	const struct run_clock *clock = c->pool->config.clock;
	int64_t arrived_ns = c->stream.arrived_ns - clock->t0_ns;

	if (c->stream.arrived_ns < 0 || arrived_ns > now_ns)
		return now_ns;
	if (arrived_ns < clock->polled_ns)
		arrived_ns = clock->polled_ns;
	return arrived_ns > c->flight->x.sent_ns ? arrived_ns : c->flight->x.sent_ns;
}

/* The answer grew by tokens: how long after those before. Told while the exchange is under way, since how many gaps it
 * has nobody knows; so those of an answer that fails later are among them. */
static void
connection_tell_gap(struct connection *c)
{
	int64_t gap_ns = c->reader->take_gap_ns != NULL ? c->reader->take_gap_ns(c->reader_state) : -1;

	if (gap_ns >= 0)
		c->pool->config.events->on_gap(c->pool->config.context, c->flight, gap_ns);
}

static void
connection_on_read(struct stream *stream, const char *bytes, long length)
{
	struct connection *c = container_of(stream, struct connection, stream);
	enum failure failure = FAILURE_COUNT;
	enum protocol_result result;

	CHECK_MAGIC(c, CONNECTION_MAGIC);
	if (c->state != CONNECTION_BUSY) {
		/* Idle: the server closed it, or sent bytes that nobody asked for. */
		connection_close(c, length > 0);
		return;
	}
	int64_t now_ns = connection_now(c);

	int64_t arrived_ns = length > 0 ? connection_arrival_ns(c, now_ns) : now_ns;

	c->event_ns = arrived_ns;
	if (length > 0 && c->flight->x.sent_ns < 0) {
		/* An answer to nothing: not one byte of the request was taken yet. */
		connection_lose_flight(c, FAILURE_PROTOCOL);
		return;
	}
	if (length < 0) {
		connection_lose_flight(c, failure_from_io_errno((int)-length));
		return;
	}
	if (length > 0) {
		c->flight->x.bytes_received += (uint64_t)length;
		if (c->flight->x.first_byte_ns < 0)
			c->flight->x.first_byte_ns = c->event_ns;
		result = c->pool->protocol->on_bytes(c->protocol_state, bytes, (size_t)length, &failure);
	} else
		result = c->pool->protocol->on_eof(c->protocol_state, &failure);
	connection_tell_gap(c);
	connection_take(c, result, failure);
	c->pool->config.events->on_read(c->pool->config.context, arrived_ns, now_ns);
}

static void
connection_note_sent(struct connection *c, int64_t sent_ns)
{
	struct flight *flight = c->flight;

	flight->x.bytes_sent += c->request_length;
	if (flight->x.sent_ns >= 0)
		return; /* a retry: sent counts once */
	flight->x.sent_ns = sent_ns;
	c->pool->config.events->on_sent(c->pool->config.context, flight);
}

void
connection_send(struct connection *c, struct flight *flight, int64_t now_ns)
{
	const struct pool *pool = c->pool;
	const struct plan_request *request = &pool->config.plan->requests[flight->x.request];
	size_t length, written = 0;
	int error = 0;

	CHECK_OP(c->state, ==, CONNECTION_IDLE);
	connection_go(c, CONNECTION_BUSY);
	c->flight = flight;
	c->requests++;
	flight->connection = c;
	if (c->connect_ns >= 0 && flight->x.connect_ns < 0)
		flight->x.connect_ns = c->connect_ns;
	c->connect_ns = -1;

	const char *bytes = connection_render(c, flight, &length);

	connection_listen(c, request);
	c->event_ns = now_ns;
	enum stream_result result = stream_write(&c->stream, bytes, length, &written, &error);

	c->request_length = length;
	if (written > 0)
		connection_note_sent(c, now_ns);
	if (result == STREAM_FAILED)
		connection_lose_flight(c, failure_from_io_errno(error < 0 ? -error : error));
}

static void
connection_on_written(struct stream *stream)
{
	struct connection *c = container_of(stream, struct connection, stream);

	if (c->state == CONNECTION_BUSY && c->flight->x.sent_ns < 0)
		connection_note_sent(c, connection_now(c));
}

static void
connection_on_connected(struct stream *stream, enum failure failure)
{
	struct connection *c = container_of(stream, struct connection, stream);

	CHECK_OP(c->state, ==, CONNECTION_CONNECTING);
	if (failure != FAILURE_COUNT) {
		pool_connect_failed(c->pool, c, failure);
		return;
	}
	c->opened_ns = connection_now(c);
	c->connect_ns = c->opened_ns - c->started_ns;
	pool_connected(c->pool, c);
	connection_go(c, CONNECTION_IDLE);
}

static const struct stream_events connection_stream_events = {
	.on_connected = connection_on_connected,
	.on_read = connection_on_read,
	.on_written = connection_on_written,
	.on_closed = connection_on_closed,
};

bool
connection_open(struct connection *c, const struct address *to, enum failure *failure)
{
	CHECK_OP(c->state, ==, CONNECTION_UNUSED);
	c->started_ns = connection_now(c);
	c->connect_ns = -1;
	c->requests = 0;
	c->flight = NULL;
	enum stream_result result =
		stream_connect(&c->stream, c->pool->config.loop, to, &connection_stream_events, failure);

	if (result == STREAM_FAILED)
		return false;
	connection_go(c, CONNECTION_CONNECTING);
	c->pool->protocol->init(c->protocol_state, c->pool->config.plan);
	return true;
}
