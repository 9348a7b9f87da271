#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "request/slot.h"
#include "request/zipf.h"

/* Digits, and a '-' before them, need no escaping anywhere. */

static size_t
number_most(const struct slot *slot)
{
	(void)slot;
	return SLOT_NUMBER_MOST;
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

	return slot_put_signed(into, (int64_t)((uint64_t)slot->of.range.from + (uint64_t)(product >> 64)));
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

/* An exponent such as 1.1, up to `end`. */
static bool
parse_exponent(const char *s, const char *end, double *value)
{
	char digits[24];
	size_t length = (size_t)(end - s);
	char *stop;

	while (length > 0 && *s == ' ') {
		s++;
		length--;
	}
	if (length == 0 || length >= sizeof(digits) || *s < '0' || *s > '9')
		return false;
	memcpy(digits, s, length);
	digits[length] = '\0';
	if (strspn(digits, "0123456789.") != length)
		return false;
	*value = strtod(digits, &stop);
	return *stop == '\0' && *value <= ZIPF_EXPONENT_MOST;
}

struct zipf_range {
	int64_t from;
	struct zipf zipf;
};

/* "zipf(1,1000000,1.1)" */
static bool
zipf_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	static const char opening[] = "zipf(";
	const char *s = text->at, *end = s + text->length;
	int64_t from, to;
	double exponent;

	(void)scope;
	(void)err;
	if (text->length <= sizeof(opening) || memcmp(s, opening, sizeof(opening) - 1) != 0 || end[-1] != ')')
		return false;
	s = parse_whole(s + sizeof(opening) - 1, end, &from);
	if (s == NULL || s == end || *s++ != ',')
		return false;
	s = parse_whole(s, end, &to);
	if (s == NULL || s == end || *s++ != ',' || from > to || !parse_exponent(s, end - 1, &exponent) ||
		(uint64_t)to - (uint64_t)from >= ZIPF_RANKS_MOST)
		return false;
	struct zipf_range *range = must_alloc(sizeof(*range));

	range->from = from;
	zipf_init(&range->zipf, (uint64_t)to - (uint64_t)from + 1, exponent);
	slot->of.object = range;
	return true;
}

static char *
zipf_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct zipf_range *range = slot->of.object;
	const struct render *render = rendering->render;
	uint64_t drawn = rng_at(render->seed, slot_stream(slot, 0), render_draw_at(render));

	return slot_put_signed(into, (int64_t)((uint64_t)range->from + zipf_draw(&range->zipf, drawn) - 1));
}

static void
zipf_fini(struct slot *slot)
{
	free(slot->of.object);
}

const struct slot_ops zipf_slot = {
	.name = "zipf",
	.form = "${zipf(1,1000000,1.1)}",
	.help = "a whole number, the smaller the more often: the r-th as often as r to the power of minus the last number, 0 to 20",
	.streams = 1,
	.parse = zipf_parse,
	.most = number_most,
	.put = zipf_put,
	.fini = zipf_fini,
};
