#include "daemon/body.h"

#include <string.h>

#include "base/hex.h"
#include "measure/json.h"

static unsigned
hex4(const char *p)
{
	return (unsigned)hex_digit(p[0]) << 12 | (unsigned)hex_digit(p[1]) << 8 | (unsigned)hex_digit(p[2]) << 4 |
	       (unsigned)hex_digit(p[3]);
}

static bool
is_pair(const char *p, const char *end)
{
	return end - p >= 12 && p[0] == '\\' && p[1] == 'u' && p[6] == '\\' && p[7] == 'u' &&
	       hex4(p + 2) >> 10 == 0x36 && hex4(p + 8) >> 10 == 0x37;
}

/* Escaped surrogate pairs, which YAML does not know, as the characters that they stand for. The text was found to be
 * JSON. Returns its new length. */
static size_t
join_surrogates(char *text, size_t length)
{
	const char *from = text, *end = text + length;
	char *to = text;

	while (from < end) {
		if (is_pair(from, end)) {
			unsigned code = 0x10000 + ((hex4(from + 2) & 0x3ff) << 10) + (hex4(from + 8) & 0x3ff);

			*to++ = (char)(0xf0 | code >> 18);
			*to++ = (char)(0x80 | (code >> 12 & 0x3f));
			*to++ = (char)(0x80 | (code >> 6 & 0x3f));
			*to++ = (char)(0x80 | (code & 0x3f));
			from += 12;
			continue;
		}
		bool is_escape = *from == '\\'; /* and what it escapes is no beginning of another */

		*to++ = *from++;
		if (is_escape && from < end)
			*to++ = *from++;
	}
	*to = '\0';
	return (size_t)(to - text);
}

struct plan_node *
body_read(struct arena *arena, const char *body, size_t length, char **text, struct error *err)
{
	size_t at = 0, line = 1, column = 1;
	const char *problem = json_check_depth(body, length, YAML_DEPTH_CEILING, &at);

	for (size_t i = 0; problem != NULL && i < at; i++) {
		column = body[i] == '\n' ? 1 : column + (((unsigned char)body[i] & 0xc0) != 0x80);
		line += body[i] == '\n';
	}
	if (problem != NULL) {
		error_at(err, "body", line, column, "this is no JSON: %s", problem);
		return NULL;
	}
	char *copy = arena_strndup(arena, body, length);

	length = join_surrogates(copy, length);
	if (text != NULL)
		*text = copy;
	return yaml_read(arena, copy, length, "body", true, err);
}
