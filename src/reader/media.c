#include "reader/media.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

static const struct {
	const char *type;
	enum media_kind kind;
} types[] = {
	{"text/event-stream", MEDIA_SSE},
	{"application/x-ndjson", MEDIA_NDJSON},
	{"application/ndjson", MEDIA_NDJSON},
	{"application/jsonl", MEDIA_NDJSON},
	{"application/json", MEDIA_JSON},
};

static bool
is_text(const char *text, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncasecmp(text, wanted, length) == 0;
}

static bool
ends_with(const char *text, size_t length, const char *wanted)
{
	size_t n = strlen(wanted);

	return length > n && strncasecmp(text + length - n, wanted, n) == 0;
}

/* The type without its parameters: RFC 9110 §8.3.1; "+json" is RFC 6839 §3.1. */
static enum media_kind
kind_of(const char *value, size_t length)
{
	const char *semicolon = memchr(value, ';', length);

	if (semicolon != NULL)
		length = (size_t)(semicolon - value);
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (is_text(value, length, types[i].type))
			return types[i].kind;
	return ends_with(value, length, "+json") ? MEDIA_JSON : MEDIA_OTHER;
}

void
media_note_header(struct media *media, const char *name, size_t name_length, const char *value, size_t value_length)
{
	if (is_text(name, name_length, "content-type"))
		media->kind = kind_of(value, value_length);
	else if (is_text(name, name_length, "content-encoding"))
		media->is_encoded =
			media->is_encoded || (value_length > 0 && !is_text(value, value_length, "identity"));
}
