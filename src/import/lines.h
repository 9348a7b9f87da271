#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A text line by line, without line ends. */
struct lines {
	const char *at, *end;
	const char *line; /* the current one, of `length` bytes; not ended by a NUL */
	size_t length;
	size_t number; /* from 1 */
};

static inline bool
lines_next(struct lines *lines)
{
	if (lines->at == lines->end)
		return false;
	const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));

	lines->line = lines->at;
	lines->length = (size_t)((end != NULL ? end : lines->end) - lines->at);
	lines->at = end != NULL ? end + 1 : lines->end;
	while (lines->length > 0 && (lines->line[lines->length - 1] == '\r' || lines->line[lines->length - 1] == ' '))
		lines->length--;
	lines->number++;
	return true;
}

static inline bool
lines_is_empty(const struct lines *lines)
{
	size_t i = 0;

	while (i < lines->length && (lines->line[i] == ' ' || lines->line[i] == '\t'))
		i++;
	return i == lines->length || lines->line[i] == '#';
}

/* The next word from *at on, which moves behind it; its length, 0: there is none. */
static inline size_t
lines_word(const struct lines *lines, size_t *at, const char **word)
{
	size_t from = *at;

	while (from < lines->length && (lines->line[from] == ' ' || lines->line[from] == '\t'))
		from++;
	*word = lines->line + from;
	for (*at = from; *at < lines->length && lines->line[*at] != ' ' && lines->line[*at] != '\t';)
		++*at;
	return *at - from;
}
