#include "request/prompt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/rng.h"

/* Tokens of a word that can be believed: a server that counts less or more has another idea of a prompt. */
#define TOKENS_PER_WORD_LEAST 0.25
#define TOKENS_PER_WORD_MOST 16.0

struct prompt {
	const char *name;
	const struct plan_synthetic *plan;
	uint64_t stream; /* of random numbers: this one and those that DRAW_… count up to */
	struct prompt_fit fit;
	/* Sums over x words and y tokens. */
	double x, y, xx, xy;
};

/* What is drawn, each from a stream of its own. */
enum draw { DRAW_LENGTH, DRAW_LENGTH_TOO, DRAW_OUTPUT, DRAW_OUTPUT_TOO, DRAW_SPREAD, DRAW_PREFIX, DRAW_REST, DRAWS_N };

struct prompt *
prompt_new(const struct plan_feed *plan, unsigned index)
{
	struct prompt *prompt = must_calloc(1, sizeof(*prompt));

	prompt->name = plan->name;
	prompt->plan = &plan->synthetic;
	prompt->stream = RNG_PROMPT + ((uint64_t)index * DRAWS_N << 8);
	return prompt;
}

void
prompt_free(struct prompt *prompt)
{
	free(prompt);
}

const struct plan_synthetic *
prompt_plan(const struct prompt *prompt)
{
	return prompt->plan;
}

const struct prompt_fit *
prompt_fit(const struct prompt *prompt)
{
	return &prompt->fit;
}

/* Turns of one arrival draw anew: each from streams of its own, far above those of every feed. */
static uint64_t
stream_of(const struct prompt *prompt, enum draw draw, uint64_t turn)
{
	return prompt->stream + ((uint64_t)draw << 8) + (turn << 32);
}

static double
draw_unit(const struct prompt *prompt, enum draw draw, const struct render *render)
{
	return rng_unit_at(render->seed, stream_of(prompt, draw, render->turn), render->k);
}

static uint64_t
tokens_of_all(const struct prompt *prompt, const struct render *render)
{
	return plan_lengths_draw(&prompt->plan->tokens, draw_unit(prompt, DRAW_LENGTH, render),
		draw_unit(prompt, DRAW_LENGTH_TOO, render));
}

/* The whole is never shorter than wanted for its prefix' sake. */
static uint64_t
part_of(uint64_t all, uint64_t prefix, enum prompt_part part)
{
	prefix = prefix < all ? prefix : all;
	return part == PROMPT_TEXT ? all : part == PROMPT_PREFIX ? prefix : all - prefix;
}

uint64_t
prompt_tokens(const struct prompt *prompt, enum prompt_part part, const struct render *render)
{
	return part_of(tokens_of_all(prompt, render), prompt->plan->shared_prefix, part);
}

uint64_t
prompt_output_tokens(const struct prompt *prompt, const struct render *render)
{
	return plan_lengths_draw(&prompt->plan->output_tokens, draw_unit(prompt, DRAW_OUTPUT, render),
		draw_unit(prompt, DRAW_OUTPUT_TOO, render));
}

static double
tokens_per_word(const struct prompt *prompt)
{
	return prompt->fit.is_settled ? prompt->fit.tokens_per_word : prompt->plan->tokens_per_word;
}

uint64_t
prompt_words(struct prompt *prompt, enum prompt_part part, const struct render *render)
{
	if (prompt->plan->is_calibrated && !prompt->fit.has_ended && !render->is_warmup)
		prompt_end_warmup(prompt);

	double tokens = (double)tokens_of_all(prompt, render), each = tokens_per_word(prompt);

	if (prompt->fit.is_settled)
		tokens = fmax(tokens - prompt->fit.overhead, 1);
	else if (prompt->plan->is_calibrated && render->is_warmup)
		tokens = fmax(tokens * (0.5 + draw_unit(prompt, DRAW_SPREAD, render)), 1);
	return part_of((uint64_t)llround(fmax(tokens / each, 1)),
		(uint64_t)llround((double)prompt->plan->shared_prefix / each), part);
}

size_t
prompt_most(const struct prompt *prompt, enum prompt_part part, size_t space_length)
{
	double least = prompt->plan->is_calibrated ? fmin(TOKENS_PER_WORD_LEAST, prompt->plan->tokens_per_word / 1.5)
						   : prompt->plan->tokens_per_word;
	double tokens = (double)prompt->plan->tokens.most;

	if (part == PROMPT_PREFIX && (double)prompt->plan->shared_prefix < tokens)
		tokens = (double)prompt->plan->shared_prefix;
	return ((size_t)ceil(tokens / least) + 1) * (PROMPT_WORD_MOST + space_length);
}

static const struct word {
	char text[PROMPT_WORD_MOST];
	size_t length;
} dictionary[] = {
#define WORD(text) {text, sizeof(text) - 1},
#include "request/prompt_words.def"
#undef WORD
};

#define WORD_BITS 10
#define WORDS_PER_DRAW (64 / WORD_BITS)

_Static_assert(ARRAY_LEN(dictionary) == 1 << WORD_BITS, "each draw of WORD_BITS bits is a word");

/* Words with the space between, and one after the last; all bytes of a word's row are copied, and its length counts. */
static char *
put_words(uint64_t seed, uint64_t stream, uint64_t k, uint64_t n, const char *space, char *into)
{
	uint64_t key = rng_at(seed, stream, k), drawn = 0;

	for (uint64_t i = 0; i < n; i++) {
		if (i % WORDS_PER_DRAW == 0)
			drawn = rng_mix(key + UINT64_C(0x9e3779b97f4a7c15) * (i / WORDS_PER_DRAW + 1));
		const struct word *word = &dictionary[drawn & (ARRAY_LEN(dictionary) - 1)];

		drawn >>= WORD_BITS;
		memcpy(into, word->text, PROMPT_WORD_MOST);
		into += word->length;
		for (const char *s = space; *s != '\0'; s++)
			*into++ = *s;
	}
	return into;
}

char *
prompt_put(struct prompt *prompt, enum prompt_part part, const struct render *render, const char *space, char *into)
{
	uint64_t prefix = prompt_words(prompt, PROMPT_PREFIX, render), rest = prompt_words(prompt, PROMPT_REST, render);
	uint64_t owner = prompt->plan->shared_by == SHARED_BY_ALL ? 0 : render->k;
	char *at = into;

	if (part != PROMPT_REST)
		at = put_words(render->seed, stream_of(prompt, DRAW_PREFIX, 0), owner, prefix, space, at);
	if (part != PROMPT_PREFIX)
		at = put_words(render->seed, stream_of(prompt, DRAW_REST, render->turn), render->k, rest, space, at);
	return at == into ? at : at - strlen(space);
}

void
prompt_learn(struct prompt *prompt, uint64_t words, uint64_t tokens)
{
	if (!prompt->plan->is_calibrated || prompt->fit.has_ended)
		return;
	prompt->fit.n++;
	prompt->x += (double)words;
	prompt->y += (double)tokens;
	prompt->xx += (double)words * (double)words;
	prompt->xy += (double)words * (double)tokens;
}

/* A line through what was sent and counted; where all prompts had one length, through the origin. */
static void
fit_line(struct prompt *prompt)
{
	struct prompt_fit *fit = &prompt->fit;
	double n = (double)fit->n, spread = n * prompt->xx - prompt->x * prompt->x;

	fit->tokens_per_word = spread > 0 ? (n * prompt->xy - prompt->x * prompt->y) / spread : prompt->y / prompt->x;
	fit->overhead = fmax((prompt->y - fit->tokens_per_word * prompt->x) / n, 0);
	fit->is_settled = fit->tokens_per_word >= TOKENS_PER_WORD_LEAST && fit->tokens_per_word <= TOKENS_PER_WORD_MOST;
}

void
prompt_end_warmup(struct prompt *prompt)
{
	struct prompt_fit *fit = &prompt->fit;

	if (!prompt->plan->is_calibrated || fit->has_ended)
		return;
	fit->has_ended = true;
	if (fit->n > 0)
		fit_line(prompt);
	if (fit->is_settled)
		log_info("data.%s: the server counts %.3g tokens per word, and %.3g more per prompt (learned from %llu "
			 "answers of the warm-up)",
			prompt->name, fit->tokens_per_word, fit->overhead, (unsigned long long)fit->n);
	else if (fit->n == 0)
		log_warn("data.%s: not calibrated: no answer of the warm-up said how many prompt tokens it had; "
			 "tokens_per_word stays %g",
			prompt->name, prompt->plan->tokens_per_word);
	else
		log_warn("data.%s: not calibrated: %.3g tokens per word, by what the server counted, cannot be; "
			 "tokens_per_word stays %g",
			prompt->name, fit->tokens_per_word, prompt->plan->tokens_per_word);
}
