#include "request/slot_feed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "plan/names.h"

static const char *
dot_of(const struct slot_text *text)
{
	return memchr(text->at, '.', text->length);
}

struct feed *
slot_find_feed(const struct slot_text *text, const struct slot_scope *scope, struct slot_text *column)
{
	const char *dot = dot_of(text);

	if (dot == NULL || scope->feeds == NULL)
		return NULL;
	*column = (struct slot_text){dot + 1, (size_t)(text->at + text->length - dot - 1)};
	return feeds_find(scope->feeds, text->at, (size_t)(dot - text->at));
}

/* What looks like a column, of a feed that is not there. */
static bool
no_such_feed(const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	size_t length = (size_t)(dot_of(text) - text->at);
	struct names names = {.n = 0};
	char advice[512], word[80];

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text->at[i]) && text->at[i] != '_' && text->at[i] != '-')
			return false;
	snprintf(word, sizeof(word), "%.*s", (int)(length < 64 ? length : 64), text->at);
	for (size_t i = 0; scope->plan != NULL && i < scope->plan->data->n; i++)
		names_add(&names, scope->plan->data->feeds[i].name);
	return error_set(err, "'${%.*s}': there is no '%s' under data%s", (int)(text->length < 64 ? text->length : 64),
		text->at, word, names_advice(&names, word, advice, sizeof(advice)));
}

static bool
feed_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	struct slot_text name;
	struct feed *feed = slot_find_feed(text, scope, &name);

	if (dot_of(text) == NULL)
		return false;
	if (feed == NULL)
		return no_such_feed(text, scope, err);
	if (scope->request != NULL)
		feed_note_use(feed, scope->request->scenario);
	slot->of.object = (void *)feed_column(feed, &name, slot, err); /* read only: see put */
	return slot->of.object != NULL;
}

static size_t
feed_most(const struct slot *slot)
{
	return feed_column_longest(slot->of.object);
}

static char *
feed_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	size_t length;
	const char *text = feed_column_text(slot->of.object, rendering->render->seed, rendering->render->k, &length);

	memcpy(into, text, length);
	return into + length;
}

const struct slot_ops feed_slot = {
	.name = "NAME.COLUMN",
	.help = "of the row of a file under data that the arrival gets: its column",
	.streams = 1,
	.parse = feed_parse,
	.most = feed_most,
	.put = feed_put,
};
