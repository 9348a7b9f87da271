#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"
#include "request/render.h"

/* What ${…} in a request stands for. One file, or a small group of them, and one row of slots.def per kind: a row knows
 * its own text, tells the most bytes that it may render, and renders. */

/* Where a slot stands, and so how what it renders must be written there. */
enum slot_context {
	SLOT_IN_TEXT,        /* as it is */
	SLOT_IN_TARGET,      /* request line, or a form's body: all but RFC 3986's unreserved characters as %XX */
	SLOT_IN_HEADER,      /* no control characters */
	SLOT_IN_JSON_STRING, /* between the quotes of a string */
	SLOT_IN_JSON_VALUE,  /* a whole value of a JSON body: numbers bare, texts with their quotes */
};

/* What a slot may refer to while its template is made. Each may be NULL: then there is no such thing. */
struct slot_scope {
	const struct plan *plan;
	const struct plan_request *request;
	struct feeds *feeds;     /* request/feed.h: of the plan's data */
	uint64_t target_streams; /* of a request that follows a redirect: how many its first one's line took; else 0 */
	uint64_t first_stream;   /* of a text within a text: random numbers of its own; else 0 */
};

/* What stands between ${ and }, less a filter at its end: "items.id". */
struct slot_text {
	const char *at;
	size_t length;
};

struct slot {
	const struct slot_ops *ops;
	size_t at; /* it stands before this byte of the template's fixed bytes */
	enum slot_context context;
	bool is_raw;     /* ${…|raw}: the user vouches for what it holds; a path may hold '/' and '%' then */
	uint64_t stream; /* of random numbers, for SLOT_STREAM: its own, and those up to ops->streams after it */
	union {          /* the row's own, set by parse */
		struct {
			int64_t from;
			uint64_t span; /* last value − from */
		} range;
		struct {
			void *object;
			size_t index;
		};
	} of;
};

/* One request while it is rendered. */
struct rendering {
	const struct render *render;
	const char *begin;   /* of the bytes that are rendered already: a request line, where it is one */
	int64_t now_ns;      /* 0: not read yet */
	char *length_digits; /* where the head says how long the body is; NULL: nowhere */
	char *turn;          /* where this turn of a conversation began; NULL: it did not, or is over */
};

struct slot_ops {
	const char *name;
	const char *form; /* as a sentence offers it, "${random(1,100)}"; NULL: not offered to everybody */
	const char *help; /* one line for `brunt help profile` */
	size_t streams;   /* of random numbers that it draws from */
	bool is_text;     /* as a whole JSON value it is a string: ${…|json} leaves the quotes around it */

	/* Takes the text if it is this row's: `slot` holds where it stands. False without err set: it is not this
	 * row's; with err set: it is, but wrong. */
	bool (*parse)(
		struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err);
	/* Most bytes that put writes for this slot, escapes and all. */
	size_t (*most)(const struct slot *slot);
	/* What it needs beyond that for this one request, where it grows with its session; NULL: nothing. */
	size_t (*more)(const struct slot *slot, const struct render *render);
	/* Writes it, escaped for slot->context, and returns what follows. */
	char *(*put)(const struct slot *slot, struct rendering *rendering, char *into);
	/* A slot that owns slot->of.object. NULL: none does. */
	void (*fini)(struct slot *slot);
};

extern const struct slot_ops *const slots[]; /* from slots.def, ended by NULL */

#define SLOT(name) extern const struct slot_ops name##_slot;
#include "request/slots.def"
#undef SLOT

/* Whether a row has this word: nobody else may go by it. */
bool slot_is_word(const char *word);

/* The row that takes the text; false with err set: none does, and the sentence says what would be right. */
bool slot_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err);

/* Whether `text` is exactly this word. */
bool slot_text_is(const struct slot_text *text, const char *word);

/* The stream of counter-based random numbers that slot->stream + i stands for (base/rng.h). */
uint64_t slot_stream(const struct slot *slot, uint64_t i);

#define SLOT_NUMBER_MOST 20 /* bytes of a 64-bit number, with its sign */

size_t slot_digits_of(uint64_t value);
char *slot_put_number(char *into, uint64_t value);
char *slot_put_signed(char *into, int64_t value);

/* When this request is rendered, ns since 1970: the same moment wherever it says one. */
int64_t slot_now_ns(struct rendering *rendering);
