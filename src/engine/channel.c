#include "engine/channel.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "engine/connection.h"
#include "engine/follow.h"
#include "engine/lane.h"
#include "plan/llm.h"
#include "proto/proxy_status.h"
#include "request/location.h"
#include "request/prompt.h"

void
channel_init(struct channel *c, struct connection *connection)
{
	c->connection = connection;
	c->reader_state = c->memory + connection->pool->reader_offset;
	list_init(&c->node);
	buf_init(&c->scratch, READER_SCRATCH_MAX);
	extraction_init(&c->extraction);
	decoder_init(&c->decoder);
	checking_init(&c->checking);
	buf_init(&c->location, LOCATION_MAX);
}

void
channel_fini(struct channel *c)
{
	free(c->send_buffer);
	free(c->expected.bytes);
	free(c->until.bytes);
	buf_fini(&c->scratch);
	extraction_fini(&c->extraction);
	decoder_fini(&c->decoder);
	checking_fini(&c->checking);
	buf_fini(&c->location);
}

static const struct plan_request *
channel_request(const struct channel *c)
{
	return &c->connection->pool->config.plan->requests[c->flight->x.request];
}

static const struct plan_target *
channel_target(const struct channel *c)
{
	return &c->connection->pool->config.plan->target;
}

static void
channel_on_body(void *context, const char *bytes, size_t length)
{
	struct channel *c = context;

	c->reader->on_bytes(c->reader_state, bytes, length, connection_event_ns(c->connection, c->flight));
}

static void
channel_on_header(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct channel *c = context;

	c->reader->on_header(c->reader_state, name, name_length, value, value_length);
}

static void
channel_on_trailer(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct channel *c = context;

	c->reader->on_trailer(c->reader_state, name, name_length, value, value_length);
}

static bool
channel_on_message(void *context)
{
	struct channel *c = context;

	return c->reader->on_message(c->reader_state, connection_event_ns(c->connection, c->flight));
}

/* The same where others listen too. */
static void
channel_share_body(void *context, const char *bytes, size_t length)
{
	struct channel *c = context;

	if (!c->reader->ignores_bytes)
		channel_on_body(c, bytes, length);
	if (checks_want_body(c->checking.checks))
		checking_add_body(&c->checking, bytes, length);
	if (extractor_wants_body(c->extraction.extractor))
		extraction_add_body(&c->extraction, bytes, length);
}

static void
channel_share_header(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct channel *c = context;

	if (channel_request(c)->redirects > 0 && name_length == 8 && strncasecmp(name, "location", 8) == 0) {
		buf_clear(&c->location);
		buf_add(&c->location, value, value_length);
	}
	if (name_length == 12 && strncasecmp(name, "proxy-status", 12) == 0)
		c->has_proxy_failed |= proxy_status_is_own(value, value_length);
	if (decoder_take_header(&c->decoder, name, name_length, value, value_length))
		return;
	if (c->reader->on_header != NULL)
		channel_on_header(c, name, name_length, value, value_length);
	if (checks_want_headers(c->checking.checks))
		checking_add_header(&c->checking, name, name_length, value, value_length);
	if (extractor_wants_headers(c->extraction.extractor))
		extraction_add_header(&c->extraction, name, name_length, value, value_length);
}

static void
channel_decode_body(void *context, const char *bytes, size_t length)
{
	struct channel *c = context;

	if (decoder_is_needed(&c->decoder))
		decoder_add(&c->decoder, bytes, length, channel_share_body, c);
	else
		channel_share_body(c, bytes, length);
}

/* The model's answer goes into the conversation as it comes. */
static void
channel_on_text(void *context, const char *json, size_t length)
{
	struct channel *c = context;

	session_add_turn(&c->flight->visit->session, json, length);
}

static void
channel_share_trailer(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct channel *c = context;

	if (c->reader->on_trailer != NULL)
		channel_on_trailer(c, name, name_length, value, value_length);
	checking_add_trailer(&c->checking, name, name_length, value, value_length);
}

static struct protocol_ear
channel_ear(struct channel *c, const struct extractor *extractor)
{
	const struct reader_ops *reader = c->reader;
	struct protocol_ear ear = {
		.on_header = reader->on_header != NULL ? channel_on_header : NULL,
		.on_trailer = reader->on_trailer != NULL ? channel_on_trailer : NULL,
		.on_body = reader->ignores_bytes ? NULL : channel_on_body,
		.on_message = reader->on_message != NULL ? channel_on_message : NULL,
		.context = c,
		.field = &c->scratch,
	};

	if (extractor_wants_headers(extractor) || c->decoder.accepted != 0 || checks_want_headers(c->checking.checks) ||
		channel_request(c)->redirects > 0 || plan_asks_proxy(channel_target(c)))
		ear.on_header = channel_share_header;
	if (checks_want_trailers(c->checking.checks))
		ear.on_trailer = channel_share_trailer;
	if (extractor_wants_body(extractor) || checks_want_body(c->checking.checks))
		ear.on_body = channel_share_body;
	if (c->decoder.accepted != 0)
		ear.on_body = channel_decode_body;
	return ear;
}

/* Most that a text with all of its slots may need; a conversation's grows beyond that, by doubling, up to its ceiling.
 */
static void
channel_make_room(char **buffer, size_t *size, size_t least, size_t room)
{
	size_t more = *size > 0 ? 2 * *size : least;

	if (room <= *size)
		return;
	*size = more > room ? more : room;
	free(*buffer);
	*buffer = must_alloc(*size);
}

static struct render
channel_whose(const struct flight *flight)
{
	struct render render = {.seed = flight->lane->seed,
		.k = flight->x.k,
		.is_warmup = flight->x.level == LEVEL_WARMUP,
		.location = flight->location,
		.location_length = flight->location_length};

	if (flight->visit != NULL) {
		render.turn = flight->visit->position;
		render.session = &flight->visit->session;
	}
	return render;
}

static const struct follow *
channel_follows(const struct channel *c)
{
	return c->flight->location_length > 0 ? c->connection->pool->config.follows[c->flight->x.request] : NULL;
}

/* What is sent: the request, or what follows a redirect. */
static const struct plan_request *
channel_sends(const struct channel *c)
{
	const struct follow *follow = channel_follows(c);

	return follow == NULL ? channel_request(c) : c->flight->follows_by_get ? &follow->get : &follow->same;
}

static const struct template *
channel_template(const struct channel *c)
{
	const struct follow *follow = channel_follows(c);

	if (follow == NULL)
		return c->connection->pool->config.templates[c->flight->x.request];
	return c->flight->follows_by_get ? follow->get_template : follow->same_template;
}

static const char *
channel_render(struct channel *c, size_t *length)
{
	const struct pool *pool = c->connection->pool;
	const struct template *template = channel_template(c);
	struct render render = channel_whose(c->flight);

	if (render.session != NULL)
		session_begin_turn(render.session);
	if (template_render_max(template) == 0)
		return template_fixed(template, length);
	channel_make_room(
		&c->send_buffer, &c->send_room, pool->send_buffer_size, template_render_room(template, &render));
	*length = template_render(template, &render, c->send_buffer);
	return c->send_buffer;
}

/* plain: the text where it has no slots. */
static const char *
channel_fill(struct channel *c, const struct template *template, const char *plain, struct channel_text *text)
{
	struct render render;
	size_t length;

	if (template == NULL)
		return plain;
	if (template_render_max(template) == 0)
		return template_fixed(template, &length);
	render = channel_whose(c->flight);
	channel_make_room(&text->bytes, &text->room, 0, template_render_room(template, &render) + 1);
	text->bytes[template_render(template, &render, text->bytes)] = '\0';
	return text->bytes;
}

/* Its own part is in the conversation since it was rendered; what stands before an answer follows. */
static bool
channel_begin_answer(struct channel *c, const struct plan_request *request)
{
	if (c->flight->visit == NULL || request->llm == NULL || !request->llm->keeps_history)
		return false;
	session_add_turn(&c->flight->visit->session, request->llm->answer_open, strlen(request->llm->answer_open));
	return true;
}

/* Whoever reads the response is made ready for it; what nobody looks at is not even handed on. */
static struct protocol_ear
channel_listen(struct channel *c, const struct plan_request *request)
{
	const struct pool_config *config = &c->connection->pool->config;
	struct extractor *extractor = config->extractors[c->flight->x.request];
	bool wants_text = channel_begin_answer(c, request);

	buf_clear(&c->scratch);
	c->reader = config->readers[c->flight->x.request];
	decoder_begin(&c->decoder, request->codings, config->plan->target.decoded_bytes);
	checking_begin(&c->checking, config->checks[c->flight->x.request]);
	c->extraction.extractor = extractor;
	if (extractor != NULL)
		extraction_begin(&c->extraction, extractor);
	c->reader->begin(c->reader_state, request,
		&(struct reader_host){.scratch = &c->scratch,
			.expected = channel_fill(
				c, config->expected[c->flight->x.request], request->expect.body, &c->expected),
			.until =
				channel_fill(c, config->until[c->flight->x.request], request->receive.until, &c->until),
			.on_text = wants_text ? channel_on_text : NULL,
			.context = c});
	return channel_ear(c, extractor);
}

void
channel_begin(struct channel *c, struct flight *flight)
{
	const struct connection *connection = c->connection;
	size_t length;

	c->flight = flight;
	flight->channel = c;
	buf_clear(&c->location);
	c->has_proxy_failed = false;
	const char *bytes = channel_render(c, &length);

	c->request_bytes = bytes;
	c->request_length = length;
	struct protocol_ear ear = channel_listen(c, channel_request(c));

	connection->protocol->begin(
		connection->protocol_state, channel_exchange(c), channel_sends(c), bytes, length, &ear);
}

void
channel_release(struct channel *c)
{
	struct protocol_exchange *x = channel_exchange(c);
	struct flight *flight = c->flight;

	if (list_is_empty(&x->unsent))
		flight->x.bytes_sent += x->bytes_sent;
	flight->x.bytes_received += x->bytes_received;
	flight->x.bytes_decoded += c->decoder.decoded;
	list_remove(&x->unsent);
	list_remove(&x->news);
	flight->channel = NULL;
	c->flight = NULL;
	c->connection->pool->partial_n -= c->is_partial;
	c->is_partial = false;
}

const struct generation *
channel_generation(const struct channel *c)
{
	return c->reader->generation != NULL ? c->reader->generation(c->reader_state) : NULL;
}

bool
channel_is_redirected(const struct channel *c)
{
	return channel_request(c)->redirects > 0 && follow_is_redirect(channel_exchange_const(c)->status);
}

/* Path and query of the request that was sent: between the first two spaces of its line. */
static const char *
channel_path(const struct channel *c, size_t *length)
{
	const char *end = c->request_bytes + c->request_length;
	const char *path = memchr(c->request_bytes, ' ', c->request_length);
	const char *stop = path != NULL ? memchr(path + 1, ' ', (size_t)(end - path - 1)) : NULL;

	*length = stop != NULL ? (size_t)(stop - path - 1) : 1;
	return stop != NULL ? path + 1 : "/";
}

enum failure
channel_follow(struct channel *c)
{
	const struct plan_backend *backends = c->connection->pool->config.plan->target.backends.items;
	struct flight *flight = c->flight;
	const char *method = channel_sends(c)->method;
	char location[LOCATION_MAX];
	size_t base_length, length;
	const char *base = channel_path(c, &base_length);

	if (flight->visit != NULL && !extraction_take_cookies(&c->extraction, &flight->visit->session))
		return FAILURE_EXTRACT;
	if (flight->x.redirects >= channel_request(c)->redirects || c->location.length == 0 || c->location.overflowed)
		return FAILURE_REDIRECTS;
	switch (location_resolve(&backends[flight->x.backend].url, base, base_length, c->location.bytes,
		c->location.length, location, &length)) {
	case LOCATION_ELSEWHERE: return FAILURE_REDIRECTED_AWAY;
	case LOCATION_NOWHERE: return FAILURE_REDIRECTS;
	case LOCATION_HERE: break;
	}
	if (flight->location == NULL)
		flight->location = must_alloc(LOCATION_MAX);
	memcpy(flight->location, location, length);
	flight->follows_by_get = (flight->location_length > 0 && flight->follows_by_get) ||
				 follow_by_get(channel_exchange(c)->status, method);
	flight->location_length = length;
	flight->x.redirects++;
	flight->x.first_byte_ns = -1;
	return FAILURE_COUNT;
}

/* Only what a proxy alone can have said is put down to it: 407 (RFC 9110 §15.5.8), and what it owns up to. A 502 or
 * 504 without a word may be a gateway's behind it. */
static enum failure
channel_failure_of_status(const struct channel *c, unsigned status)
{
	if (!plan_asks_proxy(channel_target(c)))
		return FAILURE_STATUS;
	if (status == 407)
		return FAILURE_PROXY_AUTH;
	return c->has_proxy_failed ? FAILURE_PROXY_ERROR : FAILURE_STATUS;
}

enum failure
channel_judge(struct channel *c, unsigned status)
{
	enum failure read = c->reader->end(c->reader_state, status), decoded = decoder_end(&c->decoder);

	if (!plan_status_expected(&channel_request(c)->expect, status) &&
		!(c->reader->expects_error != NULL && c->reader->expects_error(c->reader_state)))
		return channel_failure_of_status(c, status);
	if (decoded != FAILURE_COUNT)
		return decoded;
	enum failure checked = checking_end(&c->checking);

	if (checked != FAILURE_COUNT)
		c->flight->x.misses = &c->checking.misses;
	if (read != FAILURE_COUNT || checked != FAILURE_COUNT)
		return read != FAILURE_COUNT ? read : checked;
	return c->flight->visit != NULL ? channel_take_answer(c) : FAILURE_COUNT;
}

enum failure
channel_take_answer(struct channel *c)
{
	const struct plan_request *request = channel_request(c);
	struct session *session = &c->flight->visit->session;

	if (!extraction_end(&c->extraction, session))
		return FAILURE_EXTRACT;
	if (request->llm != NULL && request->llm->keeps_history) {
		session_add_turn(session, request->llm->answer_close, strlen(request->llm->answer_close));
		session_end_turn(session);
	}
	return FAILURE_COUNT;
}

/* A conversation's earlier turns are in the server's count too: what it says of the last one alone, nobody knows. */
void
channel_note_prompt(const struct channel *c, enum outcome outcome)
{
	struct flight *flight = c->flight;
	const struct plan_request *request = channel_request(c);
	const struct template *template = c->connection->pool->config.templates[flight->x.request];
	const struct generation *generation = flight->x.generation;
	struct render render = channel_whose(flight);
	bool is_alone = render.turn == 0 || request->llm == NULL || !request->llm->keeps_history;

	flight->x.wanted_prompt_tokens = prompt_tokens_of(template, &render);
	if (flight->x.wanted_prompt_tokens > 0 && outcome == OUTCOME_OK && render.is_warmup && is_alone &&
		generation->has_prompt_tokens)
		prompt_learn_from(template, &render, generation->prompt_tokens);
}
