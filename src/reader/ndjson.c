#include "reader/framing.h"

/* JSON texts, one to a line, each ended by LF (ndjson-spec 1.0 §3.1); a CR before it is white space of the JSON's.
 * Lines of nothing but white space are passed over. A last line without its end is one that was cut. */

static bool
is_blank(const char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r'))
		length--;
	return length == 0;
}

static bool
ndjson_take(struct framing *f, struct framing_event *event)
{
	struct framing_line line;

	if (!f->is_partial)
		buf_cut(f->scratch, 0); /* the line that was handed out */
	while (framing_take_line(f, false, '\0', &line)) {
		if (!is_blank(line.text, line.length)) {
			*event = (struct framing_event){.data = line.text, .length = line.length, .type = "", .id = ""};
			return true;
		}
		buf_cut(f->scratch, 0);
	}
	return false;
}

static bool
ndjson_is_between(const struct framing *f)
{
	return !f->is_partial || is_blank(f->scratch->bytes + f->partial_at, f->scratch->length - f->partial_at);
}

const struct framing_ops ndjson_framing = {.take = ndjson_take, .is_between = ndjson_is_between};
