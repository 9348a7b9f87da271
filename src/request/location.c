#include "request/location.h"

#include <stdbool.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

struct part {
	const char *at;
	size_t length;
};

static struct part
until(struct part text, const char *stops)
{
	size_t n = 0;

	while (n < text.length && strchr(stops, text.at[n]) == NULL)
		n++;
	return (struct part){text.at, n};
}

static struct part
after(struct part text, size_t n)
{
	return (struct part){text.at + n, text.length - n};
}

static bool
is_of_scheme(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '-' || c == '.';
}

/* RFC 3986 §3.1; 0: it begins with none. */
static size_t
scheme_length(struct part text)
{
	size_t n = 0;

	if (text.length == 0 || !isalpha((unsigned char)text.at[0]))
		return 0;
	while (n < text.length && is_of_scheme(text.at[n]))
		n++;
	return n < text.length && text.at[n] == ':' ? n : 0;
}

static bool
is_word(struct part part, const char *word)
{
	return part.length == strlen(word) && strncasecmp(part.at, word, part.length) == 0;
}

/* "host", "host:80" and "HOST:" are the same where 80 is the scheme's. */
static bool
is_origin(const struct plan_url *origin, struct part authority)
{
	char with_port[300];
	bool has_bracket = strchr(origin->host, ':') != NULL;
	unsigned usual = strcmp(origin->scheme, "https") == 0 ? 443 : 80;

	snprintf(with_port, sizeof(with_port), "%s%s%s:%u", has_bracket ? "[" : "", origin->host,
		has_bracket ? "]" : "", (unsigned)origin->port);
	if (is_word(authority, with_port) || is_word(authority, origin->authority))
		return true;
	if (authority.length > 0 && authority.at[authority.length - 1] == ':')
		authority.length--;
	return (origin->unix_path != NULL || origin->port == usual) && is_word(authority, origin->authority);
}

/* The last segment goes, with the '/' before it. */
static void
drop_segment(struct buf *path)
{
	while (path->length > 0 && path->bytes[--path->length] != '/')
		;
}

/* §5.2.4 */
static void
add_segments(struct buf *into, struct part path)
{
	while (path.length > 0) {
		struct part rest = after(path, 1); /* behind the '/' */
		struct part segment = until(rest, "/");
		bool is_last = segment.length == rest.length;

		if (segment.length == 2 && memcmp(segment.at, "..", 2) == 0)
			drop_segment(into);
		else if (segment.length != 1 || segment.at[0] != '.') {
			buf_add(into, "/", 1);
			buf_add(into, segment.at, segment.length);
			path = after(rest, segment.length);
			continue;
		}
		if (is_last)
			buf_add(into, "/", 1);
		path = after(rest, segment.length);
	}
}

/* What no request line may hold is percent-encoded; false: a control character. */
static bool
add_encoded(struct buf *into, struct part text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c < ' ' || c == 0x7f)
			return false;
		if (c > '~' || c == ' ')
			buf_printf(into, "%%%02X", c);
		else
			buf_add(into, &text.at[i], 1);
	}
	return true;
}

/* Path and query of the reference, merged with the base's (§5.2.2). */
static void
merge(struct buf *into, struct part base, struct part text)
{
	struct part path = until(text, "?"), base_path = until(base, "?");
	struct buf merged;

	buf_init(&merged, 2 * LOCATION_MAX);
	if (path.length == 0 || path.at[0] != '/') {
		size_t n = base_path.length;

		while (path.length > 0 && n > 0 && base_path.at[n - 1] != '/')
			n--;
		buf_add(&merged, base_path.at, n);
	}
	buf_add(&merged, path.at, path.length);
	if (merged.length == 0 || merged.bytes[0] != '/')
		buf_add(into, "/", 1);
	else
		add_segments(into, (struct part){merged.bytes, merged.length});
	buf_fini(&merged);
	if (path.length < text.length)
		buf_add(into, text.at + path.length, text.length - path.length);
	else if (path.length == 0)
		buf_add(into, base.at + base_path.length, base.length - base_path.length);
}

enum location
location_resolve(const struct plan_url *origin, const char *base, size_t base_length, const char *text,
	size_t text_length, char *into, size_t *length)
{
	struct part rest = until((struct part){text, text_length}, "#");
	size_t scheme = scheme_length(rest);
	struct buf clean, found;

	if (scheme > 0 && !is_word((struct part){rest.at, scheme}, origin->scheme))
		return LOCATION_ELSEWHERE;
	if (scheme > 0)
		rest = after(rest, scheme + 1);
	if (rest.length >= 2 && memcmp(rest.at, "//", 2) == 0) {
		struct part authority = until(after(rest, 2), "/?");

		if (!is_origin(origin, authority))
			return LOCATION_ELSEWHERE;
		rest = after(rest, 2 + authority.length);
		if (rest.length == 0)
			rest = (struct part){"/", 1};
	} else if (scheme > 0)
		return LOCATION_NOWHERE;
	buf_init(&clean, LOCATION_MAX);
	buf_init(&found, LOCATION_MAX);
	bool is_good = add_encoded(&clean, rest) && !clean.overflowed;

	if (is_good)
		merge(&found, (struct part){base, base_length},
			clean.length > 0 ? (struct part){clean.bytes, clean.length} : (struct part){"", 0});
	is_good = is_good && !found.overflowed && found.length > 0;
	if (is_good)
		memcpy(into, found.bytes, found.length);
	*length = is_good ? found.length : 0;
	buf_fini(&clean);
	buf_fini(&found);
	return is_good ? LOCATION_HERE : LOCATION_NOWHERE;
}
