#include "plan/names.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"

#define WORD_CEILING 48 /* a longer word is nobody's slip */
#define ADVICE_CEILING ((size_t)700)

void
names_add(struct names *names, const char *name)
{
	if (names->n < NAMES_CEILING)
		names->names[names->n++] = name;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits between two words, where swapping neighbours is one (optimal string alignment). */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_CEILING + 1];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_CEILING || b_length > WORD_CEILING)
		return SIZE_MAX;
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_length; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		size_t *spare = before;

		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

const char *
names_nearest(const struct names *names, const char *word)
{
	const char *nearest = NULL;
	size_t nearest_edits = SIZE_MAX;

	for (size_t i = 0; i < names->n; i++) {
		size_t edits = edit_distance(word, names->names[i]);
		size_t length = strlen(names->names[i]);
		size_t tolerated = length <= 2 ? 1 : length <= 5 ? 2 : 3;

		if (edits <= tolerated && edits < length && edits < nearest_edits) {
			nearest = names->names[i];
			nearest_edits = edits;
		}
	}
	return nearest;
}

const char *
names_advice(const struct names *names, const char *word, char *into, size_t size)
{
	const char *nearest = names_nearest(names, word);
	struct buf text;

	into[0] = '\0';
	if (names->n == 0)
		return into;
	buf_init(&text, ADVICE_CEILING);
	if (nearest != NULL)
		buf_printf(&text, "; did you mean '%s'? Valid here: ", nearest);
	else
		buf_add_text(&text, "; valid here: ");
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "%s%s", i == 0 ? "" : ", ", names->names[i]);
	snprintf(into, size, "%s%s", text.bytes, text.overflowed ? ", ..." : "");
	buf_fini(&text);
	return into;
}
