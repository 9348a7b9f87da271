#include "import/notes.h"

#include <string.h>

#include "measure/utf8.h"

static uint64_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

void
notes_add(struct notes *notes, struct arena *arena, enum note_kind kind, size_t place, const char *text)
{
	uint64_t hash = hash_of(text);

	notes->counts[kind]++;
	for (size_t i = 0; i < notes->n; i++)
		if (notes->list[i].hash == hash && strcmp(notes->list[i].text, text) == 0) {
			notes->list[i].times++;
			return;
		}
	if (notes->n == NOTES_MAX) {
		notes->unsaid++;
		return;
	}
	notes->list[notes->n++] = (struct note){arena_strdup(arena, text), hash, place, 1};
}

/* What others wrote goes to a terminal: nothing in it may steer that. */
static void
add_harmless(struct buf *into, const char *text)
{
	for (size_t length; *text != '\0'; text += length > 0 ? length : 1) {
		unsigned char c = (unsigned char)*text;

		length = utf8_length(text, strnlen(text, 4));
		if (length == 0 || c < ' ' || c == 0x7f)
			buf_printf(into, "\\x%02x", c);
		else if (length == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0)
			buf_printf(into, "\\u%04x", (unsigned char)text[1]); /* C1: one of them is as good as ESC [ */
		else
			buf_add(into, text, length);
	}
}

void
notes_add_text(const struct notes *notes, const char *file, const char *unit, struct buf *into)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct note *note = &notes->list[i];

		add_harmless(into, file);
		if (note->place > 0 && strcmp(unit, "line") == 0)
			buf_printf(into, ":%zu: ", note->place);
		else if (note->place > 0)
			buf_printf(into, ", %s %zu: ", unit, note->place);
		else
			buf_add_text(into, ": ");
		add_harmless(into, note->text);
		if (note->times > 1)
			buf_printf(into, " (and %llu more)", (unsigned long long)note->times - 1);
		buf_add_char(into, '\n');
	}
	if (notes->unsaid > 0) {
		add_harmless(into, file);
		buf_printf(into, ": %llu more such lines\n", (unsigned long long)notes->unsaid);
	}
}
