#include "request/template.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/check.h"

#define TEMPLATE_TEXT_CEILING ((size_t)64 * 1024 * 1024)

struct template
{
	char *text; /* the fixed bytes, head and body, without the slots */
	size_t text_length, body_at;
	struct slot slots[TEMPLATE_SLOTS_MAX]; /* in order; those of the head first */
	size_t slots_n, head_slots_n;
	size_t length_digits; /* room that the head keeps for the length of the longest body */
	size_t render_max;
	uint64_t target_streams;
	bool grows; /* a slot needs more than that where its session has much to tell */
};

/* While a template is made. */
struct parsing {
	struct template *template;
	const struct slot_scope *scope;
	struct buf text;
	enum slot_context context; /* of what comes next */
	bool is_in_body, is_json;
	bool is_escaped;    /* JSON: the last byte of a string was a backslash */
	bool drops_quote;   /* JSON: ${…|json} took the place of its string, whose last quote follows */
	uint64_t streams_n; /* taken so far */
	struct error *err;
};

static size_t
length_most(const struct slot *slot)
{
	(void)slot;
	return SLOT_NUMBER_MOST;
}

/* The body is not rendered yet: its length is written when it is. */
static char *
length_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	rendering->length_digits = into;
	return into + slot->of.index;
}

/* No row of slots.def: it is the protocol's marker, not the user's. */
static const struct slot_ops content_length = {
	.name = "content_length",
	.streams = 1,
	.most = length_most,
	.put = length_put,
};

/* Keeps track of where in a JSON text the next slot stands. */
static void
pass_json(struct parsing *p, const char *s, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_in_string = p->context == SLOT_IN_JSON_STRING;

		if (p->is_escaped)
			p->is_escaped = false;
		else if (s[i] == '"')
			p->context = is_in_string ? SLOT_IN_JSON_VALUE : SLOT_IN_JSON_STRING;
		else
			p->is_escaped = s[i] == '\\' && is_in_string;
	}
}

/* A line of the head is over; the first is the request line. */
static void
end_line(struct parsing *p)
{
	if (p->context == SLOT_IN_TARGET && p->scope->target_streams > 0)
		p->streams_n = p->scope->target_streams;
	if (p->context == SLOT_IN_TARGET)
		p->template->target_streams = p->streams_n;
	p->context = SLOT_IN_HEADER;
}

/* Fixed bytes, and with them where the next slot stands. */
static void
add_text(struct parsing *p, const char *s, size_t length)
{
	buf_add(&p->text, s, length);
	if (!p->is_in_body && memchr(s, '\n', length) != NULL)
		end_line(p);
	else if (p->is_json)
		pass_json(p, s, length);
}

/* Nothing of the string that the next slot stands in comes before it. */
static bool
is_at_start_of_string(const struct parsing *p)
{
	const struct template *t = p->template;
	bool follows_slot = t->slots_n > 0 && t->slots[t->slots_n - 1].at == p->text.length;

	return !follows_slot && !p->is_escaped && p->text.bytes[p->text.length - 1] == '"' &&
	       (p->text.length < 2 || p->text.bytes[p->text.length - 2] != '\\');
}

/* ${…|json}: what it renders is a JSON value of its own, in the place of the string that holds it and nothing else. */
static bool
filter_json(struct parsing *p, const struct slot_text *text, const char *after, const char *end, struct slot *slot)
{
	if (!p->is_json)
		return error_set(p->err, "'${%.*s|json}': only a JSON body takes |json",
			(int)(text->length < 64 ? text->length : 64), text->at);
	if (p->context == SLOT_IN_JSON_VALUE)
		return true;
	if (!is_at_start_of_string(p) || after == end || *after != '"')
		return error_set(p->err,
			"'${%.*s|json}' stands for a whole value; write it alone between its quotes, or without |json",
			(int)(text->length < 64 ? text->length : 64), text->at);
	slot->context = SLOT_IN_JSON_VALUE;
	return true;
}

/* ${…|urlencode}: as in a path, wherever it stands. */
static bool
filter_urlencode(struct parsing *p, const struct slot_text *text, struct slot *slot)
{
	if (p->context == SLOT_IN_JSON_VALUE)
		return error_set(p->err, "'${%.*s|urlencode}': a text in JSON stands between quotes",
			(int)(text->length < 64 ? text->length : 64), text->at);
	slot->context = SLOT_IN_TARGET;
	return true;
}

/* Cuts the filter off `text`. What is to be encoded is a text of its own, which slot_base64.c takes as a whole. */
static bool
parse_filter(struct parsing *p, struct slot_text *text, const char *after, const char *end, struct slot *slot)
{
	const char *bar = memrchr(text->at, '|', text->length);

	if (bar == NULL)
		return true;
	struct slot_text filter = {bar + 1, (size_t)(text->at + text->length - bar - 1)};

	if (slot_text_is(&filter, "base64"))
		return true;
	text->length = (size_t)(bar - text->at);
	if (slot_text_is(&filter, "raw")) {
		slot->is_raw = true;
		return true;
	}
	if (slot_text_is(&filter, "urlencode"))
		return filter_urlencode(p, text, slot);
	if (slot_text_is(&filter, "json"))
		return filter_json(p, text, after, end, slot);
	return error_set(p->err, "'%.*s' is not a filter; write ${…|json}, ${…|raw}, ${…|urlencode} or ${…|base64}",
		(int)(filter.length < 64 ? filter.length : 64), filter.at);
}

/* A value that needs no quotes takes the place of those around it. */
static void
settle_quotes(struct parsing *p, struct slot *slot)
{
	if (slot->context != SLOT_IN_JSON_VALUE || p->context != SLOT_IN_JSON_STRING)
		return;
	if (slot->ops->is_text) {
		slot->context = SLOT_IN_JSON_STRING;
		return;
	}
	p->text.length--;
	slot->at--;
	p->drops_quote = true;
}

static bool
add_slot(struct parsing *p, struct slot_text text, const char *end)
{
	static const char marker[] = TEMPLATE_CONTENT_LENGTH;
	const struct slot_text inner = {marker + 2, sizeof(marker) - 4};
	const char *after = text.at + text.length + 1;
	struct template *t = p->template;
	struct slot slot = {.at = p->text.length, .context = p->context, .stream = p->streams_n};

	if (!p->is_in_body && text.length == inner.length && memcmp(text.at, inner.at, inner.length) == 0)
		slot.ops = &content_length;
	else if (!parse_filter(p, &text, after, end, &slot) || !slot_parse(&slot, &text, p->scope, p->err))
		return false;
	if (t->slots_n == TEMPLATE_SLOTS_MAX) {
		if (slot.ops->fini != NULL)
			slot.ops->fini(&slot);
		return error_set(p->err, "a request may have %d ${…} at most", TEMPLATE_SLOTS_MAX);
	}
	settle_quotes(p, &slot);
	p->streams_n += slot.ops->streams;
	t->grows |= slot.ops->more != NULL;
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
	if (p->drops_quote) {
		p->drops_quote = false;
		p->context = SLOT_IN_JSON_VALUE;
		return s + 1;
	}
	if (starts_with(s, end, "$${")) {
		add_text(p, "${", 2);
		return s + 3;
	}
	if (starts_with(s, end, "${")) {
		const char *name = s + 2, *close = memchr(name, '}', (size_t)(end - name));

		if (close == NULL) {
			error_set(p->err, "'%.*s' has no '}'; write $${ for ${ itself",
				(int)(end - s < 64 ? end - s : 64), s);
			return NULL;
		}
		struct slot_text text = {name, (size_t)(close - name)};

		return add_slot(p, text, end) ? close + 1 : NULL;
	}
	const char *next = memchr(s + 1, '$', (size_t)(end - s - 1));

	if (next == NULL)
		next = end;
	add_text(p, s, (size_t)(next - s));
	return next;
}

static bool
parse(struct parsing *p, const char *s, size_t length)
{
	const char *end = length > 0 ? s + length : s; /* nothing may be NULL */

	while (s < end) {
		s = parse_part(p, s, end);
		if (s == NULL)
			return false;
	}
	return true;
}

/* The value of the head's Content-Type; NULL: it has none. */
static const char *
find_content_type(const char *head, size_t length, size_t *value_length)
{
	static const char name[] = "content-type:";
	const char *end = head + length, *line = head;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop != NULL ? stop : end;
		if ((size_t)(stop - line) >= sizeof(name) - 1 && strncasecmp(line, name, sizeof(name) - 1) == 0) {
			*value_length = (size_t)(stop - line) - (sizeof(name) - 1);
			return line + sizeof(name) - 1;
		}
		line = stop + 1;
	}
	return NULL;
}

static bool
holds_word(const char *text, size_t length, const char *word)
{
	for (size_t n = strlen(word); length >= n; text++, length--)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

/* RFC 8259 §2 */
static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum slot_context
context_of_body(const char *head, size_t head_length, const char *body, size_t body_length)
{
	size_t length;
	const char *type = find_content_type(head, head_length, &length);

	if (type != NULL && holds_word(type, length, "application/x-www-form-urlencoded"))
		return SLOT_IN_TARGET;
	if (type != NULL)
		return holds_word(type, length, "json") ? SLOT_IN_JSON_VALUE : SLOT_IN_TEXT;
	while (body_length > 0 && is_space(*body)) {
		body++;
		body_length--;
	}
	return body_length > 0 && (*body == '{' || *body == '[') ? SLOT_IN_JSON_VALUE : SLOT_IN_TEXT;
}

static bool
parse_all(struct parsing *p, const char *head, size_t head_length, const char *body, size_t body_length,
	bool body_has_slots)
{
	p->context = SLOT_IN_TARGET;
	if (!parse(p, head, head_length))
		return false;
	p->template->body_at = p->text.length;
	p->template->head_slots_n = p->template->slots_n;
	p->is_in_body = true;
	p->context = head != NULL ? context_of_body(head, head_length, body, body_length) : SLOT_IN_TEXT;
	p->is_json = p->context == SLOT_IN_JSON_VALUE;
	if (!body_has_slots)
		buf_add(&p->text, body, body_length);
	else if (!parse(p, body, body_length))
		return false;
	return true;
}

static size_t
most_of(const struct template *t, size_t from, size_t to)
{
	size_t most = 0;

	for (size_t i = from; i < to; i++)
		most += t->slots[i].ops->most(&t->slots[i]);
	return most;
}

/* The head keeps room for the digits of the longest body. A body of one length needs them written only once: without
 * another slot the template is fixed. */
static bool
settle_length(struct parsing *p)
{
	struct template *t = p->template;
	char digits[SLOT_NUMBER_MOST];
	size_t body_most = p->text.length - t->body_at + most_of(t, t->head_slots_n, t->slots_n);
	size_t length = t->grows ? sizeof(digits) : (size_t)(slot_put_number(digits, body_most) - digits);

	for (size_t i = 0; i < t->head_slots_n; i++)
		if (t->slots[i].ops == &content_length)
			t->slots[i].of.index = t->length_digits = length;
	t->render_max = t->slots_n > 0 ? p->text.length + most_of(t, 0, t->slots_n) : 0;
	if (t->slots_n == 1 && t->slots[0].ops == &content_length && buf_reserve(&p->text, length)) {
		char *at = p->text.bytes + t->slots[0].at;

		memmove(at + length, at, p->text.length - t->slots[0].at);
		memcpy(at, digits, length);
		p->text.length += length;
		t->slots_n = t->head_slots_n = 0;
		t->render_max = 0;
	}
	return !p->text.overflowed && t->render_max <= TEMPLATE_TEXT_CEILING;
}

struct template *
template_new(const struct slot_scope *scope, const char *head, size_t head_length, const char *body, size_t body_length,
	bool body_has_slots, struct error *err)
{
	struct template *t = must_alloc(sizeof(*t));
	struct parsing p = {.template = t, .scope = scope, .streams_n = 1 + scope->first_stream, .err = err};

	buf_init(&p.text, TEMPLATE_TEXT_CEILING);
	bool is_good = parse_all(&p, head, head_length, body, body != NULL ? body_length : 0, body_has_slots) &&
		       (settle_length(&p) ||
			       error_set(err, "a request may have %zu MiB at most", TEMPLATE_TEXT_CEILING >> 20));

	if (!is_good) {
		buf_fini(&p.text);
		template_free(t);
		return NULL;
	}
	t->text_length = p.text.length;
	t->text = buf_steal(&p.text);
	return t;
}

struct template *
template_new_text(const struct slot_scope *scope, const char *text, struct error *err)
{
	return template_new(scope, NULL, 0, text, strlen(text), true, err);
}

void
template_free(struct template *template)
{
	if (template == NULL)
		return;
	for (size_t i = 0; i < template->slots_n; i++)
		if (template->slots[i].ops->fini != NULL)
			template->slots[i].ops->fini(&template->slots[i]);
	free(template->text);
	free(template);
}

const struct slot *
template_slots(const struct template *template, size_t *n)
{
	*n = template->slots_n;
	return template->slots;
}

size_t
template_render_max(const struct template *template)
{
	return template->render_max;
}

uint64_t
template_target_streams(const struct template *template)
{
	return template->target_streams;
}

bool
template_grows(const struct template *template)
{
	return template->grows;
}

size_t
template_render_room(const struct template *template, const struct render *render)
{
	size_t room = template->render_max;

	for (size_t i = 0; template->grows && i < template->slots_n; i++)
		if (template->slots[i].ops->more != NULL)
			room += template->slots[i].ops->more(&template->slots[i], render);
	return room;
}

const char *
template_fixed(const struct template *template, size_t *length)
{
	CHECK_OP(template->slots_n, ==, 0);
	*length = template->text_length;
	return template->text;
}

/* The slots from `first` on, before `end`, and the fixed bytes between text[*copied] and text[until]. */
static char *
put_part(const struct template *t, struct rendering *rendering, size_t first, size_t end, size_t *copied, size_t until,
	char *at)
{
	for (size_t i = first; i < end; i++) {
		const struct slot *slot = &t->slots[i];
		size_t length = slot->at - *copied;

		memcpy(at, t->text + *copied, length);
		at = slot->ops->put(slot, rendering, at + length);
		*copied += length;
	}
	memcpy(at, t->text + *copied, until - *copied);
	at += until - *copied;
	*copied = until;
	return at;
}

/* Writes the length of the body into the room that was kept for it; what is left of the room is closed. Returns the new
 * end. */
static char *
put_length(const struct template *t, char *into, uint64_t length, char *end)
{
	char *room_end = into + t->length_digits, *digits_end = slot_put_number(into, length);

	if (digits_end < room_end)
		memmove(digits_end, room_end, (size_t)(end - room_end));
	return end - (room_end - digits_end);
}

size_t
template_render(const struct template *template, const struct render *render, char *into)
{
	const struct template *t = template;
	struct rendering rendering = {.render = render, .begin = into};
	size_t copied = 0;
	char *body = put_part(t, &rendering, 0, t->head_slots_n, &copied, t->body_at, into);
	char *end = put_part(t, &rendering, t->head_slots_n, t->slots_n, &copied, t->text_length, body);

	if (rendering.length_digits != NULL)
		end = put_length(t, rendering.length_digits, (uint64_t)(end - body), end);
	return (size_t)(end - into);
}
