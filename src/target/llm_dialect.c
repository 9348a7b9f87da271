#include "target/llm_dialect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"

#define DIALECT(name) extern const struct dialect name##_dialect;
#include "target/llm_dialects.def"
#undef DIALECT

const struct dialect *const dialects[] = {
#define DIALECT(name) &name##_dialect,
#include "target/llm_dialects.def"
#undef DIALECT
	NULL,
};

static bool
path_matches(const char *pattern, const char *target)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '*') {
			if (*target++ != *pattern)
				return false;
			continue;
		}
		size_t segment = strcspn(target, "/?");

		if (segment == 0)
			return false;
		target += segment;
	}
	return *target == '\0' || *target == '?';
}

static const struct dialect_path *
path_of(const struct dialect *d, const char *target)
{
	for (const struct dialect_path *p = d->paths; p->pattern != NULL; p++)
		if (path_matches(p->pattern, target))
			return p;
	return NULL;
}

const struct dialect *
dialect_of(const char *target, const cJSON *body)
{
	const struct dialect *found = NULL;

	for (size_t i = 0; dialects[i] != NULL; i++) {
		const struct dialect *d = dialects[i];

		if (path_of(d, target) == NULL)
			continue;
		if (d->field != NULL && body != NULL && ask_field(body, d->field) != NULL)
			return d;
		if (found == NULL || found->field != NULL)
			found = d;
	}
	return found;
}

enum dialect_streaming
dialect_stream(const struct dialect *d, const char *target)
{
	const struct dialect_path *p = path_of(d, target);

	CHECK(p != NULL);
	return p->stream;
}

/* ---- words ---- */

/* Some of more than one byte per character, as in any real answer. */
static const char *const words[] = {"the", "load", "of", "a", "server", "is", "what", "it", "can", "carry", "and",
	"not", "one", "request", "more", "café", "until", "its", "queue", "grows", "without", "end", "naïve", "clients",
	"wait", "for", "answers", "that", "never", "come", "東京", "then"};

static uint64_t
channel_from(const struct answer *a, const struct run *run)
{
	if (run->is_reasoning)
		return 0;
	return run->is_tool ? answer_tool_from(a) : a->reasoning_tokens;
}

static const char *
word_at(const struct answer *a, uint64_t token, bool is_canary)
{
	if (is_canary && a->canary[0] != '\0')
		return a->canary;
	return words[rng_mix(a->number * UINT64_C(0x9e3779b97f4a7c15) + token) % ARRAY_LEN(words)];
}

void
answer_add_text(const struct answer *a, struct run run, struct buf *into)
{
	uint64_t first = channel_from(a, &run);
	bool is_content = !run.is_reasoning && !run.is_tool;

	if (run.is_tool && run.from == first && run.to > first)
		buf_add_text(into, "{\\\"text\\\":\\\"");
	for (uint64_t i = run.from; i < run.to; i++) {
		if (i > first)
			buf_add_char(into, ' ');
		buf_add_text(into, word_at(a, i, is_content && i == first));
	}
	if (run.is_tool && run.to == a->wanted_tokens && run.to > run.from)
		buf_add_text(into, "\\\"}");
}

uint64_t
answer_tool_from(const struct answer *a)
{
	return a->wanted_tokens - a->tool_tokens;
}

static uint64_t
clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

struct run
answer_reasoning(const struct answer *a)
{
	return (struct run){.to = clamp(a->made_tokens, 0, a->reasoning_tokens), .is_reasoning = true};
}

struct run
answer_content(const struct answer *a)
{
	uint64_t from = a->reasoning_tokens;

	return (struct run){.from = from, .to = clamp(a->made_tokens, from, answer_tool_from(a))};
}

struct run
answer_tool(const struct answer *a)
{
	uint64_t from = answer_tool_from(a);

	return (struct run){.from = from, .to = clamp(a->made_tokens, from, a->wanted_tokens), .is_tool = true};
}

/* ---- bodies ---- */

const cJSON *
ask_field(const cJSON *body, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);

	return item == NULL || cJSON_IsNull(item) ? NULL : item;
}

bool
ask_count(const cJSON *body, const char *name, uint64_t *value, struct error *err)
{
	const cJSON *item = ask_field(body, name);

	if (item == NULL)
		return true;
	double d = item->valuedouble;

	if (!cJSON_IsNumber(item) || !(d >= 1 && d <= LLM_TOKENS_MAX) || d != floor(d))
		return error_set(err, "%s: an integer from 1 to %d is wanted", name, LLM_TOKENS_MAX);
	*value = (uint64_t)d;
	return true;
}

bool
ask_bool(const cJSON *body, const char *name, bool *value, struct error *err)
{
	const cJSON *item = ask_field(body, name);

	if (item == NULL)
		return true;
	if (!cJSON_IsBool(item))
		return error_set(err, "%s: true or false is wanted", name);
	*value = cJSON_IsTrue(item);
	return true;
}

bool
ask_model(const cJSON *body, struct ask *ask, struct error *err)
{
	const cJSON *item = ask_field(body, "model");

	if (item == NULL)
		return true;
	if (!cJSON_IsString(item))
		return error_set(err, "model: a text is wanted");
	snprintf(ask->model, sizeof(ask->model), "%s", item->valuestring);
	for (char *c = ask->model; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~' || *c == '"' || *c == '\\')
			*c = '_';
	return true;
}

/* A token id is a word of its own. */
static void
add_number(const cJSON *item, struct prompt *prompt)
{
	char text[32];

	prompt_add_text(prompt, text, (size_t)snprintf(text, sizeof(text), "%.17g", item->valuedouble));
}

static bool
ask_part(const cJSON *part, const char *name, struct prompt *prompt, struct error *err)
{
	const cJSON *text = cJSON_IsObject(part) ? ask_field(part, "text") : part;

	if (cJSON_IsObject(part) && text == NULL)
		return true; /* an image, say */
	if (cJSON_IsArray(text))
		return ask_text(text, name, prompt, err);
	if (cJSON_IsNumber(text)) {
		add_number(text, prompt);
		return true;
	}
	if (!cJSON_IsString(text))
		return error_set(err, "%s: texts are wanted", name);
	prompt_add_text(prompt, text->valuestring, strlen(text->valuestring));
	return true;
}

bool
ask_text(const cJSON *value, const char *name, struct prompt *prompt, struct error *err)
{
	const cJSON *part;

	if (value == NULL || cJSON_IsNull(value))
		return error_set(err, "%s: is missing", name);
	if (!cJSON_IsArray(value))
		return ask_part(value, name, prompt, err);
	cJSON_ArrayForEach(part, value) if (!ask_part(part, name, prompt, err)) return false;
	return true;
}

bool
ask_messages(const cJSON *body, struct prompt *prompt, struct error *err)
{
	const cJSON *messages = ask_field(body, "messages"), *message;

	if (!cJSON_IsArray(messages) || cJSON_GetArraySize(messages) == 0)
		return error_set(err, "messages: a list of at least one message is wanted");
	cJSON_ArrayForEach(message, messages)
	{
		if (!cJSON_IsObject(message) || !cJSON_IsString(ask_field(message, "role")))
			return error_set(err, "messages: each is an object with a role");
		const cJSON *content = ask_field(message, "content");

		if (content != NULL && !ask_text(content, "content", prompt, err))
			return false;
	}
	return true;
}
