#include <string.h>

#include "reader/framing.h"

/* Server-sent events, as the WHATWG's HTML standard has them (§9.2.5 and §9.2.6): lines end in LF, CR or CRLF and in
 * nothing else; a byte order mark may come first; an event is what stands before an empty line, and none without data;
 * several data lines are joined by LF. `retry` is ignored, since nobody reconnects here. Bytes, not characters: whether
 * the data is UTF-8 is for whoever reads it to say. */

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What was put together of a line is done with: only data that is kept stays. */
static void
cut_scratch(struct framing *f)
{
	buf_cut(f->scratch, f->is_kept ? f->data_length : 0);
}

/* One more line of the event's data. */
static void
add_data(struct framing *f, const char *value, size_t length, bool from_scratch)
{
	size_t at = f->has_data ? f->data_length + 1 : 0;
	struct buf *scratch = f->scratch;

	if (!f->has_data && !from_scratch) {
		f->data = value;
		f->data_length = length;
		f->has_data = true;
		return;
	}
	if (from_scratch) {
		/* Down to where the data ends, over the name that stood before it. */
		memmove(scratch->bytes + at, value, length);
		if (at > 0)
			scratch->bytes[at - 1] = '\n';
		scratch->length = at + length;
	} else if ((!f->is_kept && !buf_add(scratch, f->data, f->data_length)) || !buf_add_char(scratch, '\n') ||
		   !buf_add(scratch, value, length)) {
		f->is_too_large = true;
		return;
	}
	f->has_data = f->is_kept = true;
	f->data_length = at + length;
}

static void
set_text(struct framing *f, char *into, size_t size, size_t *length, const char *value, size_t value_length)
{
	if (value_length > size) {
		f->is_too_large = true;
		return;
	}
	memcpy(into, value, value_length);
	*length = value_length;
}

static bool
is_field(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

static void
take_field(struct framing *f, const struct framing_line *line)
{
	const char *colon = memchr(line->text, ':', line->length), *end = line->text + line->length;
	size_t name = colon != NULL ? (size_t)(colon - line->text) : line->length;
	const char *value = colon != NULL ? colon + 1 : end;

	value += value < end && *value == ' ';
	size_t length = (size_t)(end - value);

	if (is_field(line->text, name, "data"))
		add_data(f, value, length, line->from_scratch);
	else if (is_field(line->text, name, "event"))
		set_text(f, f->type, sizeof(f->type), &f->type_length, value, length);
	else if (is_field(line->text, name, "id") && memchr(value, '\0', length) == NULL)
		set_text(f, f->id, sizeof(f->id), &f->id_length, value, length);
	if (line->from_scratch)
		cut_scratch(f);
}

/* Behind the empty line, and behind the event that was handed out. */
static void
begin_event(struct framing *f)
{
	f->has_data = f->is_kept = f->is_taken = false;
	f->type_length = 0;
	cut_scratch(f);
}

static void
strip_mark(struct framing *f, struct framing_line *line)
{
	size_t length = strlen(BYTE_ORDER_MARK);

	f->is_first_line = false;
	if (line->length >= length && memcmp(line->text, BYTE_ORDER_MARK, length) == 0) {
		line->text += length;
		line->length -= length;
	}
}

static bool
sse_take(struct framing *f, struct framing_event *event)
{
	struct framing_line line;

	if (f->is_taken)
		begin_event(f);
	while (framing_take_line(f, true, ':', &line)) {
		if (f->is_first_line)
			strip_mark(f, &line);
		if (line.length > 0) {
			take_field(f, &line);
		} else if (!f->has_data) {
			begin_event(f);
		} else {
			*event = (struct framing_event){
				.data = f->is_kept ? f->scratch->bytes : f->data,
				.length = f->data_length,
				.type = f->type,
				.type_length = f->type_length,
				.id = f->id,
				.id_length = f->id_length,
			};
			f->is_taken = true;
			return true;
		}
	}
	return false;
}

static bool
sse_is_between(const struct framing *f)
{
	return !f->is_partial && (!f->has_data || f->is_taken);
}

const struct framing_ops sse_framing = {.take = sse_take, .is_between = sse_is_between};
