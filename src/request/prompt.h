#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/data.h"
#include "request/render.h"

/* Synthetic prompts: as many common words as the server counts as the tokens that are wanted. Each is a pure function
 * of seed, arrival and turn, and is written straight to where it is sent: no prompt is kept.
 *
 * How many words that are is `tokens_per_word`, or learned in the warm-up, where the prompts of a calibrated feed are
 * spread from half to one and a half of their length: the server's counts are a line over the words that were sent,
 * whose slope is the tokens of a word, and whose start is what the server, and the rest of the request, adds to each.
 */
struct prompt;

enum prompt_part {
	PROMPT_TEXT,   /* the whole: prefix, then the rest */
	PROMPT_PREFIX, /* what is shared */
	PROMPT_REST,
};

/* Longest words, with their spaces, so that writing one may write so many bytes. */
#define PROMPT_WORD_MOST ((size_t)8)

struct prompt *prompt_new(const struct plan_feed *plan, unsigned index);
void prompt_free(struct prompt *prompt);

const struct plan_synthetic *prompt_plan(const struct prompt *prompt);

/* Tokens that this part is wanted to have. */
uint64_t prompt_tokens(const struct prompt *prompt, enum prompt_part part, const struct render *render);

/* Words that it is made of, by what the warm-up has taught. */
uint64_t prompt_words(struct prompt *prompt, enum prompt_part part, const struct render *render);

/* Tokens to ask for; 0 where the plan does not say. */
uint64_t prompt_output_tokens(const struct prompt *prompt, const struct render *render);

/* Most bytes that prompt_put may write, with the slack that it needs. */
size_t prompt_most(const struct prompt *prompt, enum prompt_part part, size_t space_length);

/* Writes it, with this text between two words (" ", or "%20"), and returns what follows. */
char *prompt_put(
	struct prompt *prompt, enum prompt_part part, const struct render *render, const char *space, char *into);

/* What the warm-up teaches. */
struct prompt_fit {
	bool has_ended;                   /* nothing is learned any more */
	bool is_settled;                  /* and something sensible was */
	double tokens_per_word, overhead; /* once settled */
	uint64_t n;                       /* answers that it was learned from */
};

/* A prompt of so many words was counted as so many tokens, overhead and all. Only a calibrated one learns, until
 * the warm-up has ended. */
void prompt_learn(struct prompt *prompt, uint64_t words, uint64_t tokens);

/* Least squares over what was learned; where that says nothing sensible, tokens_per_word stays as the plan has it. The
 * first prompt of the measured phase does it, and says on stderr what came of it. */
void prompt_end_warmup(struct prompt *prompt);
const struct prompt_fit *prompt_fit(const struct prompt *prompt);

/* Of a whole request: the tokens that its synthetic prompts are wanted to have; 0: it has none. */
struct template;
uint64_t prompt_tokens_of(const struct template *template, const struct render *render);

/* Whether the server's count of the request's prompt teaches anything, and what it does. */
void prompt_learn_from(const struct template *template, const struct render *render, uint64_t tokens);
