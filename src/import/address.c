#include "import/address.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/hex.h"
#include "plan/url.h"

#define ADDRESS_CEILING ((size_t)1024 * 1024)

/* The length of the reference that begins here; 0: none does. */
static size_t
reference_length(const char *text)
{
	const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;

	return end != NULL ? (size_t)(end - text) + 1 : 0;
}

static const char *
take(struct arena *arena, struct buf *text)
{
	const char *copy = arena_strndup(arena, text->length > 0 ? text->bytes : "", text->length);

	buf_fini(text);
	return copy;
}

const char *
address_encode_path(struct arena *arena, const char *path)
{
	struct buf text;

	buf_init(&text, ADDRESS_CEILING);
	for (const char *p = path; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			buf_printf(&text, "%%%02X", (unsigned char)*p);
		else
			buf_add_char(&text, *p);
	return take(arena, &text);
}

void
address_add_encoded(struct buf *into, const char *text, size_t length)
{
	for (size_t i = 0, taken; i < length; i += taken) {
		unsigned char c = (unsigned char)text[i];

		taken = reference_length(text + i);
		if (taken > 0 && taken <= length - i)
			buf_add(into, text + i, taken);
		else if (length - i >= 3 && memcmp(text + i, "$${", 3) == 0) {
			buf_add_text(into, "%24%7B"); /* what these three bytes stand for */
			taken = 3;
		} else {
			taken = 1;
			if (isalnum(c) || (c != '\0' && strchr("-._~", c) != NULL))
				buf_add_char(into, (char)c);
			else
				buf_printf(into, "%%%02X", c);
		}
	}
}

void
address_add_form(struct buf *into, const char *text, size_t length)
{
	while (length > 0) {
		size_t word = 0;

		while (word < length && text[word] != ' ')
			word++;
		address_add_encoded(into, text, word);
		if (word == length)
			return;
		buf_add_char(into, '+');
		text += word + 1;
		length -= word + 1;
	}
}

/* %XX → the byte, but for a NUL and for what would begin a reference. */
static const char *
decode(struct arena *arena, const char *text, size_t length)
{
	char *decoded = arena_strndup(arena, text, length), *to = decoded;

	for (const char *p = decoded; *p != '\0'; p++) {
		int high = *p == '%' ? hex_digit(p[1]) : -1, low = high < 0 ? -1 : hex_digit(p[2]);

		if (low >= 0 && high * 16 + low > 0 && high * 16 + low != '{') {
			*to++ = (char)(high * 16 + low);
			p += 2;
		} else
			*to++ = *p;
	}
	*to = '\0';
	return decoded;
}

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (strncmp(text, "${", 2) == 0)
			text = strchr(text, '}') != NULL ? strchr(text, '}') : text;
		else
			*text = (char)tolower((unsigned char)*text);
}

/* "http" or "https" and what follows "://"; NULL: neither. */
static const char *
after_scheme(const char *text, const char **scheme)
{
	*scheme = strncasecmp(text, "https://", 8) == 0 ? "https" : "http";
	if (strncasecmp(text, "https://", 8) == 0)
		return text + 8;
	return strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* As strict as a profile is of its target's URL, but for what a reference stands for. NULL: nothing is wrong. */
static const char *
check_base(struct arena *arena, const char *base)
{
	struct error err = {0};
	struct plan_url url;

	if (strchr(base, '$') != NULL || url_parse(arena, base, &url, &err))
		return NULL;
	return arena_strdup(arena, err.message);
}

static const char *
check_authority(const char *authority)
{
	size_t reference;

	if (authority[0] == '\0' || authority[0] == ':')
		return "there is no host in it";
	for (const char *p = authority; *p != '\0'; p += reference > 0 ? reference : 1) {
		reference = reference_length(p);
		if (reference == 0 && (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}$", *p) != NULL))
			return "its host holds what no host may";
	}
	return NULL;
}

const char *
address_read(struct arena *arena, const char *text, struct address *address)
{
	const char *scheme, *authority = after_scheme(text, &scheme);
	size_t reference = reference_length(text);

	*address = (struct address){0};
	if (authority == NULL && reference == 0)
		return "it is no URL of http or https";
	if (authority == NULL) {
		scheme = NULL;
		authority = text;
	}
	size_t length = reference > 0 ? reference : 0;

	length += strcspn(authority + length, "/?#");
	const char *at = memrchr(authority, '@', length), *path = authority + length;

	if (at != NULL) {
		address->user = decode(arena, authority, (size_t)(at - authority));
		length -= (size_t)(at + 1 - authority);
		authority = at + 1;
	}
	char *host = arena_strndup(arena, authority, length);
	const char *port = scheme == NULL ? NULL : strcmp(scheme, "https") == 0 ? ":443" : ":80";
	const char *problem = check_authority(host);

	if (problem != NULL)
		return problem;
	lower(host);
	if (port != NULL && length > strlen(port) && strcmp(host + length - strlen(port), port) == 0)
		host[length - strlen(port)] = '\0';
	address->base = scheme != NULL ? arena_printf(arena, "%s://%s", scheme, host) : host;
	path = arena_strndup(arena, path, strcspn(path, "#"));
	path = address_encode_path(arena, path);
	address->path = path[0] == '/' ? path : arena_printf(arena, "/%s", path);
	return check_base(arena, address->base);
}

bool
address_is_of(const char *base, const char *host)
{
	const char *scheme_end = strstr(base, "://"), *authority = scheme_end != NULL ? scheme_end + 3 : base;
	size_t length = strlen(host);

	while (length > 0 && host[length - 1] == '/')
		length--;
	if (strlen(base) == length && strncasecmp(base, host, length) == 0)
		return true;
	if (strncasecmp(authority, host, length) != 0)
		return false;
	return authority[length] == '\0' || (authority[length] == ':' && memchr(host, ':', length) == NULL);
}
