/* From a request's bytes to what it asks for. */
#include "target/llm.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

#define SESSION_MAX 256

struct session {
	char key[SESSION_MAX];
	size_t length; /* 0: none */
};

static void
set_key(struct session *s, const char *key, size_t length)
{
	s->length = length < SESSION_MAX ? length : SESSION_MAX;
	memcpy(s->key, key, s->length);
}

/* "a=1; session_id=KEY; b=2": session_id or session. */
static void
read_cookie(struct session *s, const char *cookie)
{
	static const char *const names[] = {"session_id=", "session="};

	for (const char *at = cookie; at != NULL && *at != '\0'; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strncmp(at, names[i], strlen(names[i])) == 0) {
				const char *key = at + strlen(names[i]);

				set_key(s, key, strcspn(key, "; "));
				return;
			}
	}
}

static void
read_field(struct session *s, const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (s->length == 0 && cJSON_IsString(item))
		set_key(s, item->valuestring, strlen(item->valuestring));
}

/* Header before cookie before body, the first that is there. */
static struct session
session_of(const struct httpd_request *request, const cJSON *body)
{
	const char *header = httpd_request_header(request, "x-session-id");
	const char *cookie = httpd_request_header(request, "cookie");
	struct session s = {.length = 0};

	if (header != NULL)
		set_key(&s, header, strlen(header));
	if (s.length == 0 && cookie != NULL)
		read_cookie(&s, cookie);
	read_field(&s, body, "session_id");
	read_field(&s, body, "user");
	read_field(&s, cJSON_GetObjectItemCaseSensitive(body, "metadata"), "user_id"); /* Anthropic's */
	return s;
}

static uint64_t
owner_of(const struct session *session)
{
	return session->length > 0 ? prompt_hash(session->key, session->length) : 0;
}

/* max_tokens cuts the answer that the model would give; ignore_eos makes it as long as max_tokens. */
static void
plan_answer(struct generation *g)
{
	const struct llm_options *o = g->llm->options;
	struct answer *a = &g->answer;
	uint64_t max = a->ask.max_tokens, natural = o->answer_tokens;

	if (!g->dialect->is_generating || a->ask.is_load) { /* what its prefill yields is not a token */
		a->wanted_tokens = 1;
		a->ask.is_stream = false;
		return;
	}
	a->makes_tokens = true;
	a->reasoning_tokens = g->dialect->has_reasoning ? o->reasoning_tokens : 0;
	natural += a->reasoning_tokens;
	bool is_cut = max > 0 && (max < natural || a->ask.ignores_eos);

	a->wanted_tokens = is_cut ? max : natural;
	if (a->reasoning_tokens > a->wanted_tokens)
		a->reasoning_tokens = a->wanted_tokens;
	a->tool_tokens = g->dialect->has_tools ? o->tool_tokens : 0;
	if (a->tool_tokens > a->wanted_tokens - a->reasoning_tokens)
		a->tool_tokens = a->wanted_tokens - a->reasoning_tokens;
	a->finish = a->tool_tokens > 0 ? FINISH_TOOL : is_cut ? FINISH_LENGTH : FINISH_STOP;
}

static bool
read_body(struct generation *g, const cJSON *body, struct error *err)
{
	struct answer *a = &g->answer;

	if (!cJSON_IsObject(body))
		return error_set(err, "the body is not a JSON object");
	g->dialect = dialect_of(g->request->target, body);
	enum dialect_streaming streaming = dialect_stream(g->dialect, g->request->target);
	struct session session = session_of(g->request, body);

	g->has_session = session.length > 0;
	prompt_begin(&g->prompt, owner_of(&session));
	a->ask = (struct ask){.is_stream = g->dialect->streams_unasked};
	if (!g->dialect->read(body, &a->ask, &g->prompt, err))
		return false;
	if (streaming != STREAM_AS_ASKED)
		a->ask.is_stream = streaming == STREAM_ALWAYS;
	a->hash = g->prompt.chain;
	a->model = a->ask.model[0] != '\0' ? a->ask.model : g->llm->model_name;
	a->prompt_tokens = g->prompt.tokens;
	a->canary = g->prompt.canary;
	a->created_s = wall_now_ns() / NS_PER_S;
	plan_answer(g);
	return true;
}

bool
generation_read(struct generation *g, struct error *err)
{
	cJSON *body = cJSON_ParseWithLength(g->request->body, g->request->body_length);
	bool is_good = read_body(g, body, err);

	cJSON_Delete(body);
	return is_good;
}
