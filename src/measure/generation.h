#pragma once

#include <stdbool.h>
#include <stdint.h>

/* FINISH_STOP … in the order of finish.def */
enum finish {
#define FINISH(NAME, name, help) FINISH_##NAME,
#include "measure/finish.def"
#undef FINISH
	FINISH_COUNT
};

extern const char *const finish_names[FINISH_COUNT];

/* How the completion tokens of an answer were counted, from the weakest witness to the strongest. */
enum token_basis {
	TOKENS_UNKNOWN,        /* no event of it carried a token */
	TOKENS_BY_CHUNKS,      /* the server counts none: as many as there were events with text, a lower bound */
	TOKENS_BY_USAGE,       /* the server's own count, with the last event */
	TOKENS_BY_CHUNK_USAGE, /* the server's own count, with every event */
};

/* What a streamed answer was made of, as its reader saw it. Times in ns since T0, of the bytes' arrival; −1: that never
 * came. Events that arrived in one read share its time: all but the first are coalesced, and have no gap of their own.
 */
struct generation {
	int64_t first_event_ns;
	int64_t first_token_ns;   /* of any channel: content, reasoning, a tool call */
	int64_t first_content_ns; /* of the answer itself */
	int64_t last_token_ns;
	uint32_t events;    /* of any kind; comments are none */
	uint32_t chunks;    /* events that brought tokens */
	uint32_t coalesced; /* chunks that arrived in the same read as the one before */
	uint64_t prompt_tokens, completion_tokens, cached_tokens;
	bool has_prompt_tokens; /* the server said how many; cached_tokens with them */
	enum token_basis basis; /* of completion_tokens */
	enum finish finish;
};

static inline void
generation_init(struct generation *generation)
{
	*generation = (struct generation){.first_event_ns = -1,
		.first_token_ns = -1,
		.first_content_ns = -1,
		.last_token_ns = -1,
		.basis = TOKENS_UNKNOWN,
		.finish = FINISH_NONE};
}
