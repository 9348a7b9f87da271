#include "request/slot_escape.h"

#include <stdbool.h>
#include <string.h>

static const char hex[] = "0123456789ABCDEF";

/* RFC 3986 §2.3. Everything else is escaped, also what a path might hold as it is: what is filled in is data, and '/',
 * '&' or '+' in it must not become structure. */
static bool
is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static bool
is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

/* RFC 8259 §7: the letter of a two-character escape; 0: there is none. */
static char
json_letter(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\': return (char)c;
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\b': return 'b';
	case '\f': return 'f';
	default: return '\0';
	}
}

size_t
slot_escape_most(enum slot_context context, size_t length)
{
	switch (context) {
	case SLOT_IN_TARGET: return 3 * length;
	case SLOT_IN_JSON_STRING: return 6 * length;
	case SLOT_IN_JSON_VALUE: return 6 * length + 2;
	case SLOT_IN_TEXT:
	case SLOT_IN_HEADER: break;
	}
	return length;
}

static char *
put_percent(unsigned char c, char *into)
{
	if (is_unreserved(c)) {
		*into++ = (char)c;
		return into;
	}
	*into++ = '%';
	*into++ = hex[c >> 4];
	*into++ = hex[c & 15];
	return into;
}

static char *
put_json(unsigned char c, char *into)
{
	char letter = json_letter(c);

	if (letter != '\0') {
		*into++ = '\\';
		*into++ = letter;
	} else if (c < ' ') {
		for (const char *opening = "\\u00"; *opening != '\0'; opening++)
			*into++ = *opening;
		*into++ = hex[c >> 4];
		*into++ = hex[c & 15];
	} else
		*into++ = (char)c;
	return into;
}

static char *
put_json_string(const char *text, size_t length, char *into)
{
	for (size_t i = 0; i < length; i++)
		into = put_json((unsigned char)text[i], into);
	return into;
}

char *
slot_escape_put(enum slot_context context, const char *text, size_t length, char *into)
{
	switch (context) {
	case SLOT_IN_TARGET:
		for (size_t i = 0; i < length; i++)
			into = put_percent((unsigned char)text[i], into);
		return into;
	case SLOT_IN_HEADER:
		for (size_t i = 0; i < length; i++)
			*into++ = is_control((unsigned char)text[i]) && text[i] != '\t' ? ' ' : text[i];
		return into;
	case SLOT_IN_JSON_STRING: return put_json_string(text, length, into);
	case SLOT_IN_JSON_VALUE:
		*into++ = '"';
		into = put_json_string(text, length, into);
		*into++ = '"';
		return into;
	case SLOT_IN_TEXT: break;
	}
	if (length > 0)
		memcpy(into, text, length);
	return into + length;
}
