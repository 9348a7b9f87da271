#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "engine/connection_parts.h"
#include "engine/lane.h"
#include "plan/llm.h"
#include "request/prompt.h"

static void
connection_on_body(void *context, const char *bytes, size_t length)
{
	struct connection *c = context;

	c->reader->on_bytes(c->reader_state, bytes, length, c->event_ns);
}

static void
connection_on_header(void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct connection *c = context;

	c->reader->on_header(c->reader_state, name, name_length, value, value_length);
}

/* The same where a session listens too. */
static void
connection_on_body_for_session(void *context, const char *bytes, size_t length)
{
	struct connection *c = context;

	if (!c->reader->ignores_bytes)
		connection_on_body(c, bytes, length);
	extraction_add_body(&c->extraction, bytes, length);
}

static void
connection_on_header_for_session(
	void *context, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct connection *c = context;

	if (c->reader->on_header != NULL)
		connection_on_header(c, name, name_length, value, value_length);
	extraction_add_header(&c->extraction, name, name_length, value, value_length);
}

/* The model's answer goes into the conversation as it comes. */
static void
connection_on_text(void *context, const char *json, size_t length)
{
	struct connection *c = context;

	session_add_turn(&c->flight->visit->session, json, length);
}

static struct protocol_ear
connection_ear(struct connection *c, const struct extractor *extractor)
{
	const struct reader_ops *reader = c->reader;
	struct protocol_ear ear = {
		.on_header = reader->on_header != NULL ? connection_on_header : NULL,
		.on_body = reader->ignores_bytes ? NULL : connection_on_body,
		.context = c,
		.field = &c->scratch,
	};

	if (extractor_wants_headers(extractor))
		ear.on_header = connection_on_header_for_session;
	if (extractor_wants_body(extractor))
		ear.on_body = connection_on_body_for_session;
	return ear;
}

/* Most that a text with all of its slots may need; a conversation's grows beyond that, by doubling, up to its ceiling.
 */
static void
connection_make_room(char **buffer, size_t *size, size_t least, size_t room)
{
	size_t more = *size > 0 ? 2 * *size : least;

	if (room <= *size)
		return;
	*size = more > room ? more : room;
	free(*buffer);
	*buffer = must_alloc(*size);
}

static struct render
connection_whose(const struct flight *flight)
{
	struct render render = {
		.seed = flight->lane->seed, .k = flight->x.k, .is_warmup = flight->x.level == LEVEL_WARMUP};

	if (flight->visit != NULL) {
		render.turn = flight->visit->position;
		render.session = &flight->visit->session;
	}
	return render;
}

const char *
connection_render(struct connection *c, const struct flight *flight, size_t *length)
{
	const struct template *template = c->pool->config.templates[flight->x.request];
	struct render render = connection_whose(flight);

	if (render.session != NULL)
		session_begin_turn(render.session);
	if (template_render_max(template) == 0)
		return template_fixed(template, length);
	connection_make_room(
		&c->send_buffer, &c->send_room, c->pool->send_buffer_size, template_render_room(template, &render));
	*length = template_render(template, &render, c->send_buffer);
	return c->send_buffer;
}

/* What the answer must contain. */
static const char *
connection_expected(struct connection *c, const struct plan_request *request)
{
	const struct template *template = c->pool->config.expected[c->flight->x.request];
	struct render render;
	size_t length;

	if (template == NULL)
		return request->expect.body;
	if (template_render_max(template) == 0)
		return template_fixed(template, &length);
	render = connection_whose(c->flight);
	connection_make_room(&c->expected, &c->expected_room, 0, template_render_room(template, &render) + 1);
	c->expected[template_render(template, &render, c->expected)] = '\0';
	return c->expected;
}

/* Its own part is in the conversation since it was rendered; what stands before an answer follows. */
static bool
connection_begin_answer(struct connection *c, const struct plan_request *request)
{
	if (c->flight->visit == NULL || request->llm == NULL || !request->llm->keeps_history)
		return false;
	session_add_turn(&c->flight->visit->session, request->llm->answer_open, strlen(request->llm->answer_open));
	return true;
}

void
connection_listen(struct connection *c, const struct plan_request *request)
{
	const struct reader_ops *reader = c->pool->config.readers[c->flight->x.request];
	struct extractor *extractor = c->pool->config.extractors[c->flight->x.request];
	bool wants_text = connection_begin_answer(c, request);

	buf_clear(&c->scratch);
	c->reader = reader;
	c->extraction.extractor = extractor;
	if (extractor != NULL)
		extraction_begin(&c->extraction, extractor);
	reader->begin(c->reader_state, request,
		&(struct reader_host){.scratch = &c->scratch,
			.expected = connection_expected(c, request),
			.on_text = wants_text ? connection_on_text : NULL,
			.context = c});
	struct protocol_ear ear = connection_ear(c, extractor);

	c->pool->protocol->expect(c->protocol_state, request, &ear);
}

enum failure
connection_take_answer(struct connection *c, const struct plan_request *request)
{
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
connection_note_prompt(const struct connection *c, struct flight *flight, enum outcome outcome)
{
	const struct plan_request *request = &c->pool->config.plan->requests[flight->x.request];
	const struct template *template = c->pool->config.templates[flight->x.request];
	const struct generation *generation = flight->x.generation;
	struct render render = connection_whose(flight);
	bool is_alone = render.turn == 0 || request->llm == NULL || !request->llm->keeps_history;

	flight->x.wanted_prompt_tokens = prompt_tokens_of(template, &render);
	if (flight->x.wanted_prompt_tokens > 0 && outcome == OUTCOME_OK && render.is_warmup && is_alone &&
		generation->has_prompt_tokens)
		prompt_learn_from(template, &render, generation->prompt_tokens);
}
