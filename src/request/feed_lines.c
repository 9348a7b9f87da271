#include <string.h>

#include "request/feed_format.h"

/* One row per line, as it is; empty lines are none. */

static size_t
length_of_line(const struct feed *feed, size_t at)
{
	size_t length = strcspn(feed->text + at, "\n");

	return length > 0 && feed->text[at + length - 1] == '\r' ? length - 1 : length;
}

static bool
lines_index(struct feed *feed, struct error *err)
{
	if (!feed_check_utf8(feed, err))
		return false;
	for (size_t at = feed_begin(feed); at < feed->length;) {
		if (length_of_line(feed, at) > 0)
			feed_add_row(feed, at);
		at += strcspn(feed->text + at, "\n") + 1;
	}
	return true;
}

static bool
lines_find(const struct feed *feed, struct feed_path *path, struct error *err)
{
	static const char *const names[] = {"line"};

	return (path->length == 4 && memcmp(path->name, "line", 4) == 0) || feed_no_column(feed, path, names, 1, err);
}

static enum feed_value
lines_value(const struct feed *feed, size_t row, const struct feed_path *path, struct buf *into, struct error *err)
{
	(void)path;
	(void)err;
	buf_add(into, feed->text + feed->rows[row], length_of_line(feed, feed->rows[row]));
	return FEED_TEXT;
}

const struct feed_format feed_lines = {
	.name = "lines",
	.index = lines_index,
	.find = lines_find,
	.value = lines_value,
};
