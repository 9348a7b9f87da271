#include "import/yaml_text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "measure/utf8.h"

/* The code point that begins here. */
static uint32_t
code_at(const char *text, size_t length)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = (unsigned char)text[0] & lead[length];

	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

/* What YAML 1.1 has as a printable character that breaks no line (§5.1, §5.4), but for the byte order mark. */
static bool
is_printable(uint32_t code)
{
	return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xd7ff && code != 0x2028 && code != 0x2029) ||
	       (code >= 0xe000 && code <= 0xfffd && code != 0xfeff) || code >= 0x10000;
}

bool
yaml_text_can_hold(const char *text, size_t length)
{
	for (size_t i = 0, n; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		if (n == 0 || text[i] == '\0')
			return false;
	}
	return true;
}

/* Every character printable, or one of `also`. */
static bool
is_all_printable(const char *text, size_t length, const char *also)
{
	for (size_t i = 0, n; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		CHECK(n > 0);
		if (!is_printable(code_at(text + i, n)) && strchr(also, text[i]) == NULL)
			return false;
	}
	return true;
}

/* A word that YAML, or a person, might take for something else. */
static bool
is_word_of_yaml(const char *text, size_t length)
{
	static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == length && strncasecmp(text, words[i], length) == 0)
			return true;
	return false;
}

static bool
is_plain(const char *text, size_t length)
{
	unsigned char first = length > 0 ? (unsigned char)text[0] : 0;

	if (!isalpha(first) && first != '/' && first != '$' && first != '(')
		return false;
	if (text[length - 1] == ' ' || text[length - 1] == ':' || is_word_of_yaml(text, length))
		return false;
	return memmem(text, length, ": ", 2) == NULL && memmem(text, length, " #", 2) == NULL &&
	       memchr(text, '"', length) == NULL && is_all_printable(text, length, "");
}

void
yaml_text_add_quoted(struct buf *into, const char *text, size_t length)
{
	buf_add_char(into, '"');
	for (size_t i = 0, n; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		CHECK(n > 0);
		uint32_t code = code_at(text + i, n);

		if (code == '"' || code == '\\')
			buf_printf(into, "\\%c", (char)code);
		else if (code == '\n')
			buf_add_text(into, "\\n");
		else if (code == '\t')
			buf_add_text(into, "\\t");
		else if (code == '\r')
			buf_add_text(into, "\\r");
		else if (is_printable(code))
			buf_add(into, text + i, n);
		else
			buf_printf(into, "\\u%04x", (unsigned)code);
	}
	buf_add_char(into, '"');
}

static void
add_single_quoted(struct buf *into, const char *text, size_t length)
{
	buf_add_char(into, '\'');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buf_add_char(into, '\'');
		buf_add_char(into, text[i]);
	}
	buf_add_char(into, '\'');
}

/* Lines that a block shows as they are: none ends in a space, and the first begins with none. */
static bool
is_block(const char *text, size_t length)
{
	if (length < 2 || memchr(text, '\n', length - 1) == NULL || !is_all_printable(text, length, "\n"))
		return false;
	if (text[0] == ' ' || text[0] == '\n' || (text[length - 1] == '\n' && text[length - 2] == '\n'))
		return false;
	return memmem(text, length, " \n", 2) == NULL && text[length - 1] != ' ';
}

static void
add_block(struct buf *into, const char *text, size_t length, unsigned indent)
{
	bool ends_line = text[length - 1] == '\n';
	const char *end = text + length - (ends_line ? 1 : 0);

	buf_add_text(into, ends_line ? "|" : "|-");
	for (const char *line = text; line <= end;) {
		const char *line_end = memchr(line, '\n', (size_t)(end - line));

		if (line_end == NULL)
			line_end = end;
		buf_add_char(into, '\n');
		if (line_end > line)
			buf_printf(into, "%*s", (int)indent, "");
		buf_add(into, line, (size_t)(line_end - line));
		line = line_end + 1;
	}
}

void
yaml_text_add(struct buf *into, const char *text, size_t length, unsigned indent)
{
	if (is_plain(text, length))
		buf_add(into, text, length);
	else if (is_block(text, length))
		add_block(into, text, length, indent);
	else if (memchr(text, '"', length) != NULL && is_all_printable(text, length, ""))
		add_single_quoted(into, text, length);
	else
		yaml_text_add_quoted(into, text, length);
}
