#include "request/extract.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "request/cookie.h"
#include "request/json_pointer.h"
#include "request/pattern.h"
#include "request/slot.h"

struct rule {
	const struct plan_extract *extract;
	struct pattern *pattern; /* where the kind is EXTRACT_REGEX */
};

struct extractor {
	struct rule *rules;
	size_t rules_n;
	bool wants_headers, wants_body, wants_cookies, keeps_cookies;
};

/* Before each value in `fields`. */
struct field {
	size_t rule; /* FIELD_COOKIE, or who wants it */
	size_t length;
};
#define FIELD_COOKIE SIZE_MAX

static bool
compile_regex(struct rule *rule, struct error *err)
{
	const char *text = rule->extract->what;

	rule->pattern = pattern_new(text, err);
	return rule->pattern != NULL &&
	       (pattern_has_group(rule->pattern) ||
		       error_set(err, "regex: '%.200s' has no group; put what is to be taken in ( )", text));
}

static bool
add_rule(struct extractor *extractor, const char *name, const struct plan_extract *extract, struct error *err)
{
	struct rule *rule = &extractor->rules[extractor->rules_n];

	rule->extract = extract;
	if (slot_is_word(name))
		return error_set(err, "extract: '%s' has another meaning already; write another name", name);
	extractor->rules_n++;
	if (extract->kind == EXTRACT_REGEX && !compile_regex(rule, err))
		return false;
	bool is_of_headers = extract->kind == EXTRACT_HEADER || extract->kind == EXTRACT_COOKIE;

	extractor->wants_headers |= is_of_headers;
	extractor->wants_body |= !is_of_headers;
	extractor->wants_cookies |= extract->kind == EXTRACT_COOKIE;
	return true;
}

bool
extractor_new(
	const struct plan *plan, const struct plan_request *request, struct extractor **extractor, struct error *err)
{
	const struct plan_flow *flow = plan->scenarios[request->scenario].flow;
	const struct plan_step *step = request->step;

	*extractor = NULL;
	if (step == NULL || (step->extracts_n == 0 && !flow->keeps_cookies))
		return true;
	struct extractor *made = must_alloc(sizeof(*made));

	made->rules = must_calloc(step->extracts_n + 1, sizeof(*made->rules));
	made->wants_headers = made->keeps_cookies = flow->keeps_cookies;
	for (size_t i = 0; i < step->extracts_n; i++)
		if (!add_rule(made, flow->values[step->extracts[i].value].name, &step->extracts[i], err)) {
			extractor_free(made);
			return false;
		}
	*extractor = made;
	return true;
}

void
extractor_free(struct extractor *extractor)
{
	if (extractor == NULL)
		return;
	for (size_t i = 0; i < extractor->rules_n; i++)
		pattern_free(extractor->rules[i].pattern);
	free(extractor->rules);
	free(extractor);
}

bool
extractor_wants_headers(const struct extractor *extractor)
{
	return extractor != NULL && extractor->wants_headers;
}

bool
extractor_wants_body(const struct extractor *extractor)
{
	return extractor != NULL && extractor->wants_body;
}

void
extraction_init(struct extraction *extraction)
{
	extraction->extractor = NULL;
	buf_init(&extraction->fields, EXTRACTION_FIELDS_MAX);
	buf_init(&extraction->body, EXTRACTION_BODY_MAX);
}

void
extraction_fini(struct extraction *extraction)
{
	buf_fini(&extraction->fields);
	buf_fini(&extraction->body);
}

void
extraction_begin(struct extraction *extraction, const struct extractor *extractor)
{
	extraction->extractor = extractor;
	buf_clear(&extraction->fields);
	buf_clear(&extraction->body);
}

static bool
is_named(const char *name, size_t length, const char *wanted)
{
	return strlen(wanted) == length && strncasecmp(name, wanted, length) == 0;
}

static void
keep_field(struct extraction *extraction, size_t rule, const char *value, size_t length)
{
	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	struct field field = {.rule = rule, .length = length};

	if (buf_reserve(&extraction->fields, sizeof(field) + length)) {
		buf_add(&extraction->fields, &field, sizeof(field));
		buf_add(&extraction->fields, value, length);
	}
}

void
extraction_add_header(
	struct extraction *extraction, const char *name, size_t name_length, const char *value, size_t value_length)
{
	const struct extractor *e = extraction->extractor;

	if ((e->keeps_cookies || e->wants_cookies) && is_named(name, name_length, "set-cookie"))
		keep_field(extraction, FIELD_COOKIE, value, value_length);
	for (size_t i = 0; i < e->rules_n; i++)
		if (e->rules[i].extract->kind == EXTRACT_HEADER &&
			is_named(name, name_length, e->rules[i].extract->what))
			keep_field(extraction, i, value, value_length);
}

void
extraction_add_body(struct extraction *extraction, const char *bytes, size_t length)
{
	buf_add(&extraction->body, bytes, length);
}

/* The next field from *at on. */
static const char *
next_field(const struct extraction *extraction, size_t *at, struct field *field)
{
	const struct buf *fields = &extraction->fields;

	if (*at >= fields->length)
		return NULL;
	memcpy(field, fields->bytes + *at, sizeof(*field));
	const char *value = fields->bytes + *at + sizeof(*field);

	*at += sizeof(*field) + field->length;
	return value;
}

bool
extraction_take_cookies(const struct extraction *extraction, struct session *session)
{
	struct field field;
	const char *value;
	size_t at = 0;

	if (extraction->extractor == NULL || !extraction->extractor->keeps_cookies)
		return true;
	while ((value = next_field(extraction, &at, &field)) != NULL)
		if (field.rule == FIELD_COOKIE && !session_keep_cookie(session, value, field.length))
			return false;
	return true;
}

/* Whether there was something to take, and room for it. */
enum taken { TAKEN, TAKEN_NOTHING, TAKEN_TOO_LARGE };

static enum taken
keep(struct session *session, const struct rule *rule, const char *bytes, size_t length)
{
	return session_set_value(session, rule->extract->value, bytes, length) ? TAKEN : TAKEN_TOO_LARGE;
}

/* Of several fields of one name the first is meant. */
static enum taken
take_header(const struct extraction *extraction, size_t rule, struct session *session)
{
	struct field field;
	const char *value;
	size_t at = 0;

	while ((value = next_field(extraction, &at, &field)) != NULL)
		if (field.rule == rule)
			return keep(session, &extraction->extractor->rules[rule], value, field.length);
	return TAKEN_NOTHING;
}

/* Of several of one name the last is meant, as a user agent keeps it. */
static enum taken
take_cookie(const struct extraction *extraction, size_t rule, struct session *session)
{
	const struct rule *r = &extraction->extractor->rules[rule];
	enum taken taken = TAKEN_NOTHING;
	struct cookie cookie;
	struct field field;
	const char *value;
	size_t at = 0;

	while ((value = next_field(extraction, &at, &field)) != NULL)
		if (field.rule == FIELD_COOKIE && cookie_parse(&cookie, value, field.length) &&
			cookie.name.length == strlen(r->extract->what) &&
			memcmp(cookie.name.at, r->extract->what, cookie.name.length) == 0)
			taken = keep(session, r, cookie.value.at, cookie.value.length);
	return taken;
}

static enum taken
take_json(const struct buf *body, const struct rule *rule, struct session *session)
{
	char text[SESSION_VALUE_MAX];
	size_t length;
	const char *value =
		body->length == 0 ? NULL : json_pointer_find(body->bytes, body->length, rule->extract->what, &length);

	if (value == NULL || (length == 4 && memcmp(value, "null", 4) == 0))
		return TAKEN_NOTHING;
	return json_pointer_text(value, length, text, sizeof(text), &length) ? keep(session, rule, text, length)
									     : TAKEN_TOO_LARGE;
}

static enum taken
take_regex(const struct buf *body, const struct rule *rule, struct session *session)
{
	const char *group;
	size_t length;

	switch (pattern_find(rule->pattern, body->bytes, body->length, &group, &length)) {
	case PATTERN_FOUND: return group != NULL ? keep(session, rule, group, length) : TAKEN_NOTHING;
	case PATTERN_NOT_FOUND: return TAKEN_NOTHING;
	case PATTERN_GAVE_UP: break;
	}
	return TAKEN_TOO_LARGE;
}

static enum taken
take_value(const struct extraction *extraction, size_t rule, struct session *session)
{
	const struct rule *r = &extraction->extractor->rules[rule];

	switch (r->extract->kind) {
	case EXTRACT_HEADER: return take_header(extraction, rule, session);
	case EXTRACT_COOKIE: return take_cookie(extraction, rule, session);
	case EXTRACT_JSON: return take_json(&extraction->body, r, session);
	case EXTRACT_REGEX: return take_regex(&extraction->body, r, session);
	}
	CHECK(false);
	return TAKEN_NOTHING;
}

bool
extraction_end(struct extraction *extraction, struct session *session)
{
	const struct extractor *e = extraction->extractor;

	if (e == NULL)
		return true;
	if (extraction->fields.overflowed || extraction->body.overflowed ||
		!extraction_take_cookies(extraction, session))
		return false;
	for (size_t i = 0; i < e->rules_n; i++) {
		const char *otherwise = e->rules[i].extract->otherwise;
		enum taken taken = take_value(extraction, i, session);

		if (taken == TAKEN_NOTHING && otherwise != NULL)
			taken = keep(session, &e->rules[i], otherwise, strlen(otherwise));
		if (taken != TAKEN)
			return false;
	}
	return true;
}
