#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "daemon/api_parts.h"

/* What a request's target says behind its path. */

/* is_form: a plus is a space, which it is nowhere but in queries (WHATWG URL §5.1). */
static bool
decode(const char *from, size_t length, bool is_form, char *into, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = from[i];

		if (c == '%') {
			int high = i + 2 < length ? hex_digit(from[i + 1]) : -1;
			int low = i + 2 < length ? hex_digit(from[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (is_form && c == '+')
			c = ' ';
		if (n + 1 >= size || (unsigned char)c < ' ' || c == 0x7f)
			return false;
		into[n++] = c;
	}
	into[n] = '\0';
	return true;
}

bool
api_decode(const char *from, size_t length, char *into, size_t size)
{
	return decode(from, length, false, into, size);
}

/* Its value as it stands in the query: "" of one without a "=", such as ?download. NULL: it is not there. */
static const char *
find_query(const char *query, const char *name, size_t *value_length)
{
	size_t length = strlen(name);

	for (const char *p = query; *p != '\0'; p += p[0] == '&') {
		size_t n = strcspn(p, "&");

		if (n >= length && strncmp(p, name, length) == 0 && (n == length || p[length] == '=')) {
			*value_length = n > length ? n - length - 1 : 0;
			return n > length ? p + length + 1 : p + n;
		}
		p += n;
	}
	return NULL;
}

bool
api_query(const struct api_call *call, const char *name, char *into, size_t size)
{
	size_t length;
	const char *value = find_query(call->query, name, &length);

	return value != NULL && decode(value, length, true, into, size);
}

bool
api_query_text(struct api_call *call, const char *name, char *into, size_t size)
{
	size_t length;
	const char *value = find_query(call->query, name, &length);

	return value == NULL || decode(value, length, true, into, size) ||
	       api_fail(call, 400, "%s: this is longer than %zu bytes, or no text", name, size - 1);
}

bool
api_query_number(struct api_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *into)
{
	char text[32] = "", sentence[160];
	char *end;
	size_t length;

	if (find_query(call->query, name, &length) == NULL)
		return true;
	(void)api_query(call, name, text, sizeof(text)); /* one that is too long is no number either */
	unsigned long long value = strtoull(text, &end, 10);

	if (isdigit((unsigned char)text[0]) && *end == '\0' && value >= least && value <= most) {
		*into = value;
		return true;
	}
	snprintf(sentence, sizeof(sentence), "%s: '%.20s' is no number between %llu and %llu", name, text,
		(unsigned long long)least, (unsigned long long)most);
	api_answer_sentence(call, 400, sentence);
	return false;
}
