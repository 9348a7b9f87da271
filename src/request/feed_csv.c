#include <string.h>

#include "base/check.h"
#include "plan/names.h"
#include "request/feed_format.h"

/* RFC 4180, with a header row; also LF alone ends a line. Empty lines are passed over. */

/* A field: its bytes in the text, between the quotes if it has any. */
struct field {
	size_t at, length;
	bool is_quoted;
	bool ends_row;
	size_t next; /* where the next field, or row, begins */
};

static bool
bad_quoting(const struct feed *feed, size_t at, const char *problem, struct error *err)
{
	return feed_error_at(feed, at, err, "%s", problem);
}

/* What ends a field: a comma, or the end of a line or of the text. */
static bool
end_field(const struct feed *feed, size_t at, struct field *field, struct error *err)
{
	char c = feed->text[at];

	field->ends_row = c != ',';
	if (c == '\r' && at + 1 < feed->length && feed->text[at + 1] != '\n')
		return bad_quoting(
			feed, at, "a carriage return that no line feed follows; put the field between quotes", err);
	if (c == '\r')
		at++;
	field->next = at < feed->length ? at + 1 : at;
	return true;
}

static bool
read_quoted(const struct feed *feed, size_t at, struct field *field, struct error *err)
{
	const char *quote = feed->text + at;

	field->at = at + 1;
	field->is_quoted = true;
	for (;;) {
		quote = memchr(quote + 1, '"', (size_t)(feed->text + feed->length - quote - 1));
		if (quote == NULL)
			return bad_quoting(feed, at, "the quote that opens here is never closed", err);
		if (quote[1] != '"')
			break;
		quote++;
	}
	field->length = (size_t)(quote - feed->text) - field->at;
	if (quote[1] != '\0' && strchr(",\r\n", quote[1]) == NULL)
		return bad_quoting(feed, (size_t)(quote + 1 - feed->text),
			"something follows the closing quote; a quote inside a field is written \"\"", err);
	return end_field(feed, (size_t)(quote + 1 - feed->text), field, err);
}

static bool
read_field(const struct feed *feed, size_t at, struct field *field, struct error *err)
{
	*field = (struct field){.at = at};
	if (feed->text[at] == '"')
		return read_quoted(feed, at, field, err);
	field->length = strcspn(feed->text + at, ",\"\r\n");
	if (feed->text[at + field->length] == '"')
		return bad_quoting(feed, at + field->length,
			"a quote inside a field that does not begin with one; write \"a \"\"word\"\" in it\"", err);
	return end_field(feed, at + field->length, field, err);
}

/* "" inside a quoted field is one quote. */
static void
add_field(const struct feed *feed, const struct field *field, struct buf *into)
{
	const char *s = feed->text + field->at, *end = s + field->length, *quote;

	while (field->is_quoted && (quote = memchr(s, '"', (size_t)(end - s))) != NULL) {
		buf_add(into, s, (size_t)(quote + 1 - s));
		s = quote + 2;
	}
	buf_add(into, s, (size_t)(end - s));
}

static size_t
skip_empty_lines(const struct feed *feed, size_t at)
{
	for (;;) {
		size_t end = at + strspn(feed->text + at, "\r");

		if (end > at + 1 || feed->text[end] != '\n')
			return at;
		at = end + 1;
	}
}

static bool
is_same(const struct slot_text *a, const struct slot_text *b)
{
	return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
}

static bool
add_name(struct feed *feed, const struct field *field, struct error *err)
{
	struct slot_text name = {feed->text + field->at, field->length};

	if (name.length == 0)
		return feed_error_at(feed, field->at, err, "a column without a name in the header row");
	if (memchr(name.at, '"', name.length) != NULL || memchr(name.at, '}', name.length) != NULL)
		return feed_error_at(feed, field->at, err, "a column's name holds neither quotes nor '}'");
	for (size_t i = 0; i < feed->header_n; i++)
		if (is_same(&feed->header[i], &name))
			return feed_error_at(feed, field->at, err, "the column '%.*s' stands twice in the header row",
				(int)(name.length < 64 ? name.length : 64), name.at);
	if (feed->header_n == FEED_COLUMNS_MOST)
		return feed_error_at(feed, field->at, err, "more than %d columns", FEED_COLUMNS_MOST);
	feed->header = must_realloc(feed->header, (feed->header_n + 1) * sizeof(*feed->header));
	feed->header[feed->header_n++] = name;
	return true;
}

static bool
read_header(struct feed *feed, size_t *at, struct error *err)
{
	struct field field;

	do {
		if (!read_field(feed, *at, &field, err) || !add_name(feed, &field, err))
			return false;
		*at = field.next;
	} while (!field.ends_row);
	return true;
}

static bool
check_row(const struct feed *feed, size_t *at, struct error *err)
{
	size_t begin = *at, n = 0;
	struct field field;

	do {
		if (!read_field(feed, *at, &field, err))
			return false;
		*at = field.next;
		n++;
	} while (!field.ends_row);
	return n == feed->header_n ||
	       feed_error_at(feed, begin, err, "this row has %zu field%s, the header row has %zu", n, n == 1 ? "" : "s",
		       feed->header_n);
}

static bool
csv_index(struct feed *feed, struct error *err)
{
	size_t at = feed_begin(feed);

	if (!feed_check_utf8(feed, err))
		return false;
	at = skip_empty_lines(feed, at);
	if (at == feed->length)
		return true;
	if (!read_header(feed, &at, err))
		return false;
	for (;;) {
		at = skip_empty_lines(feed, at);
		if (at == feed->length)
			return true;
		feed_add_row(feed, at);
		if (!check_row(feed, &at, err))
			return false;
	}
}

static bool
csv_find(const struct feed *feed, struct feed_path *path, struct error *err)
{
	const struct slot_text name = {path->name, path->length};
	const char *names[NAMES_CEILING] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < feed->header_n; i++)
		if (is_same(&feed->header[i], &name)) {
			path->index = i;
			return true;
		}
	for (; n < feed->header_n && n < NAMES_CEILING; n++)
		names[n] = must_strndup(feed->header[n].at, feed->header[n].length);
	feed_no_column(feed, path, names, n, err);
	while (n > 0)
		free((char *)names[--n]);
	return false;
}

static enum feed_value
csv_value(const struct feed *feed, size_t row, const struct feed_path *path, struct buf *into, struct error *err)
{
	size_t at = feed->rows[row];
	struct field field;

	for (size_t i = 0; i <= path->index; i++) {
		if (!read_field(feed, at, &field, err))
			return FEED_WRONG;
		at = field.next;
	}
	add_field(feed, &field, into);
	return FEED_TEXT;
}

const struct feed_format feed_csv = {
	.name = "csv",
	.index = csv_index,
	.find = csv_find,
	.value = csv_value,
};
