#include "engine/connection_parts.h"

#include "base/check.h"
#include "engine/lane.h"

void
connection_free_channel(struct connection *c, struct channel *channel)
{
	channel_release(channel);
	list_remove(&channel->node);
	list_add_first(&c->free, &channel->node); /* the last one used is the next one taken: its memory is warm */
}

enum exchange_phase
connection_phase_of(const struct connection *c, const struct channel *channel)
{
	const struct protocol_exchange *x = channel_exchange_const(channel);
	bool is_writing = stream_is_writing(&c->stream) && !c->protocol->choice.is_multiplexed;

	if (channel->flight->x.sent_ns < 0 || !x->is_sent_whole || is_writing)
		return EXCHANGE_REQUEST;
	if (x->has_ended && x->failure == FAILURE_COUNT)
		return EXCHANGE_ANSWER;
	return x->status == 0 ? EXCHANGE_HEADERS : EXCHANGE_BODY;
}

/* The flight's exchange is over and it goes back to the engine. */
static void
connection_end_flight(struct connection *c, struct channel *channel, enum outcome outcome, enum failure failure,
	enum exchange_phase phase)
{
	const struct pool_config *config = &c->pool->config;
	struct flight *flight = channel->flight;

	flight->x.phase = phase;
	flight->x.last_byte_ns = connection_event_ns(c, flight);
	flight->x.status = channel_exchange(channel)->status;
	flight->x.generation = channel_generation(channel);
	if (flight->x.generation != NULL)
		channel_note_prompt(channel, outcome);
	connection_free_channel(c, channel);
	config->events->on_end(config->context, flight, outcome, failure);
}

/* A keep-alive connection that the server closed while it was idle says so only to the next request: not one byte of an
 * answer. Such a request is sent once more if doing it twice does no harm (RFC 9110 §9.2.2). */
static bool
connection_was_stale(const struct connection *c, const struct flight *flight)
{
	return c->was_idle && flight->x.first_byte_ns < 0 && flight->x.retries == 0 &&
	       protocol_method_is_idempotent(c->pool->config.plan->requests[flight->x.request].method);
}

#define CONNECTION_RESENDS_MAX 2

/* Whether the flight whose connection died is to be tried on another. */
static bool
connection_may_resend(const struct connection *c, const struct flight *flight)
{
	if (flight->x.sent_ns < 0)
		return flight->resends < CONNECTION_RESENDS_MAX;
	return connection_was_stale(c, flight);
}

static void
connection_resend(struct connection *c, struct channel *channel)
{
	struct flight *flight = channel->flight;

	if (flight->x.sent_ns >= 0)
		flight->x.retries++;
	flight->resends++;
	connection_free_channel(c, channel);
	pool_resend(c->pool, flight);
}

/* The server says that it did nothing about it, whatever the method: it is sent once more (RFC 9113 §8.7). */
static bool
connection_may_resend_refused(const struct flight *flight)
{
	return flight->x.sent_ns < 0 ? flight->resends < CONNECTION_RESENDS_MAX : flight->x.retries == 0;
}

static void
connection_lose_flight(struct connection *c, struct channel *channel, enum failure failure)
{
	struct flight *flight = channel->flight;

	if (connection_may_resend(c, flight)) {
		flight->needs_fresh = true;
		connection_resend(c, channel);
	} else
		connection_end_flight(c, channel, OUTCOME_FAILURE,
			flight->x.sent_ns < 0 ? FAILURE_CONNECT_RESET : failure,
			c->was_idle && flight->x.first_byte_ns < 0 ? EXCHANGE_IDLE : connection_phase_of(c, channel));
}

void
connection_tell_words(const struct connection *c, enum failure failure, const char *words)
{
	if (words != NULL)
		recorder_add_words(c->pool->config.recorder, failure, words);
}

/* Of a connection that was not made: what it died of, if that can happen to one, else that it died. */
static enum failure
failure_of_connect(enum failure failure)
{
	if (failure == FAILURE_PROTOCOL || failure == FAILURE_FLOODED)
		return FAILURE_OTHER_VERSION;
	return failure_rows[failure].counts == COUNTS_UNSENT ? failure : FAILURE_CONNECT_RESET;
}

/* From the last to the first, so that the one that began first is the first to wait. */
void
connection_lose_flights(struct connection *c, enum failure failure)
{
	struct channel *channel;

	if (c->state == CONNECTION_CONNECTING) {
		pool_connect_failed(c->pool, c, failure_of_connect(failure));
		return;
	}
	while ((channel = list_last(&c->busy, struct channel, node)) != NULL)
		connection_lose_flight(c, channel, failure);
	connection_close(c, true);
}

/* The response is complete: was it the one that the profile expects? */
static void
connection_judge_response(struct connection *c, struct channel *channel)
{
	bool is_redirected = channel_is_redirected(channel);
	enum failure failure =
		is_redirected ? channel_follow(channel) : channel_judge(channel, channel_exchange(channel)->status);

	if (is_redirected && failure == FAILURE_COUNT) {
		struct flight *flight = channel->flight;

		connection_free_channel(c, channel);
		pool_resend(c->pool, flight);
		return;
	}

	connection_end_flight(
		c, channel, failure == FAILURE_COUNT ? OUTCOME_OK : OUTCOME_FAILURE, failure, EXCHANGE_ANSWER);
}

/* The protocol has no more to say of it. */
static void
connection_complete(struct connection *c, struct channel *channel)
{
	const struct protocol_exchange *x = channel_exchange(channel);
	enum failure failure = x->failure;

	if (failure == FAILURE_COUNT)
		connection_judge_response(c, channel);
	else if (x->is_refused && connection_may_resend_refused(channel->flight))
		connection_resend(c, channel);
	else if (failure == FAILURE_TRUNCATED || failure == FAILURE_RESET)
		connection_lose_flight(c, channel, failure);
	else {
		connection_tell_words(c, failure, x->words);
		connection_end_flight(c, channel, OUTCOME_FAILURE, failure, connection_phase_of(c, channel));
	}
}

/* The answer grew by tokens: how long after those before. Told while the exchange is under way, since how many gaps it
 * has nobody knows; so those of an answer that fails later are among them. */
static void
connection_tell_gap(struct connection *c, struct channel *channel)
{
	const struct reader_ops *reader = channel->reader;
	int64_t gap_ns = reader->take_gap_ns != NULL ? reader->take_gap_ns(channel->reader_state) : -1;

	if (gap_ns >= 0)
		c->pool->config.events->on_gap(c->pool->config.context, channel->flight, gap_ns);
}

static void
connection_hear_channel(struct connection *c, struct channel *channel)
{
	const struct protocol_exchange *x = channel_exchange(channel);
	struct flight *flight = channel->flight;

	if (flight->x.first_byte_ns < 0 && x->bytes_received > 0)
		flight->x.first_byte_ns = connection_event_ns(c, flight);
	connection_tell_gap(c, channel);
	if (x->has_ended) {
		connection_complete(c, channel);
		return;
	}
	c->pool->partial_n += !channel->is_partial;
	channel->is_partial = true;
}

void
connection_hear(struct connection *c)
{
	struct protocol_exchange *x;

	while ((x = protocol_take_news(c->protocol_state)) != NULL) {
		if (x->bytes_received > 0 && !list_is_empty(&x->unsent)) {
			/* An answer to nothing: not one byte of the request was taken yet. */
			connection_lose_flights(c, FAILURE_PROTOCOL);
			return;
		}
		connection_hear_channel(c, channel_of_exchange(x));
	}
}

static void
connection_note_flight_sent(struct connection *c, struct flight *flight, int64_t sent_ns)
{
	if (flight->x.sent_ns >= 0)
		return; /* a retry: sent counts once */
	flight->x.sent_ns = sent_ns;
	c->pool->config.events->on_sent(c->pool->config.context, flight);
}

void
connection_note_sent(struct connection *c, size_t taken, int64_t now_ns)
{
	struct protocol_exchange *x;

	while ((x = protocol_take_sent(c->protocol_state, taken)) != NULL)
		connection_note_flight_sent(c, channel_of_exchange(x)->flight, now_ns);
}

void
connection_note_taken(struct connection *c, int64_t now_ns)
{
	const struct protocol_state *state = c->protocol_state;

	if (!list_is_empty(&state->unsent))
		connection_note_sent(c, c->output_length - stream_unwritten(&c->stream), now_ns);
}
