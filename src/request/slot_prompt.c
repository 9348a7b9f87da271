#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "plan/names.h"
#include "request/feed.h"
#include "request/prompt.h"
#include "request/slot.h"
#include "request/slot_feed.h"
#include "request/template.h"

/* ${NAME.text} and what else a synthetic feed has. Words are letters: only the spaces between them are escaped. */

enum { COLUMN_MAX_TOKENS = PROMPT_REST + 1, COLUMN_TOKENS, COLUMNS_N };

static const char *const columns[COLUMNS_N] = {
	[PROMPT_TEXT] = "text",
	[PROMPT_PREFIX] = "prefix",
	[PROMPT_REST] = "rest",
	[COLUMN_MAX_TOKENS] = "max_tokens",
	[COLUMN_TOKENS] = "tokens",
};

static bool
no_column(const struct slot_text *text, const struct slot_text *column, const struct plan_feed *feed, struct error *err)
{
	struct names names = {.n = 0};
	char advice[256], word[80];

	for (size_t i = 0; i < COLUMNS_N; i++)
		names_add(&names, columns[i]);
	snprintf(word, sizeof(word), "%.*s", (int)(column->length < 64 ? column->length : 64), column->at);
	return error_set(err, "'${%.*s}': %s is synthetic, and has no '%s'%s",
		(int)(text->length < 64 ? text->length : 64), text->at, feed->name, word,
		names_advice(&names, word, advice, sizeof(advice)));
}

/* A column of a synthetic feed, from `first` to `last`. */
static bool
parse_column(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, size_t first, size_t last)
{
	struct slot_text column;
	struct feed *feed = slot_find_feed(text, scope, &column);

	if (feed == NULL || feed_prompt(feed) == NULL)
		return false;
	slot->of.object = feed_prompt(feed);
	for (slot->of.index = first; slot->of.index <= last; slot->of.index++)
		if (slot_text_is(&column, columns[slot->of.index]))
			return true;
	return false;
}

static bool
prompt_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)err;
	return parse_column(slot, text, scope, PROMPT_TEXT, PROMPT_REST);
}

static size_t
prompt_slot_most(const struct slot *slot)
{
	return prompt_most(slot->of.object, (enum prompt_part)slot->of.index, slot->context == SLOT_IN_TARGET ? 3 : 1);
}

static char *
prompt_slot_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const char *space = slot->context == SLOT_IN_TARGET ? "%20" : " ";

	return prompt_put(slot->of.object, (enum prompt_part)slot->of.index, rendering->render, space, into);
}

const struct slot_ops prompt_slot = {
	.name = "NAME.text",
	.help = "of synthetic prompts: text, the whole; prefix, what is shared; rest",
	.streams = 1,
	.is_text = true,
	.parse = prompt_parse,
	.most = prompt_slot_most,
	.put = prompt_slot_put,
};

static bool
count_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	struct slot_text column;
	struct feed *feed = slot_find_feed(text, scope, &column);

	if (feed == NULL || feed_prompt(feed) == NULL)
		return false;
	if (!parse_column(slot, text, scope, COLUMN_MAX_TOKENS, COLUMN_TOKENS))
		return no_column(text, &column, feed_plan(feed), err);
	return slot->of.index == COLUMN_TOKENS || feed_plan(feed)->synthetic.output_tokens.kind != LENGTHS_NONE ||
	       error_set(err, "'${%.*s}': data.%s.synthetic says nothing of output_tokens", (int)text->length, text->at,
		       feed_plan(feed)->name);
}

static size_t
count_most(const struct slot *slot)
{
	(void)slot;
	return SLOT_NUMBER_MOST;
}

static char *
count_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct prompt *prompt = slot->of.object;

	return slot_put_number(into, slot->of.index == COLUMN_MAX_TOKENS
					     ? prompt_output_tokens(prompt, rendering->render)
					     : prompt_tokens(prompt, PROMPT_TEXT, rendering->render));
}

const struct slot_ops prompt_count_slot = {
	.name = "NAME.max_tokens",
	.help = "of synthetic prompts: max_tokens, drawn from output_tokens; tokens, how many the prompt is to have",
	.streams = 1,
	.parse = count_parse,
	.most = count_most,
	.put = count_put,
};

uint64_t
prompt_tokens_of(const struct template *template, const struct render *render)
{
	uint64_t tokens = 0;
	size_t n;
	const struct slot *slots_of = template_slots(template, &n);

	for (size_t i = 0; i < n; i++)
		if (slots_of[i].ops == &prompt_slot)
			tokens += prompt_tokens(slots_of[i].of.object, (enum prompt_part)slots_of[i].of.index, render);
	return tokens;
}

void
prompt_learn_from(const struct template *template, const struct render *render, uint64_t tokens)
{
	struct prompt *prompt = NULL;
	uint64_t words = 0;
	size_t n;
	const struct slot *slots_of = template_slots(template, &n);

	for (size_t i = 0; i < n; i++) {
		const struct slot *slot = &slots_of[i];

		if (slot->ops != &prompt_slot)
			continue;
		if (prompt != NULL && prompt != slot->of.object)
			return; /* two of them: whose tokens are they? */
		prompt = slot->of.object;
		words += prompt_words(prompt, (enum prompt_part)slot->of.index, render);
	}
	if (prompt != NULL)
		prompt_learn(prompt, words, tokens);
}
