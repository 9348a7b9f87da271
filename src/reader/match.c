#include "reader/match.h"

#include <string.h>

#include "measure/json_character.h"

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

/* The text is JSON that was looked at already; half a surrogate pair in it is no character, and is passed over. */
void
match_add_json(struct match *m, const char *text, size_t length)
{
	const char *end = text + length;
	char bytes[4];

	while (text < end && !match_is_found(m)) {
		const char *escape = memchr(text, '\\', (size_t)(end - text));
		const char *plain_end = escape != NULL ? escape : end;

		match_add(m, text, (size_t)(plain_end - text));
		text = plain_end;
		if (text < end)
			match_add(m, bytes, json_take_character(&text, end, bytes));
	}
}
