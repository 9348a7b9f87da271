#include "request/feed_column.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "measure/json.h"
#include "request/feed_format.h"
#include "request/feed_order.h"
#include "request/feed_weights.h"
#include "request/slot_escape.h"

#define VALUE_CEILING FEED_FILE_CEILING

struct feed_column {
	const struct feed *feed;
	struct feed_column *next;
	char *name;
	enum slot_context context;
	bool is_raw;
	char *text;     /* of all rows, one after the other */
	size_t *starts; /* of each row's in it; one more than there are rows */
	size_t longest;
};

/* While a column is made. */
struct making {
	const struct feed *feed;
	const struct feed_path *path;
	const struct slot *slot;
	size_t row;
	struct buf value, text;
	struct error *err;
};

/* The name of what is filled in, for sentences. */
static bool
refuse(const struct making *m, const char *problem)
{
	const struct feed *feed = m->feed;

	return feed_error_at(feed, feed->rows[m->row], m->err, "'%.*s', which ${%s.%.*s} fills in, %s",
		(int)(m->path->length < 64 ? m->path->length : 64), m->path->name, feed->plan->name,
		(int)(m->path->length < 64 ? m->path->length : 64), m->path->name, problem);
}

static bool
holds_control(const struct buf *value)
{
	for (size_t i = 0; i < value->length; i++) {
		unsigned char c = (unsigned char)value->bytes[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* What the user vouches for must still leave a request line a line. */
static bool
check_raw(const struct making *m)
{
	if (m->slot->context != SLOT_IN_TARGET)
		return true;
	for (size_t i = 0; i < m->value.length; i++)
		if (m->value.bytes[i] <= ' ' || m->value.bytes[i] > '~')
			return refuse(m, "holds a space, control or non-ASCII character, which no path does; leave out "
					 "|raw, so that it is escaped");
	return true;
}

static bool
add_escaped(struct making *m, enum slot_context context)
{
	const struct buf *value = &m->value;

	if (!buf_reserve(&m->text, slot_escape_most(context, value->length)))
		return error_set(m->err, "'${%s.%.*s}': the column takes more than %zu GiB", m->feed->plan->name,
			(int)(m->path->length < 64 ? m->path->length : 64), m->path->name, FEED_COLUMN_CEILING >> 30);
	char *at = m->text.bytes + m->text.length;

	m->text.length += (size_t)(slot_escape_put(context, value->bytes, value->length, at) - at);
	return true;
}

static bool
add_json_value(struct making *m, enum feed_value kind)
{
	size_t at;

	if (kind == FEED_TEXT && json_check(m->value.bytes, m->value.length, &at) != NULL)
		return refuse(
			m, "is no JSON value, and stands where one is wanted; put it between quotes, without |json");
	return add_escaped(m, kind == FEED_STRING ? SLOT_IN_JSON_VALUE : SLOT_IN_TEXT);
}

static bool
add_value(struct making *m, enum feed_value kind)
{
	enum slot_context context = m->slot->context;

	if (context == SLOT_IN_HEADER && holds_control(&m->value))
		return refuse(m, "holds a line end or control character, which no header does");
	if (m->slot->is_raw)
		return check_raw(m) && add_escaped(m, SLOT_IN_TEXT);
	if (context == SLOT_IN_JSON_VALUE)
		return add_json_value(m, kind);
	if (kind == FEED_JSON)
		return refuse(m, "is no text, number, true or false; write it with |json, alone between its quotes, or "
				 "with |raw");
	return add_escaped(m, context);
}

static bool
make_rows(struct making *m, struct feed_column *column)
{
	const struct feed *feed = m->feed;

	for (m->row = 0; m->row < feed->rows_n; m->row++) {
		buf_clear(&m->value);
		enum feed_value kind = feed->format->value(feed, m->row, m->path, &m->value, m->err);

		if (kind == FEED_WRONG || !add_value(m, kind))
			return false;
		size_t length = m->text.length - column->starts[m->row];

		column->starts[m->row + 1] = m->text.length;
		column->longest = length > column->longest ? length : column->longest;
	}
	return true;
}

static void
column_free(struct feed_column *column)
{
	free(column->name);
	free(column->text);
	free(column->starts);
	free(column);
}

static struct feed_column *
column_new(const struct feed *feed, const struct feed_path *path, const struct slot *slot, struct error *err)
{
	struct feed_column *column = must_calloc(1, sizeof(*column));
	struct making m = {.feed = feed, .path = path, .slot = slot, .err = err};

	column->name = must_alloc(path->length + 1);
	memcpy(column->name, path->name, path->length);
	column->name[path->length] = '\0';
	column->feed = feed;
	column->context = slot->context;
	column->is_raw = slot->is_raw;
	column->starts = must_calloc(feed->rows_n + 1, sizeof(*column->starts));
	buf_init(&m.value, VALUE_CEILING);
	buf_init(&m.text, FEED_COLUMN_CEILING);
	bool is_made = make_rows(&m, column);

	buf_fini(&m.value);
	column->text = buf_steal(&m.text);
	if (is_made)
		return column;
	column_free(column);
	return NULL;
}

const struct feed_column *
feed_column(struct feed *feed, const struct slot_text *name, const struct slot *slot, struct error *err)
{
	struct feed_path path = {.name = name->at, .length = name->length};
	struct feed_column *column = feed->columns;

	for (; column != NULL; column = column->next)
		if (strlen(column->name) == name->length && memcmp(column->name, name->at, name->length) == 0 &&
			column->context == slot->context && column->is_raw == slot->is_raw)
			return column;
	if (!feed->format->find(feed, &path, err))
		return NULL;
	column = column_new(feed, &path, slot, err);
	if (column != NULL) {
		column->next = feed->columns;
		feed->columns = column;
	}
	return column;
}

void
feed_free_columns(struct feed *feed)
{
	while (feed->columns != NULL) {
		struct feed_column *next = feed->columns->next;

		column_free(feed->columns);
		feed->columns = next;
	}
}

size_t
feed_column_longest(const struct feed_column *column)
{
	return column->longest;
}

size_t
feed_row_of(const struct feed *feed, uint64_t seed, uint64_t k)
{
	uint64_t stream = RNG_ROW + ((uint64_t)feed->index << 8);

	if (feed->plan->order == FEED_ZIPF)
		return (size_t)zipf_draw(&feed->zipf, rng_at(seed, stream, k)) - 1;
	if (feed->weights_until != NULL)
		return feed_weighted_row(feed, rng_unit_at(seed, stream, k));
	return feed_order_row((enum plan_feed_order)feed->plan->order, feed->rows_n, seed, stream, k);
}

const char *
feed_column_text(const struct feed_column *column, uint64_t seed, uint64_t k, size_t *length)
{
	size_t row = feed_row_of(column->feed, seed, k);

	*length = column->starts[row + 1] - column->starts[row];
	return column->text + column->starts[row];
}
