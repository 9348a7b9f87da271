#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "measure/json.h"
#include "request/feed_json.h"

/* Conversations as ShareGPT's exports have them: [{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt",
 * "value": "…"}, …]}, …]; also with "messages", "role" and "content". A row needs a question and the answer to it: what
 * has none is passed over, and counted.
 *   prompt    the first question             answer   what came after it
 *   turns     how many questions there are   messages all up to the last question, as chat APIs take them */

enum column { COLUMN_PROMPT, COLUMN_ANSWER, COLUMN_TURNS, COLUMN_MESSAGES };

static const char *const columns[] = {"prompt", "answer", "turns", "messages"};

/* Who says it, by the names that are about; the role of chat APIs. */
static const struct {
	const char *from, *role;
} speakers[] = {
	{"human", "user"},
	{"user", "user"},
	{"gpt", "assistant"},
	{"assistant", "assistant"},
	{"chatgpt", "assistant"},
	{"bing", "assistant"},
	{"bard", "assistant"},
	{"model", "assistant"},
	{"system", "system"},
};

static const char *
member_of(const char *object, const char *name, const char *other)
{
	const char *value = feed_json_member(object, name, strlen(name));

	return value != NULL ? value : feed_json_member(object, other, strlen(other));
}

static const char *
role_of(const char *message)
{
	const char *from = member_of(message, "from", "role");

	for (size_t i = 0; from != NULL && *from == '"' && i < ARRAY_LEN(speakers); i++)
		if (feed_json_string_is(from, speakers[i].from, strlen(speakers[i].from)))
			return speakers[i].role;
	return NULL;
}

static const char *
text_of(const char *message)
{
	return member_of(message, "value", "content");
}

static bool
is_role(const char *message, const char *role)
{
	return strcmp(role_of(message), role) == 0;
}

/* From this message on, the first of that role; NULL: there is none. */
static const char *
find_role(const char *message, const char *role)
{
	while (message != NULL && !is_role(message, role))
		message = feed_json_next(message);
	return message;
}

static const char *
first_message(const char *row)
{
	return feed_json_first(member_of(row, "conversations", "messages"));
}

static bool
check_message(const struct feed *feed, const char *message, struct error *err)
{
	const char *text = *message == '{' ? text_of(message) : NULL;

	if (text == NULL || *text != '"')
		return feed_error_at(feed, (size_t)(message - feed->text), err,
			"each message is an object such as {\"from\": \"human\", \"value\": \"a question\"}");
	return role_of(message) != NULL || feed_error_at(feed, (size_t)(message - feed->text), err,
						   "who says this? 'from' is human, gpt or system");
}

static bool
add_conversation(struct feed *feed, const char *row, struct error *err)
{
	const char *list = *row == '{' ? member_of(row, "conversations", "messages") : NULL;

	if (list == NULL || *list != '[')
		return feed_error_at(feed, (size_t)(row - feed->text), err,
			"each is an object such as {\"conversations\": [{\"from\": \"human\", \"value\": \"a "
			"question\"}]}");
	for (const char *message = feed_json_first(list); message != NULL; message = feed_json_next(message))
		if (!check_message(feed, message, err))
			return false;
	if (find_role(find_role(first_message(row), "user"), "assistant") != NULL)
		feed_add_row(feed, (size_t)(row - feed->text));
	else
		feed->skipped++;
	return true;
}

static bool
sharegpt_index(struct feed *feed, struct error *err)
{
	size_t begin = feed_begin(feed), where;
	const char *problem = json_check(feed->text + begin, feed->length - begin, &where), *list;

	if (problem != NULL)
		return feed_error_at(feed, begin + where, err, "%s", problem);
	list = feed_json_skip_space(feed->text + begin);
	if (*list != '[')
		return feed_error_at(feed, (size_t)(list - feed->text), err,
			"a list of conversations is wanted; is it JSON by lines? then say 'format: jsonl'");
	for (const char *row = feed_json_first(list); row != NULL; row = feed_json_next(row))
		if (!add_conversation(feed, row, err))
			return false;
	return true;
}

static bool
sharegpt_find(const struct feed *feed, struct feed_path *path, struct error *err)
{
	for (; path->index < ARRAY_LEN(columns); path->index++)
		if (strlen(columns[path->index]) == path->length &&
			memcmp(columns[path->index], path->name, path->length) == 0)
			return true;
	return feed_no_column(feed, path, columns, ARRAY_LEN(columns), err);
}

static enum feed_value
add_turns(const char *message, struct buf *into)
{
	size_t turns = 0;

	for (; message != NULL; message = feed_json_next(message))
		turns += is_role(message, "user");
	buf_printf(into, "%zu", turns);
	return FEED_NUMBER;
}

static enum feed_value
add_messages(const char *message, struct buf *into)
{
	const char *last = NULL;

	for (const char *m = find_role(message, "user"); m != NULL; m = find_role(feed_json_next(m), "user"))
		last = m;
	buf_add_char(into, '[');
	for (const char *m = message;; m = feed_json_next(m)) {
		const char *text = text_of(m);

		buf_printf(into, "%s{\"role\":\"%s\",\"content\":", m == message ? "" : ",", role_of(m));
		buf_add(into, text, (size_t)(feed_json_end(text) - text));
		buf_add_char(into, '}');
		if (m == last)
			break;
	}
	buf_add_char(into, ']');
	return FEED_JSON;
}

static enum feed_value
sharegpt_value(const struct feed *feed, size_t row, const struct feed_path *path, struct buf *into, struct error *err)
{
	const char *first = first_message(feed->text + feed->rows[row]), *question = find_role(first, "user");

	(void)err;
	switch ((enum column)path->index) {
	case COLUMN_PROMPT: return feed_json_add(text_of(question), into);
	case COLUMN_ANSWER: return feed_json_add(text_of(find_role(question, "assistant")), into);
	case COLUMN_TURNS: return add_turns(first, into);
	case COLUMN_MESSAGES: return add_messages(first, into);
	}
	return FEED_WRONG;
}

const struct feed_format feed_sharegpt = {
	.name = "sharegpt",
	.index = sharegpt_index,
	.find = sharegpt_find,
	.value = sharegpt_value,
};
