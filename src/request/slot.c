#include "request/slot.h"

#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/rng.h"

#define SENTENCE_CEILING ((size_t)600)

const struct slot_ops *const slots[] = {
#define SLOT(name) &name##_slot,
#include "request/slots.def"
#undef SLOT
	NULL,
};

bool
slot_text_is(const struct slot_text *text, const char *word)
{
	return text->length == strlen(word) && memcmp(text->at, word, text->length) == 0;
}

uint64_t
slot_stream(const struct slot *slot, uint64_t i)
{
	return RNG_DATA + ((slot->stream + i) << 8);
}

/* "${seq}, ${uuid} or ${now}" */
static void
add_forms(struct buf *into)
{
	size_t n = 0, i = 0;

	for (const struct slot_ops *const *row = slots; *row != NULL; row++)
		n += (*row)->form != NULL;
	for (const struct slot_ops *const *row = slots; *row != NULL; row++)
		if ((*row)->form != NULL)
			buf_printf(into, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", (*row)->form), i++;
}

static bool
is_nobodys(const struct slot_text *text, struct error *err)
{
	struct buf forms;

	buf_init(&forms, SENTENCE_CEILING);
	add_forms(&forms);
	error_set(err, "'${%.*s}' is not something to fill in; write %s, or $${ for ${ itself",
		(int)(text->length < 64 ? text->length : 64), text->at, forms.bytes);
	buf_fini(&forms);
	return false;
}

bool
slot_is_word(const char *word)
{
	for (const struct slot_ops *const *row = slots; *row != NULL; row++)
		if (strcmp((*row)->name, word) == 0)
			return true;
	return false;
}

bool
slot_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	for (const struct slot_ops *const *row = slots; *row != NULL; row++) {
		slot->ops = *row;
		if ((*row)->parse(slot, text, scope, err))
			return true;
		if (error_is_set(err))
			return false;
	}
	return is_nobodys(text, err);
}

size_t
slot_digits_of(uint64_t value)
{
	size_t n = 1;

	while (value >= 10) {
		value /= 10;
		n++;
	}
	return n;
}

char *
slot_put_number(char *into, uint64_t value)
{
	size_t length = slot_digits_of(value);

	for (char *at = into + length; at > into; value /= 10)
		*--at = (char)('0' + value % 10);
	return into + length;
}

char *
slot_put_signed(char *into, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (value < 0)
		*into++ = '-';
	return slot_put_number(into, magnitude);
}
