#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/keys.h"
#include "plan/yaml.h"

/* `llm:` of a request: what is asked of a model, said once for every API. The API, a row of reader/'s dialects.def,
 * makes the request of it: path, headers and body. */

struct plan_llm_api;

struct plan_llm {
	const struct plan_llm_api *api;
	const char *model;
	const char *prompt, *system;          /* NULL: not said; may hold slots */
	const struct plan_node *messages;     /* instead of a prompt; NULL: not said */
	const char *max_tokens, *temperature; /* a number, or a slot that becomes one; NULL: not said */
	const struct plan_node *extra;        /* merged into the body, and wins; NULL: nothing */
	bool ignores_eos, streams, wants_usage, keeps_history;
	/* keeps_history: what the conversation holds before and behind an answer, as the text of JSON. The body holds
	 * ${history} where earlier turns belong and ${turn} where the user's message of this one has just ended: what
	 * stands between them goes into the conversation too. */
	const char *answer_open, *answer_close;
};

struct plan_llm_api {
	const char *name; /* llm.api */
	const char *help;
	const struct plan_choice *reader;
	const char *stream_path, *whole_path; /* {model}: its name; NULL: it cannot answer so */
	const struct plan_pair *headers;      /* beside Content-Type and Accept; ended by a null name; NULL: none */
	const char *accept;                   /* of a stream */
	bool takes_messages;                  /* else its prompt is one text */
	bool takes_system;
	bool takes_ignore_eos;
	bool needs_model, needs_max_tokens;
	const char *answer_open, *answer_close;
	/* Adds the body's members to a map; see llm_text and its like. */
	void (*compose)(struct arena *arena, const struct plan_llm *llm, struct plan_node *body);
};

struct plan_context;
struct plan_target;
struct request_row;

/* A request that says `llm`: what the row says becomes that of an ordinary request, with body, reader, headers and,
 * where it names none, method and path. */
bool llm_compile(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct request_row *row, const struct plan_llm **into, struct error *err);

/* For compose: members of a map, or with a NULL key items of a list. A NULL text or value adds nothing. */
void llm_text(struct arena *arena, struct plan_node *into, const char *key, const char *text);
void llm_value(
	struct arena *arena, struct plan_node *into, const char *key, const char *value); /* a number, or a slot */
void llm_bool(struct arena *arena, struct plan_node *into, const char *key, bool value);
struct plan_node *llm_map(struct arena *arena, struct plan_node *into, const char *key);
/* The conversation as chat APIs take it: system (unless it stands elsewhere: with_system), history, then the messages
 * or the prompt. */
void llm_messages(struct arena *arena, const struct plan_llm *llm, struct plan_node *body, bool with_system);
/* The prompt as one text, after the history. */
const char *llm_prompt(struct arena *arena, const struct plan_llm *llm);
