#pragma once

#include "plan/llm.h"
#include "reader/framing.h"
#include "reader/json_scan.h"
#include "reader/reader.h"

/* What a value in an answer says, whatever the API calls it. */
enum llm_meaning {
	LLM_CONTENT = 1, /* text of the answer itself */
	LLM_REASONING,   /* text of another channel */
	LLM_TOOL,
	LLM_SPECIAL,           /* true: the text of this event is no text of the answer (an end-of-sequence token) */
	LLM_FINISH,            /* why it ended */
	LLM_DONE,              /* true: this is the last event */
	LLM_TYPE,              /* what the event is: the dialect's last_type ends the stream */
	LLM_PROMPT_TOKENS,     /* the server's counts */
	LLM_CACHED_TOKENS,     /* of the prompt, found in a cache */
	LLM_CACHING_TOKENS,    /* of the prompt, put into a cache */
	LLM_COMPLETION_TOKENS, /* so far */
	LLM_ERROR,             /* there is an error: an object, or a text */
	LLM_ERROR_CODE,        /* a code or type of it, for expect.error */
};

/* A dialect is how one API answers (and, by its api, how it is asked): one file, one row of dialects.def. Mostly
 * tables, since llm.c does what they all have in common. */
struct llm_dialect {
	struct plan_llm_api api;           /* no api.name: nothing asks in this dialect but by hand */
	const struct framing_ops *framing; /* of its streams; NULL: it has none */
	const struct json_want *event;     /* what to look for in each event, */
	const struct json_want *whole;     /* in an answer that is one JSON, and in the body of an HTTP error */
	const char *last_data;             /* the event that is no JSON and ends the stream: "[DONE]"; NULL: none */
	const char *last_type;             /* the LLM_TYPE of the event that ends it; NULL: none */
	const char *ping;                  /* the SSE type of events that say nothing; NULL: none */
	bool has_end;                      /* a stream without its end is truncated; else it ends with the body */
	bool has_finish;                   /* so is an answer without a reason for its end */
	bool is_cumulative;                /* each event repeats the text so far */
	bool is_cache_apart;               /* prompt tokens count neither those in the cache nor those put there */
	bool makes_no_tokens;              /* embeddings and the like */
};

#define DIALECT(name, text, help)                                                                                      \
	extern const struct llm_dialect name##_llm;                                                                    \
	extern const struct reader_ops name##_reader;
#include "reader/dialects.def"
#undef DIALECT

extern const struct plan_llm_api
	*const llm_apis[]; /* of every row, ended by NULL; without a name: it cannot be asked */
