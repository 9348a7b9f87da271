#pragma once

#include "target/truth.h"

/* The truth log of --llm, one line per request:
 *   arrival_ns done_ns status connection modelled_ns
 *   dialect finish prompt_tokens completion_tokens cached_tokens request_id [modelled_ns:handed_ns]...
 * (all on one line). The first five are as in truth.h. finish: stop, length, tool; error (said in the stream),
 * truncated, reset, slow (the peer did not read), gone (the peer left first), refused (an error status). request_id:
 * the X-Request-Id header, else a dash. Then each token: when the model wanted it out, and when the write that carried
 * it was handed to the kernel; 0 if it was not at once, or never. */
struct token_time {
	int64_t modelled_ns, handed_ns;
};

struct truth_answer {
	struct truth_line line;
	const char *dialect, *finish, *request_id;
	uint64_t prompt_tokens, completion_tokens, cached_tokens;
	const struct token_time *times; /* completion_tokens of them */
};

void truth_add_answer(struct truth *truth, const struct truth_answer *answer);
