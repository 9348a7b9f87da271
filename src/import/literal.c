#include "import/literal.h"

#include <string.h>

#define LITERAL_CEILING ((size_t)64 * 1024 * 1024)

void
literal_add(struct buf *into, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		/* What came before may have ended in '$'. */
		if (bytes[i] == '{' && into->length > 0 && into->bytes[into->length - 1] == '$')
			buf_add_char(into, '$');
		buf_add_char(into, bytes[i]);
	}
}

const char *
literal_copy(struct arena *arena, const char *bytes, size_t length)
{
	struct buf text;

	if (memmem(bytes, length, "${", 2) == NULL)
		return arena_strndup(arena, bytes, length);
	buf_init(&text, LITERAL_CEILING);
	literal_add(&text, bytes, length);
	const char *copy = arena_strndup(arena, text.bytes, text.length);

	buf_fini(&text);
	return copy;
}

bool
literal_add_env(struct buf *into, const char *name, size_t length)
{
	if (into->length > 0 && into->bytes[into->length - 1] == '$')
		return false;
	return buf_printf(into, "${env:%.*s}", (int)length, name);
}

bool
literal_has_reference(const char *text)
{
	for (const char *p = text; (p = strstr(p, "${")) != NULL; p += 2)
		if (p == text || p[-1] != '$')
			return true;
	return false;
}

void
literal_add_plain(struct buf *into, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (length - i >= 3 && memcmp(text + i, "$${", 3) == 0)
			continue; /* its second '$' follows */
		buf_add_char(into, text[i]);
	}
}
