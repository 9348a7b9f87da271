#include "sampler/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"

#define NUMBER_CEILING 128 /* bytes of a value or a time */
#define QUOTED_MOST 40     /* bytes of what was wrong, in a sentence about it */

/* One line, and how far it has been understood. */
struct cursor {
	struct exposition *exposition;
	const char *at, *end;
};

/* What stands there may be anything: it is shown as far as it can be printed. */
__attribute__((format(printf, 2, 3))) static bool
refuse(const struct cursor *c, const char *format, ...)
{
	struct exposition *e = c->exposition;
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	for (char *p = what; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	error_set(e->err, "line %" PRIu64 ": %s", e->line, what);
	return false;
}

static int
shown_length(const struct exposition_text *text)
{
	return (int)(text->length < QUOTED_MOST ? text->length : QUOTED_MOST);
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool
is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static void
skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

static bool
take(struct cursor *c, char byte)
{
	skip_blanks(c);
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

/* [a-zA-Z_][a-zA-Z0-9_]*, with colons in the name of a metric; empty: there is none. */
static struct exposition_text
take_name(struct cursor *c, bool may_have_colons)
{
	const char *from = c->at;

	while (c->at < c->end && (is_letter(*c->at) || (may_have_colons && *c->at == ':') ||
					 (c->at > from && *c->at >= '0' && *c->at <= '9')))
		c->at++;
	return (struct exposition_text){from, (size_t)(c->at - from)};
}

/* Up to the next blank. */
static struct exposition_text
take_word(struct cursor *c)
{
	skip_blanks(c);
	const char *from = c->at;

	while (c->at < c->end && !is_blank(*c->at))
		c->at++;
	return (struct exposition_text){from, (size_t)(c->at - from)};
}

/* As Go's ParseFloat reads it, without what Prometheus refuses (hexadecimal, underscores). */
static bool
number_parse(const struct exposition_text *word, double *number)
{
	char text[NUMBER_CEILING], *end;

	if (word->length == 0 || word->length >= sizeof(text))
		return false;
	memcpy(text, word->bytes, word->length);
	text[word->length] = '\0';
	bool has_sign = text[0] == '+' || text[0] == '-';
	const char *bare = text + has_sign;

	if (strcasecmp(text, "nan") == 0)
		*number = NAN;
	else if (strcasecmp(bare, "inf") == 0 || strcasecmp(bare, "infinity") == 0)
		*number = text[0] == '-' ? -INFINITY : INFINITY;
	else {
		*number = strtod(text, &end);
		return strspn(text, "0123456789.eE+-") == word->length && *end == '\0';
	}
	return true;
}

static bool
is_whole(const struct exposition_text *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (word->bytes[i] < '0' || word->bytes[i] > '9')
			if (i > 0 || word->bytes[i] != '-')
				return false;
	return true;
}

/* Without its escapes: \\, \" and \n; a backslash before anything else stands for itself. Points into the line where it
 * has none. */
static struct exposition_text
unescape(struct exposition *e, const char *from, const char *to)
{
	size_t start = e->escaped.length;

	if (memchr(from, '\\', (size_t)(to - from)) == NULL)
		return (struct exposition_text){from, (size_t)(to - from)};
	for (const char *p = from; p < to; p++) {
		char byte = *p;

		if (byte == '\\' && p + 1 < to && (p[1] == '\\' || p[1] == '"' || p[1] == 'n'))
			byte = *++p == 'n' ? '\n' : *p;
		CHECK(buf_add_char(&e->escaped, byte)); /* a line has room in it, so that it never moves */
	}
	return (struct exposition_text){e->escaped.bytes + start, e->escaped.length - start};
}

/* After its '"'. */
static bool
take_label_value(struct cursor *c, struct exposition_text *value)
{
	const char *from = c->at;

	while (c->at < c->end && *c->at != '"')
		c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
	if (c->at >= c->end)
		return refuse(c, "the value of a label is not closed by '\"'");
	*value = unescape(c->exposition, from, c->at++);
	return true;
}

static bool
take_label(struct cursor *c)
{
	struct exposition *e = c->exposition;
	struct exposition_label label;

	skip_blanks(c);
	label.name = take_name(c, false);
	if (label.name.length == 0)
		return refuse(c, "a label has no name, or its braces are not closed");
	if (!take(c, '=') || !take(c, '"'))
		return refuse(c, "after the label '%.*s' comes its value in quotes", shown_length(&label.name),
			label.name.bytes);
	if (!take_label_value(c, &label.value))
		return false;
	if (e->labels_n == EXPOSITION_LABELS_CEILING)
		return refuse(c, "more than %zu labels", EXPOSITION_LABELS_CEILING);
	e->labels[e->labels_n++] = label;
	return true;
}

/* After the '{'; a comma may stand before the '}'. */
static bool
take_labels(struct cursor *c)
{
	while (!take(c, '}')) {
		if (!take_label(c))
			return false;
		if (!take(c, ','))
			return take(c, '}') || refuse(c, "after a label comes a comma, or the '}' that closes them");
	}
	return true;
}

/* Milliseconds in the text format, seconds in OpenMetrics; and in OpenMetrics perhaps an exemplar, which is passed
 * over. */
static bool
take_time(struct cursor *c, double *time_s)
{
	bool is_text = c->exposition->format == EXPOSITION_TEXT;

	skip_blanks(c);
	if (c->at == c->end || (!is_text && *c->at == '#'))
		return true;
	struct exposition_text word = take_word(c);

	if (!number_parse(&word, time_s) || !isfinite(*time_s) || (is_text && !is_whole(&word)))
		return refuse(c, "'%.*s' is no time", shown_length(&word), word.bytes);
	if (is_text)
		*time_s /= 1e3;
	skip_blanks(c);
	return c->at == c->end || (!is_text && *c->at == '#') || refuse(c, "something follows the time");
}

static bool
read_sample(struct cursor *c)
{
	struct exposition *e = c->exposition;
	struct exposition_sample sample = {.name = take_name(c, true), .time_s = NAN};

	e->labels_n = 0;
	buf_clear(&e->escaped);
	if (sample.name.length == 0)
		return refuse(c, "it does not begin with the name of a metric");
	const char *after_name = c->at;

	if (take(c, '{')) {
		if (!take_labels(c))
			return false;
	} else if (c->at == after_name)
		return refuse(c,
			c->at == c->end ? "'%.*s' has no value" : "'%.*s' is followed by what no name may hold",
			shown_length(&sample.name), sample.name.bytes);
	struct exposition_text value = take_word(c);

	if (value.length == 0)
		return refuse(c, "'%.*s' has no value", shown_length(&sample.name), sample.name.bytes);
	if (!number_parse(&value, &sample.value))
		return refuse(c, "'%.*s' is no value", shown_length(&value), value.bytes);
	if (!take_time(c, &sample.time_s))
		return false;
	sample.labels = e->labels;
	sample.labels_n = e->labels_n;
	e->on_sample(e->context, &sample);
	return true;
}

static bool
read_line(struct exposition *e, const char *line, size_t length)
{
	static const char end[] = "# EOF";
	struct cursor c = {.exposition = e, .at = line, .end = line + length};
	bool is_openmetrics = e->format == EXPOSITION_OPENMETRICS;

	e->line++;
	if (e->has_end)
		return refuse(&c, "something follows '# EOF'");
	if (is_openmetrics && length == strlen(end) && memcmp(line, end, length) == 0) {
		e->has_end = true;
		return true;
	}
	skip_blanks(&c);
	if (c.at == c.end)
		return !is_openmetrics || refuse(&c, "it is empty");
	return *c.at == '#' || read_sample(&c);
}

static bool
keep_cut(struct exposition *e, const char *bytes, size_t length)
{
	struct cursor c = {.exposition = e};

	if (e->cut.length + length <= EXPOSITION_LINE_CEILING)
		return buf_add(&e->cut, bytes, length);
	e->line++;
	return refuse(&c, "it is longer than %zu bytes", EXPOSITION_LINE_CEILING);
}

/* The end of a line is there; where it began in an earlier piece, it is put together first. */
static bool
read_whole_line(struct exposition *e, const char *bytes, size_t length)
{
	if (e->cut.length == 0 && length <= EXPOSITION_LINE_CEILING)
		return read_line(e, bytes, length);
	if (!keep_cut(e, bytes, length))
		return false;
	bool is_good = read_line(e, e->cut.bytes, e->cut.length);

	buf_clear(&e->cut);
	return is_good;
}

static bool
read_lines(struct exposition *e, const char *bytes, size_t length)
{
	while (length > 0) {
		const char *newline = memchr(bytes, '\n', length);

		if (newline == NULL)
			return keep_cut(e, bytes, length);
		size_t line = (size_t)(newline - bytes);

		if (!read_whole_line(e, bytes, line))
			return false;
		bytes += line + 1;
		length -= line + 1;
	}
	return true;
}

void
exposition_init(struct exposition *e, void (*on_sample)(void *, const struct exposition_sample *), void *context)
{
	*e = (struct exposition){.on_sample = on_sample, .context = context};
	buf_init(&e->cut, EXPOSITION_LINE_CEILING);
	buf_init(&e->escaped, EXPOSITION_LINE_CEILING);
	CHECK(buf_reserve(&e->escaped, EXPOSITION_LINE_CEILING));
}

void
exposition_fini(struct exposition *e)
{
	buf_fini(&e->cut);
	buf_fini(&e->escaped);
}

void
exposition_begin(struct exposition *e, enum exposition_format format)
{
	e->format = format;
	e->line = 0;
	e->has_end = e->has_failed = false;
	buf_clear(&e->cut);
}

bool
exposition_read(struct exposition *e, const char *bytes, size_t length, struct error *err)
{
	CHECK(!e->has_failed);
	e->err = err;
	e->has_failed = !read_lines(e, bytes, length);
	return !e->has_failed;
}

/* The last line's end may be missing from the text format, as Prometheus has it. */
bool
exposition_end(struct exposition *e, struct error *err)
{
	CHECK(!e->has_failed);
	e->err = err;
	if (e->cut.length > 0)
		e->has_failed = !read_whole_line(e, "", 0);
	if (!e->has_failed && e->format == EXPOSITION_OPENMETRICS && !e->has_end)
		e->has_failed = !error_set(err, "it is cut: '# EOF' is missing");
	return !e->has_failed;
}

enum exposition_format
exposition_format_of(const char *content_type, size_t length)
{
	static const char openmetrics[] = "application/openmetrics-text";
	size_t n = strlen(openmetrics);

	return length >= n && strncasecmp(content_type, openmetrics, n) == 0 ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}
