#include <string.h>

#include "measure/json.h"
#include "request/feed_json.h"

/* An object per line; empty lines are passed over. A column is a path to whatever its object holds. */

static bool
check_line(const struct feed *feed, size_t at, size_t length, struct error *err)
{
	size_t where;
	const char *problem = json_check(feed->text + at, length, &where);

	if (problem != NULL)
		return feed_error_at(feed, at + where, err, "%s", problem);
	return feed->text[at] == '{' ||
	       feed_error_at(feed, at, err, "each line is an object such as {\"id\": 1, \"name\": \"a\"}");
}

static bool
jsonl_index(struct feed *feed, struct error *err)
{
	for (size_t at = feed_begin(feed); at < feed->length;) {
		size_t length = strcspn(feed->text + at, "\n"), blank = strspn(feed->text + at, " \t\r");

		if (at + length < feed->length && feed->text[at + length] == '\0')
			return feed_error_at(feed, at + length, err, "a NUL byte, which no text holds");
		if (blank < length) {
			if (!check_line(feed, at + blank, length - blank, err))
				return false;
			feed_add_row(feed, at + blank);
		}
		at += length + 1;
	}
	return true;
}

/* Rows may differ: a path is known when the first row has it; the others are looked at as they are read. */
static bool
jsonl_find(const struct feed *feed, struct feed_path *path, struct error *err)
{
	const char *row = feed->text + feed->rows[0], *names[64];
	char kept[64][64];
	size_t n = 0;

	if (path->length > 0 && feed_json_find(row, path->name, path->length) != NULL)
		return true;
	for (const char *name = feed_json_skip_space(row + 1); *name == '"' && n < 64;) {
		const char *value = feed_json_skip_space(feed_json_skip_space(feed_json_end(name)) + 1);
		size_t length = (size_t)(feed_json_end(name) - name) - 2;

		if (length < sizeof(kept[n])) {
			memcpy(kept[n], name + 1, length);
			kept[n][length] = '\0';
			names[n] = kept[n];
			n++;
		}
		name = feed_json_next(value);
		if (name == NULL)
			break;
	}
	return feed_no_column(feed, path, names, n, err);
}

static enum feed_value
jsonl_value(const struct feed *feed, size_t row, const struct feed_path *path, struct buf *into, struct error *err)
{
	const char *value = feed_json_find(feed->text + feed->rows[row], path->name, path->length);

	if (value != NULL)
		return feed_json_add(value, into);
	feed_error_at(feed, feed->rows[row], err, "this row has no '%.*s', which ${%s.%.*s} fills in",
		(int)(path->length < 64 ? path->length : 64), path->name, feed->plan->name,
		(int)(path->length < 64 ? path->length : 64), path->name);
	return FEED_WRONG;
}

const struct feed_format feed_jsonl = {
	.name = "jsonl",
	.index = jsonl_index,
	.find = jsonl_find,
	.value = jsonl_value,
};
