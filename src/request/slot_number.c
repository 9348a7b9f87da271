#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "request/slot.h"

/* Digits, and a '-' before them, need no escaping anywhere. */

static size_t
number_most(const struct slot *slot)
{
	(void)slot;
	return SLOT_NUMBER_MOST;
}

static char *
put_signed(char *into, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (value < 0)
		*into++ = '-';
	return slot_put_number(into, magnitude);
}

static bool
seq_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)scope;
	(void)err;
	return slot_text_is(text, "seq");
}

static char *
seq_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	(void)slot;
	return slot_put_number(into, rendering->render->k);
}

const struct slot_ops seq_slot = {
	.name = "seq",
	.form = "${seq}",
	.help = "number of the arrival within its scenario, from 0",
	.streams = 1,
	.parse = seq_parse,
	.most = number_most,
	.put = seq_put,
};

static bool
now_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)slot;
	(void)scope;
	(void)err;
	return slot_text_is(text, "now");
}

static char *
now_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	(void)slot;
	if (rendering->now_ns == 0)
		rendering->now_ns = wall_now_ns();
	return put_signed(into, rendering->now_ns);
}

const struct slot_ops now_slot = {
	.name = "now",
	.form = "${now}",
	.help = "nanoseconds since 1970, the same wherever one request says it",
	.streams = 1,
	.parse = now_parse,
	.most = number_most,
	.put = now_put,
};

static const char *
parse_whole(const char *s, const char *end, int64_t *value)
{
	char digits[SLOT_NUMBER_MOST + 1];
	size_t n = 0;
	char *stop;

	while (s < end && *s == ' ')
		s++;
	while (s < end && n < sizeof(digits) - 1 && (*s == '-' || (*s >= '0' && *s <= '9')))
		digits[n++] = *s++;
	digits[n] = '\0';
	errno = 0;
	*value = strtoll(digits, &stop, 10);
	while (s < end && *s == ' ')
		s++;
	return n > 0 && *stop == '\0' && errno == 0 ? s : NULL;
}

/* "random(a,b)" */
static bool
random_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	static const char opening[] = "random(";
	const char *s = text->at, *end = s + text->length;
	int64_t from, to;

	(void)scope;
	(void)err;
	if (text->length < sizeof(opening) || memcmp(s, opening, sizeof(opening) - 1) != 0)
		return false;
	s = parse_whole(s + sizeof(opening) - 1, end, &from);
	if (s == NULL || s == end || *s++ != ',')
		return false;
	s = parse_whole(s, end, &to);
	if (s == NULL || end - s != 1 || *s != ')' || from > to)
		return false;
	slot->of.range.from = from;
	slot->of.range.span = (uint64_t)to - (uint64_t)from;
	return true;
}

/* The high half of a 128-bit product maps a 64-bit draw evenly onto span + 1 values (Lemire: "Fast random integer
 * generation in an interval", 2019; the bias of span / 2^64 that he removes by rejection does not matter here). */
static char *
random_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct render *render = rendering->render;
	uint64_t drawn = rng_at(render->seed, slot_stream(slot, 0), render_draw_at(render));
	unsigned __int128 product = (unsigned __int128)drawn * ((unsigned __int128)slot->of.range.span + 1);

	return put_signed(into, (int64_t)((uint64_t)slot->of.range.from + (uint64_t)(product >> 64)));
}

const struct slot_ops random_slot = {
	.name = "random",
	.form = "${random(1,100)} (the smaller number first)",
	.help = "a whole number, both ends included, drawn anew in each place",
	.streams = 1,
	.parse = random_parse,
	.most = number_most,
	.put = random_put,
};
