#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "request/slot.h"

/* ${hex(16)} and ${string(12)}: as many characters, drawn anew in each place. None of them needs escaping anywhere, but
 * for the quotes of a JSON value. */

#define CHARACTERS_MOST 4096

static const char hex_digits[] = "0123456789abcdef";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* "NAME(N)" */
static bool
parse_length(struct slot *slot, const struct slot_text *text, const char *name, struct error *err)
{
	size_t opening = strlen(name);
	unsigned long long length = 0;

	if (text->length < opening + 3 || memcmp(text->at, name, opening) != 0 || text->at[opening] != '(' ||
		text->at[text->length - 1] != ')')
		return false;
	for (const char *p = text->at + opening + 1; p < text->at + text->length - 1; p++) {
		if (*p < '0' || *p > '9')
			return false;
		length = 10 * length + (unsigned long long)(*p - '0');
		if (length > CHARACTERS_MOST)
			break;
	}
	if (length == 0 || length > CHARACTERS_MOST)
		return error_set(err, "'${%.*s}': write 1 to %d characters",
			(int)(text->length < 64 ? text->length : 64), text->at, CHARACTERS_MOST);
	slot->of.index = (size_t)length;
	return true;
}

static size_t
characters_most(const struct slot *slot)
{
	return slot->of.index + 2;
}

static char *
put_characters(const struct slot *slot, struct rendering *rendering, const char *alphabet, size_t n, char *into)
{
	const struct render *render = rendering->render;
	uint64_t key = rng_at(render->seed, slot_stream(slot, 0), render_draw_at(render));
	bool has_quotes = slot->context == SLOT_IN_JSON_VALUE;

	if (has_quotes)
		*into++ = '"';
	for (size_t i = 0; i < slot->of.index; i++)
		*into++ = alphabet[(unsigned __int128)rng_mix(key + UINT64_C(0x9e3779b97f4a7c15) * (i + 1)) * n >> 64];
	if (has_quotes)
		*into++ = '"';
	return into;
}

static bool
hex_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)scope;
	return parse_length(slot, text, "hex", err);
}

static char *
hex_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	return put_characters(slot, rendering, hex_digits, sizeof(hex_digits) - 1, into);
}

const struct slot_ops hex_slot = {
	.name = "hex",
	.form = "${hex(16)}",
	.help = "so many hexadecimal digits at random",
	.streams = 1,
	.is_text = true,
	.parse = hex_parse,
	.most = characters_most,
	.put = hex_put,
};

static bool
string_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)scope;
	return parse_length(slot, text, "string", err);
}

static char *
string_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	return put_characters(slot, rendering, letters, sizeof(letters) - 1, into);
}

const struct slot_ops string_slot = {
	.name = "string",
	.form = "${string(12)}",
	.help = "so many letters and digits at random",
	.streams = 1,
	.is_text = true,
	.parse = string_parse,
	.most = characters_most,
	.put = string_put,
};
