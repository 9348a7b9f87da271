#include <string.h>

#include "base/check.h"
#include "reader/dialect.h"
#include "reader/finish_word.h"
#include "reader/match.h"
#include "reader/media.h"
#include "reader/progress.h"

/* The reader of every dialect: cuts the body into events, looks in each for what the dialect's tables name, notes when
 * tokens came and how many, and demands at the end that the answer was a whole one. */

/* What one event said, or an answer that is one JSON. */
struct llm_findings {
	bool has_content, has_other, is_special, is_last, has_error;
	bool is_wrong; /* something stands where it should, but is of the wrong type */
	bool has_finish;
	enum finish finish;
	struct json_value text; /* of the answer, not handed on yet; type JSON_NULL: none */
	bool has_prompt;
	uint64_t prompt, cached, caching, completion;
};

struct llm {
	const struct llm_dialect *dialect;
	const struct plan_request *request;
	struct reader_host host;
	struct media media;
	struct framing framing;
	struct progress progress;
	struct llm_findings found;
	enum failure failure; /* the first thing that was wrong with the form: nothing is looked at after it */
	bool has_error;       /* the server said so */
	bool is_expected;     /* and it is an error that the profile expects */
	bool has_ended;       /* by the dialect's terminator */
	bool has_text;
	struct match match; /* of expect.body, in the text of the answer */
	size_t text_length; /* is_cumulative: so much of the text is known */
};

/* What the body is, by what its headers say and the dialect knows. */
enum llm_shape { LLM_IGNORED, LLM_STREAM, LLM_WHOLE };

static enum llm_shape
llm_shape(const struct llm *l)
{
	enum media_kind streams = l->dialect->framing == &sse_framing      ? MEDIA_SSE
				  : l->dialect->framing == &ndjson_framing ? MEDIA_NDJSON
									   : MEDIA_NONE;

	if (l->media.is_encoded || l->media.kind == MEDIA_NONE)
		return LLM_IGNORED;
	if (l->media.kind == streams)
		return LLM_STREAM;
	return l->media.kind == MEDIA_JSON ? LLM_WHOLE : LLM_IGNORED;
}

/* A request that says how it wants its answer gets no other; in one written by hand only the server knows. */
static bool
llm_is_wanted(const struct llm *l, enum llm_shape shape)
{
	if (l->request->llm == NULL)
		return shape != LLM_IGNORED;
	return shape == (l->request->llm->streams ? LLM_STREAM : LLM_WHOLE);
}

static void
llm_begin(void *state, const struct llm_dialect *dialect, const struct plan_request *request,
	const struct reader_host *host)
{
	struct llm *l = state;

	*l = (struct llm){.dialect = dialect, .request = request, .host = *host, .failure = FAILURE_COUNT};
	framing_init(&l->framing, dialect->framing, host->scratch);
	progress_init(&l->progress);
	match_begin(&l->match, host->expected);
}

static void
llm_on_header(void *state, const char *name, size_t name_length, const char *value, size_t value_length)
{
	struct llm *l = state;

	media_note_header(&l->media, name, name_length, value, value_length);
}

static void
llm_hand_on(struct llm *l)
{
	const struct json_value *text = &l->found.text;

	if (text->type != JSON_STRING)
		return;
	match_add_json(&l->match, text->text, text->length);
	if (l->host.on_text != NULL)
		l->host.on_text(l->host.context, text->text, text->length);
	l->found.text.type = JSON_NULL;
}

/* Text of the answer. Where each event repeats all of it, what is new is what goes beyond the last. */
static void
llm_find_content(struct llm *l, const struct json_value *value)
{
	size_t known = l->dialect->is_cumulative ? l->text_length : 0;

	if (value->length == 0 || value->length == known)
		return;
	if (value->length < known) {
		l->found.is_wrong = true; /* not cumulative after all: nothing that we could count */
		return;
	}
	llm_hand_on(l);
	l->found.has_content = true;
	l->found.text = (struct json_value){JSON_STRING, value->text + known, value->length - known};
	l->text_length = value->length;
}

static void
llm_find_finish(struct llm *l, const struct json_value *value)
{
	struct llm_findings *f = &l->found;

	if (value->type != JSON_STRING) {
		f->is_wrong = true;
	} else if (value->length > 0) {
		f->has_finish = true;
		f->finish = finish_of_word(value);
		f->has_error = f->has_error || finish_is_error(value);
	}
}

/* Whether the profile expects an error of this code or type; a code may be a number. */
static void
llm_find_code(struct llm *l, const struct json_value *value)
{
	const char *const *expected = l->request->expect.errors.items;

	for (size_t i = 0; i < l->request->expect.errors.n; i++)
		if (json_says(value, expected[i]) ||
			(value->type == JSON_NUMBER && value->length == strlen(expected[i]) &&
				memcmp(value->text, expected[i], value->length) == 0))
			l->is_expected = true;
}

static void
llm_find_count(struct llm *l, const struct json_value *value, uint64_t *count)
{
	if (!json_count(value, count))
		l->found.is_wrong = true;
}

static bool
is_text(const struct json_value *value)
{
	return value->type == JSON_STRING && value->length > 0;
}

static void
llm_on_found(void *context, unsigned meaning, const struct json_value *value)
{
	struct llm *l = context;
	struct llm_findings *f = &l->found;

	if (value->type == JSON_NULL)
		return;
	switch ((enum llm_meaning)meaning) {
	case LLM_CONTENT:
	case LLM_REASONING:
	case LLM_TOOL:
		if (value->type != JSON_STRING)
			f->is_wrong = true;
		else if (meaning == LLM_CONTENT)
			llm_find_content(l, value);
		else
			f->has_other = f->has_other || value->length > 0;
		break;
	case LLM_SPECIAL: f->is_special = value->type == JSON_TRUE; break;
	case LLM_FINISH: llm_find_finish(l, value); break;
	case LLM_DONE: f->is_last = value->type == JSON_TRUE; break;
	case LLM_TYPE: f->is_last = json_says(value, l->dialect->last_type); break;
	case LLM_PROMPT_TOKENS:
		llm_find_count(l, value, &f->prompt);
		f->has_prompt = true;
		break;
	case LLM_CACHED_TOKENS: llm_find_count(l, value, &f->cached); break;
	case LLM_CACHING_TOKENS: llm_find_count(l, value, &f->caching); break;
	case LLM_COMPLETION_TOKENS: llm_find_count(l, value, &f->completion); break;
	case LLM_ERROR: f->has_error = value->type == JSON_OBJECT || value->type == JSON_TRUE || is_text(value); break;
	case LLM_ERROR_CODE: llm_find_code(l, value); break;
	}
}

static bool
llm_scan(struct llm *l, const char *text, size_t length, const struct json_want *wants)
{
	l->found = (struct llm_findings){.text.type = JSON_NULL};
	if (!json_scan(text, length, wants, llm_on_found, l) || l->found.is_wrong) {
		l->failure = FAILURE_MALFORMED;
		return false;
	}
	if (l->found.is_special)
		l->found.has_content = l->found.has_other = false;
	else
		llm_hand_on(l);
	return true;
}

/* What events and whole answers have in common. */
static void
llm_take_findings(struct llm *l, bool with_chunk)
{
	const struct llm_findings *f = &l->found;
	struct generation *g = &l->progress.generation;

	l->has_error = l->has_error || f->has_error;
	l->has_text = l->has_text || f->has_content || f->has_other;
	if (f->has_finish)
		g->finish = f->finish;
	if (f->has_prompt) {
		g->has_prompt_tokens = true;
		g->prompt_tokens = f->prompt + (l->dialect->is_cache_apart ? f->cached + f->caching : 0);
		g->cached_tokens = f->cached;
	}
	progress_note_count(&l->progress, f->completion, with_chunk);
}

static bool
llm_is(const char *wanted, const char *text, size_t length)
{
	return wanted != NULL && length == strlen(wanted) && memcmp(text, wanted, length) == 0;
}

static void
llm_take_event(struct llm *l, const struct framing_event *event, int64_t now_ns)
{
	const struct llm_findings *f = &l->found;

	if (event->type_length > 0 && llm_is(l->dialect->ping, event->type, event->type_length))
		return;
	progress_note_event(&l->progress, now_ns);
	if (llm_is(l->dialect->last_data, event->data, event->length)) {
		l->has_ended = true;
		return;
	}
	if (!llm_scan(l, event->data, event->length, l->dialect->event))
		return;
	bool has_chunk = f->has_content || f->has_other;

	if (has_chunk && l->has_ended) {
		l->failure = FAILURE_MALFORMED; /* an answer that goes on behind its end */
		return;
	}
	if (has_chunk)
		progress_note_chunk(&l->progress, f->has_content, now_ns);
	llm_take_findings(l, has_chunk);
	l->has_error = l->has_error || llm_is("error", event->type, event->type_length);
	l->has_ended = l->has_ended || f->is_last;
}

static void
llm_on_bytes(void *state, const char *bytes, size_t length, int64_t now_ns)
{
	struct llm *l = state;
	struct framing_event event;

	if (l->failure != FAILURE_COUNT)
		return;
	switch (llm_shape(l)) {
	case LLM_IGNORED: break;
	case LLM_WHOLE:
		if (!buf_add(l->host.scratch, bytes, length))
			l->failure = FAILURE_EVENT_TOO_LARGE;
		break;
	case LLM_STREAM:
		framing_give(&l->framing, bytes, length);
		while (l->failure == FAILURE_COUNT && l->framing.ops->take(&l->framing, &event))
			llm_take_event(l, &event, now_ns);
		if (l->framing.is_too_large && l->failure == FAILURE_COUNT)
			l->failure = FAILURE_EVENT_TOO_LARGE;
		break;
	}
}

/* Nothing that should come is missing. Behind a terminator nothing is, whatever else is half there. */
static bool
llm_is_complete(const struct llm *l, enum llm_shape shape)
{
	bool has_end =
		shape == LLM_WHOLE || l->has_ended || (!l->dialect->has_end && l->framing.ops->is_between(&l->framing));

	return has_end && (!l->dialect->has_finish || l->progress.generation.finish != FINISH_NONE);
}

/* An answer without a token is none, but where the server says that it withheld what there was. */
static bool
llm_has_answer(const struct llm *l)
{
	return l->has_text || l->dialect->makes_no_tokens || l->progress.generation.finish == FINISH_FILTER;
}

static void
llm_take_whole(struct llm *l)
{
	const struct buf *text = l->host.scratch;

	if (llm_scan(l, text->length > 0 ? text->bytes : "", text->length, l->dialect->whole))
		llm_take_findings(l, false);
}

static enum failure
llm_end(void *state, unsigned status)
{
	struct llm *l = state;
	enum llm_shape shape = llm_shape(l);

	if (shape == LLM_WHOLE && l->failure == FAILURE_COUNT)
		llm_take_whole(l);
	if (status / 100 != 2)
		return FAILURE_COUNT;
	if (l->media.is_encoded)
		return FAILURE_CONTENT_ENCODING;
	if (l->has_error)
		return FAILURE_STREAM_ERROR;
	if (!llm_is_wanted(l, shape))
		return FAILURE_CONTENT_TYPE;
	if (l->failure != FAILURE_COUNT)
		return l->failure;
	if (!llm_is_complete(l, shape))
		return FAILURE_TRUNCATED;
	if (!llm_has_answer(l))
		return FAILURE_NO_TOKEN;
	return match_is_found(&l->match) ? FAILURE_COUNT : FAILURE_BODY;
}

static bool
llm_expects_error(const void *state)
{
	const struct llm *l = state;

	return l->is_expected;
}

static const struct generation *
llm_generation(const void *state)
{
	const struct llm *l = state;

	return &l->progress.generation;
}

static int64_t
llm_take_gap_ns(void *state)
{
	struct llm *l = state;

	return progress_take_gap_ns(&l->progress);
}

#define DIALECT(dialect_name, text, sentence)                                                                          \
	static void dialect_name##_begin(                                                                              \
		void *state, const struct plan_request *request, const struct reader_host *host)                       \
	{                                                                                                              \
		llm_begin(state, &dialect_name##_llm, request, host);                                                  \
	}                                                                                                              \
	const struct reader_ops dialect_name##_reader = {                                                              \
		.choice = {.name = (text), .help = (sentence), .searches_body = true},                                 \
		.state_size = sizeof(struct llm),                                                                      \
		.begin = dialect_name##_begin,                                                                         \
		.on_header = llm_on_header,                                                                            \
		.on_bytes = llm_on_bytes,                                                                              \
		.end = llm_end,                                                                                        \
		.expects_error = llm_expects_error,                                                                    \
		.generation = llm_generation,                                                                          \
		.take_gap_ns = llm_take_gap_ns,                                                                        \
	};
#include "reader/dialects.def"
#undef DIALECT

const struct plan_llm_api *const llm_apis[] = {
#define DIALECT(name, text, help) &name##_llm.api,
#include "reader/dialects.def"
#undef DIALECT
	NULL,
};
