#include "request/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/rng.h"

#define TEMPLATE_TEXT_CEILING ((size_t)64 * 1024 * 1024)
#define UUID_LENGTH 36
#define NUMBER_LENGTH_MAX 20 /* of a 64-bit number, with its sign */

enum slot_kind { SLOT_SEQ, SLOT_UUID, SLOT_NOW, SLOT_RANDOM, SLOT_CONTENT_LENGTH };

struct slot {
	enum slot_kind kind;
	bool is_in_body;
	size_t at;       /* it stands before this byte of the template's text */
	uint64_t stream; /* of random numbers, its own; a uuid has the next one too */
	int64_t from;    /* SLOT_RANDOM */
	uint64_t span;   /* its last value − from */
};

struct template
{
	char *text; /* the fixed bytes, head and body, without the slots */
	size_t text_length, body_at;
	struct slot slots[TEMPLATE_SLOTS_MAX];
	size_t slots_n;
	size_t render_max;
};

/* While a template is made. */
struct parsing {
	struct template *template;
	struct buf text;
	bool is_in_body;
	uint64_t draws; /* streams taken so far */
	struct error *err;
};

static bool
name_is(const char *name, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(name, expected, length) == 0;
}

static const char *
parse_whole(const char *s, const char *end, int64_t *value)
{
	char digits[NUMBER_LENGTH_MAX + 1];
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
parse_random(const char *s, size_t length, struct slot *slot)
{
	static const char opening[] = "random(";
	const char *end = s + length;
	int64_t from, to;

	if (length < sizeof(opening) || memcmp(s, opening, sizeof(opening) - 1) != 0)
		return false;
	s = parse_whole(s + sizeof(opening) - 1, end, &from);
	if (s == NULL || s == end || *s++ != ',')
		return false;
	s = parse_whole(s, end, &to);
	if (s == NULL || end - s != 1 || *s != ')' || from > to)
		return false;
	slot->kind = SLOT_RANDOM;
	slot->from = from;
	slot->span = (uint64_t)to - (uint64_t)from;
	return true;
}

static bool
parse_slot(struct parsing *p, const char *name, size_t length, struct slot *slot)
{
	static const char marker[] = TEMPLATE_CONTENT_LENGTH;

	if (name_is(name, length, "seq"))
		slot->kind = SLOT_SEQ;
	else if (name_is(name, length, "uuid"))
		slot->kind = SLOT_UUID;
	else if (name_is(name, length, "now"))
		slot->kind = SLOT_NOW;
	else if (!p->is_in_body && length == sizeof(marker) - 4 && memcmp(name, marker + 2, length) == 0)
		slot->kind = SLOT_CONTENT_LENGTH;
	else if (!parse_random(name, length, slot))
		return error_set(p->err,
			"'${%.*s}' is not something to fill in; write ${seq}, ${uuid}, ${now} or ${random(1,100)} (the "
			"smaller number first), or $${ for ${ itself",
			(int)(length < 64 ? length : 64), name);
	return true;
}

static bool
add_slot(struct parsing *p, const char *name, size_t length)
{
	struct template *t = p->template;
	struct slot slot = {.is_in_body = p->is_in_body, .at = p->text.length, .stream = p->draws};

	if (!parse_slot(p, name, length, &slot))
		return false;
	if (t->slots_n == TEMPLATE_SLOTS_MAX)
		return error_set(p->err, "a request may have %d ${…} at most", TEMPLATE_SLOTS_MAX);
	p->draws += slot.kind == SLOT_UUID ? 2 : 1;
	t->render_max += slot.kind == SLOT_UUID ? UUID_LENGTH : NUMBER_LENGTH_MAX;
	t->slots[t->slots_n++] = slot;
	return true;
}

static bool
starts_with(const char *s, const char *end, const char *start)
{
	size_t length = strlen(start);

	return (size_t)(end - s) >= length && memcmp(s, start, length) == 0;
}

/* Adds one part: text up to the next '$', an escape, or a slot. Returns what follows it, or NULL. */
static const char *
parse_part(struct parsing *p, const char *s, const char *end)
{
	if (starts_with(s, end, "$${")) {
		buf_add_text(&p->text, "${");
		return s + 3;
	}
	if (starts_with(s, end, "${")) {
		const char *name = s + 2, *close = memchr(name, '}', (size_t)(end - name));

		if (close == NULL) {
			error_set(p->err, "'%.*s' has no '}'; write $${ for ${ itself",
				(int)(end - s < 64 ? end - s : 64), s);
			return NULL;
		}
		return add_slot(p, name, (size_t)(close - name)) ? close + 1 : NULL;
	}
	const char *next = memchr(s + 1, '$', (size_t)(end - s - 1));

	if (next == NULL)
		next = end;
	buf_add(&p->text, s, (size_t)(next - s));
	return next;
}

static bool
parse(struct parsing *p, const char *s, size_t length)
{
	const char *end = s + length;

	while (s < end) {
		s = parse_part(p, s, end);
		if (s == NULL)
			return false;
	}
	return true;
}

static bool
parse_all(struct parsing *p, const char *head, size_t head_length, const char *body, size_t body_length,
	bool body_has_slots)
{
	if (!parse(p, head, head_length))
		return false;
	p->template->body_at = p->text.length;
	p->is_in_body = true;
	if (!body_has_slots)
		buf_add(&p->text, body, body_length);
	else if (!parse(p, body, body_length))
		return false;
	if (p->text.overflowed)
		return error_set(p->err, "a request may have %zu MiB at most", TEMPLATE_TEXT_CEILING >> 20);
	return true;
}

static size_t
digits_of(uint64_t value)
{
	size_t n = 1;

	while (value >= 10) {
		value /= 10;
		n++;
	}
	return n;
}

static char *
put_number(char *into, uint64_t value)
{
	size_t length = digits_of(value);

	for (char *at = into + length; at > into; value /= 10)
		*--at = (char)('0' + value % 10);
	return into + length;
}

/* A body of one length needs its head's marker filled in only once: without another slot the template is fixed. */
static void
settle_content_length(struct template *t, struct buf *text)
{
	char digits[NUMBER_LENGTH_MAX];
	size_t length = (size_t)(put_number(digits, text->length - t->body_at) - digits);

	if (t->slots_n != 1 || t->slots[0].kind != SLOT_CONTENT_LENGTH)
		return;
	size_t at = t->slots[0].at;

	if (!buf_reserve(text, length))
		return;
	memmove(text->bytes + at + length, text->bytes + at, text->length - at);
	memcpy(text->bytes + at, digits, length);
	text->length += length;
	t->body_at += length;
	t->slots_n = 0;
}

struct template *
template_new(const char *head, size_t head_length, const char *body, size_t body_length, bool body_has_slots,
	struct error *err)
{
	struct template *t = must_alloc(sizeof(*t));
	struct parsing p = {.template = t, .draws = 1, .err = err};

	buf_init(&p.text, TEMPLATE_TEXT_CEILING);
	if (!parse_all(&p, head, head_length, body, body != NULL ? body_length : 0, body_has_slots)) {
		buf_fini(&p.text);
		template_free(t);
		return NULL;
	}
	settle_content_length(t, &p.text);
	t->text_length = p.text.length;
	t->render_max = t->slots_n > 0 ? t->render_max + t->text_length : 0;
	t->text = buf_steal(&p.text);
	return t;
}

void
template_free(struct template *template)
{
	if (template == NULL)
		return;
	free(template->text);
	free(template);
}

size_t
template_render_max(const struct template *template)
{
	return template->render_max;
}

const char *
template_fixed(const struct template *template, size_t *length)
{
	CHECK_OP(template->slots_n, ==, 0);
	*length = template->text_length;
	return template->text;
}

/* What one arrival puts into its slots. */
struct values {
	uint64_t seed, k;
	int64_t now_ns;                      /* 0: not read yet */
	int64_t numbers[TEMPLATE_SLOTS_MAX]; /* of all slots but uuids */
	uint64_t body_length;
};

/* The high half of a 128-bit product maps a 64-bit draw evenly onto span + 1 values (Lemire: "Fast random integer
 * generation in an interval", 2019; the bias of span / 2^64 that he removes by rejection does not matter here). */
static int64_t
draw(const struct slot *slot, uint64_t seed, uint64_t k)
{
	uint64_t drawn = rng_at(seed, RNG_DATA + (slot->stream << 8), k);
	unsigned __int128 product = (unsigned __int128)drawn * ((unsigned __int128)slot->span + 1);

	return (int64_t)((uint64_t)slot->from + (uint64_t)(product >> 64));
}

static uint64_t
magnitude(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static int64_t
slot_number(const struct slot *slot, struct values *v)
{
	switch (slot->kind) {
	case SLOT_SEQ: return (int64_t)v->k;
	case SLOT_RANDOM: return draw(slot, v->seed, v->k);
	case SLOT_NOW:
		if (v->now_ns == 0)
			v->now_ns = wall_now_ns();
		return v->now_ns;
	case SLOT_UUID:
	case SLOT_CONTENT_LENGTH: break;
	}
	return 0;
}

/* Draws everything first: the head says how long the body will be. */
static void
fill_values(const struct template *t, struct values *v)
{
	v->body_length = t->text_length - t->body_at;
	for (size_t i = 0; i < t->slots_n; i++) {
		const struct slot *slot = &t->slots[i];
		int64_t number = slot_number(slot, v);

		v->numbers[i] = number;
		if (slot->is_in_body)
			v->body_length +=
				slot->kind == SLOT_UUID ? UUID_LENGTH : digits_of(magnitude(number)) + (number < 0);
	}
}

/* RFC 9562 §5.4: 122 random bits around the version, 4, and the variant, binary 10. */
static char *
put_uuid(char *into, const struct slot *slot, const struct values *v)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t high = rng_at(v->seed, RNG_DATA + (slot->stream << 8), v->k);
	uint64_t low = rng_at(v->seed, RNG_DATA + ((slot->stream + 1) << 8), v->k);

	high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
	low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	for (int i = 0; i < 32; i++) {
		uint64_t half = i < 16 ? high : low;

		if (i == 8 || i == 12 || i == 16 || i == 20)
			*into++ = '-';
		*into++ = hex[half >> (60 - 4 * (i & 15)) & 15];
	}
	return into;
}

static char *
put_slot(char *into, const struct template *t, size_t i, const struct values *v)
{
	const struct slot *slot = &t->slots[i];

	if (slot->kind == SLOT_UUID)
		return put_uuid(into, slot, v);
	if (slot->kind == SLOT_CONTENT_LENGTH)
		return put_number(into, v->body_length);
	if (v->numbers[i] < 0)
		*into++ = '-';
	return put_number(into, magnitude(v->numbers[i]));
}

size_t
template_render(const struct template *template, uint64_t seed, uint64_t k, char *into)
{
	struct values v;
	char *at = into;
	size_t copied = 0;

	v.seed = seed;
	v.k = k;
	v.now_ns = 0;
	fill_values(template, &v);
	for (size_t i = 0; i < template->slots_n; i++) {
		size_t length = template->slots[i].at - copied;

		memcpy(at, template->text + copied, length);
		at = put_slot(at + length, template, i, &v);
		copied += length;
	}
	memcpy(at, template->text + copied, template->text_length - copied);
	return (size_t)(at - into) + template->text_length - copied;
}
