#pragma once

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/error.h"
#include "target/llm_prompt.h"

/* A dialect is how one API asks and answers: one file, one row of llm_dialects.def. It knows no engine and no socket:
 * it reads a parsed body and appends bytes to a buf. */

#define LLM_MODEL_MAX 96
#define LLM_FRAME_MAX 512
#define LLM_TOKENS_MAX 200000 /* of one answer */

/* What a request asks for, whatever the dialect. */
struct ask {
	bool is_stream;
	bool wants_usage, wants_usage_always; /* a last chunk with usage; usage in every chunk */
	bool ignores_eos;
	bool is_load;              /* wants the model to be loaded, and no answer */
	bool wants_base64;         /* embeddings as bytes */
	uint64_t max_tokens;       /* 0: it does not say */
	uint64_t items;            /* inputs to embed, documents to rank, things to find */
	uint64_t results;          /* of the items that it wants; 0: all */
	char model[LLM_MODEL_MAX]; /* as asked, made safe to repeat; empty: it does not say */
};

enum finish {
	FINISH_NONE,
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_TOOL,
};

/* What a dialect writes about. */
struct answer {
	struct ask ask;
	uint64_t number;   /* of the request: part of its id, and which words it gets */
	int64_t created_s; /* wall time, since 1970 */
	const char *model;
	const char *canary; /* repeated as the first word of the content; empty: none */
	uint64_t prompt_tokens, cached_tokens;
	uint64_t wanted_tokens; /* reasoning included */
	uint64_t reasoning_tokens;
	uint64_t tool_tokens; /* the last of them: the arguments of a tool call */
	bool makes_tokens;    /* else wanted_tokens is 1: its input processed */
	uint64_t made_tokens; /* so far */
	uint64_t hash;        /* of the prompt: what embeddings and scores are made of */
	enum finish finish;
	int64_t load_ns, prefill_ns, decode_ns; /* where the time went, for those who report it */
	/* The part of every event before its text that is the same, written once by begin(). */
	char frame[LLM_FRAME_MAX];
	size_t frame_length;
};

/* Tokens [from, to) of one channel. */
struct run {
	uint64_t from, to;
	bool is_reasoning, is_tool; /* neither: content */
};

#define DIALECT_PATHS_MAX 3

enum dialect_streaming {
	STREAM_AS_ASKED,
	STREAM_ALWAYS,
	STREAM_NEVER,
};

struct dialect_path {
	const char *pattern; /* a * stands for one segment */
	enum dialect_streaming stream;
};

struct dialect {
	const char *name;                                 /* also the truth log's word for it */
	struct dialect_path paths[DIALECT_PATHS_MAX + 1]; /* ended by a null pattern */
	const char *field; /* of the body, that tells it from another dialect on the same path; NULL: the one without */
	const char *content_type; /* of a stream */
	const char *ping;         /* what keeps a connection alive and says nothing; NULL: has none */
	bool streams_unasked;     /* `stream` is true where it is not said */
	bool has_reasoning;       /* a channel for it */
	bool has_tools;           /* a way to call one */
	bool is_generating;       /* makes tokens; else one answer once its input is processed ... */
	bool is_lookup;           /* ... by no engine, after --service-time */

	/* False with err set: 400. The prompt's owner is known already. */
	bool (*read)(const cJSON *body, struct ask *ask, struct prompt *prompt, struct error *err);

	/* Of a stream: what comes before the first token, each run of tokens as one event, what comes after the last,
	 * and an error in the middle of it, which ends it. Unused by what does not stream. */
	void (*begin)(struct answer *answer, struct buf *into);
	void (*tokens)(const struct answer *answer, struct run run, struct buf *into);
	void (*finish)(const struct answer *answer, struct buf *into);
	void (*fail)(const struct answer *answer, const char *message, struct buf *into);

	/* The whole answer as one JSON. */
	void (*whole)(const struct answer *answer, struct buf *into);

	/* An answer with that status. */
	void (*refuse)(int status, const char *message, struct buf *into);
	int invalid_status, busy_status; /* where the API has its own: 422, 529; 0: 400, 503 */
};

extern const struct dialect *const dialects[]; /* from llm_dialects.def, ended by NULL */

/* The dialect of a path ("?" and what follows it left out), or NULL. `body` chooses among several; without one it is
 * the first of them. */
const struct dialect *dialect_of(const char *target, const cJSON *body);

/* Whether that path streams, whatever the body says. */
enum dialect_streaming dialect_stream(const struct dialect *dialect, const char *target);

/* ---- for the dialects ---- */

/* Words of the answer, a pure function of the request's number. The text of a run continues what came before it: words
 * are parted by single spaces, and the first word of a channel has none in front. Safe inside JSON strings. */
void answer_add_text(const struct answer *answer, struct run run, struct buf *into);
struct run answer_content(const struct answer *answer); /* all of its content so far */
struct run answer_reasoning(const struct answer *answer);
struct run answer_tool(const struct answer *answer); /* of the arguments: together a JSON text, escaped for a string */
uint64_t answer_tool_from(const struct answer *answer);

/* One field of a body, left alone where it is missing or null. False with err set where it is something else. */
bool ask_count(const cJSON *body, const char *name, uint64_t *value, struct error *err); /* 1 … LLM_TOKENS_MAX */
bool ask_bool(const cJSON *body, const char *name, bool *value, struct error *err);
bool ask_model(const cJSON *body, struct ask *ask, struct error *err);

const cJSON *ask_field(const cJSON *body, const char *name); /* NULL: missing, or null */

/* A text, a list of texts, or a list of {"type": "text", "text": …}, whose other types are passed over; a list of
 * numbers is taken for token ids. */
bool ask_text(const cJSON *value, const char *name, struct prompt *prompt, struct error *err);
bool ask_messages(const cJSON *body, struct prompt *prompt, struct error *err); /* `messages`, with `content` each */
