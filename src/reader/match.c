#include "reader/match.h"

#include <stdint.h>
#include <string.h>

#include "measure/utf8.h"

void
match_begin(struct match *m, const char *wanted)
{
	*m = (struct match){.wanted = wanted, .wanted_length = wanted != NULL ? strlen(wanted) : 0};
}

/* The longest beginning of `s`, shorter than n, that the first n bytes of it also end with. */
static size_t
border(const char *s, size_t n)
{
	for (size_t length = n - 1; length > 0; length--)
		if (memcmp(s, s + n - length, length) == 0)
			return length;
	return 0;
}

void
match_add(struct match *m, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end && m->matched < m->wanted_length) {
		if (m->matched == 0 && (bytes = memchr(bytes, m->wanted[0], (size_t)(end - bytes))) == NULL)
			return;
		while (m->matched > 0 && *bytes != m->wanted[m->matched])
			m->matched = border(m->wanted, m->matched);
		m->matched += *bytes == m->wanted[m->matched];
		bytes++;
	}
}

static unsigned
hex4(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		char c = digits[i];

		value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* A character beyond U+FFFF is two escapes (RFC 8259 §7); a half without its other half is no character. */
static void
add_code(struct match *m, unsigned code)
{
	char bytes[4];
	unsigned high = m->high_half;

	m->high_half = 0;
	if (code >= 0xd800 && code < 0xdc00) {
		m->high_half = code;
		return;
	}
	if (high != 0 && code >= 0xdc00 && code < 0xe000)
		code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
	match_add(m, bytes, utf8_put(code, bytes));
}

/* After the backslash; how much of the text it took. The text is JSON that was looked at already. */
static size_t
add_escape(struct match *m, const char *text, size_t length)
{
	static const char names[] = "bfnrt", codes[] = "\b\f\n\r\t";
	const char *name = strchr(names, *text);

	if (*text == 'u' && length >= 5) {
		add_code(m, hex4(text + 1));
		return 5;
	}
	m->high_half = 0;
	match_add(m, name != NULL ? &codes[name - names] : text, 1);
	return 1;
}

void
match_add_json(struct match *m, const char *text, size_t length)
{
	while (length > 0 && !match_is_found(m)) {
		const char *escape = memchr(text, '\\', length);
		size_t plain = escape != NULL ? (size_t)(escape - text) : length;

		if (plain > 0)
			m->high_half = 0;
		match_add(m, text, plain);
		text += plain;
		length -= plain;
		if (length < 2)
			return;
		size_t taken = 1 + add_escape(m, text + 1, length - 1);

		text += taken;
		length -= taken;
	}
}
