#include "request/extract.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "request/json_pointer.h"
#include "request/slot.h"

struct rule {
	const struct plan_extract *extract;
	regex_t regex; /* where the kind is EXTRACT_REGEX */
};

struct extractor {
	struct rule *rules;
	size_t rules_n;
	bool wants_headers, wants_body, keeps_cookies;
};

/* Before each value in `fields`. */
struct field {
	size_t rule; /* FIELD_COOKIE, or who wants it */
	size_t length;
};
#define FIELD_COOKIE SIZE_MAX

/* A back-reference makes matching take exponential time; POSIX knows none in extended expressions, glibc does. */
static bool
has_back_reference(const char *expression)
{
	for (const char *p = expression; *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0' && isdigit((unsigned char)*++p))
			return true;
	return false;
}

/* "(.*)x" is tried from each byte of the answer to its end: 28 s were seen for 64 KiB. */
static bool
begins_with_anything(const char *expression)
{
	const char *first = expression + strspn(expression, "(");

	return first[0] == '.' && (first[1] == '*' || first[1] == '+');
}

static bool
compile_regex(struct rule *rule, struct error *err)
{
	const char *text = rule->extract->what;
	char why[128];

	if (begins_with_anything(text))
		return error_set(err,
			"regex: '%.200s' begins with what fits anything, which may take for ever; leave that out, or "
			"write ^ before it",
			text);
	int failed = regcomp(&rule->regex, text, REG_EXTENDED);

	if (failed != 0) {
		regerror(failed, &rule->regex, why, sizeof(why));
		return error_set(err, "regex: '%.200s' is not a POSIX extended regular expression: %s", text, why);
	}
	if (rule->regex.re_nsub >= 1 && !has_back_reference(text))
		return true;
	bool has_group = rule->regex.re_nsub >= 1;

	regfree(&rule->regex);
	return error_set(err,
		has_group ? "regex: '%.200s' refers back to a group, which may take for ever; write it without"
			  : "regex: '%.200s' has no group; put what is to be taken in ( )",
		text);
}

static bool
add_rule(struct extractor *extractor, const char *name, const struct plan_extract *extract, struct error *err)
{
	struct rule *rule = &extractor->rules[extractor->rules_n];

	rule->extract = extract;
	if (slot_is_word(name))
		return error_set(err, "extract: '%s' has another meaning already; write another name", name);
	if (extract->kind == EXTRACT_REGEX && !compile_regex(rule, err))
		return false;
	extractor->rules_n++;
	extractor->wants_headers |= extract->kind == EXTRACT_HEADER;
	extractor->wants_body |= extract->kind != EXTRACT_HEADER;
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
		if (extractor->rules[i].extract->kind == EXTRACT_REGEX)
			regfree(&extractor->rules[i].regex);
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

	if (e->keeps_cookies && is_named(name, name_length, "set-cookie"))
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

static bool
take_cookies(const struct extraction *extraction, struct session *session)
{
	struct field field;
	const char *value;
	size_t at = 0;

	while ((value = next_field(extraction, &at, &field)) != NULL)
		if (field.rule == FIELD_COOKIE && !session_keep_cookie(session, value, field.length))
			return false;
	return true;
}

/* Of several fields of one name the first is meant. */
static bool
take_header(const struct extraction *extraction, size_t rule, struct session *session)
{
	struct field field;
	const char *value;
	size_t at = 0;

	while ((value = next_field(extraction, &at, &field)) != NULL)
		if (field.rule == rule)
			return session_set_value(
				session, extraction->extractor->rules[rule].extract->value, value, field.length);
	return false;
}

static bool
take_json(const struct buf *body, const struct plan_extract *extract, struct session *session)
{
	char text[SESSION_VALUE_MAX];
	size_t length;
	const char *value = json_pointer_find(body->bytes, body->length, extract->what, &length);

	return value != NULL && json_pointer_text(value, length, text, sizeof(text), &length) &&
	       session_set_value(session, extract->value, text, length);
}

/* REG_STARTEND, where there is one, takes the length of the text; else a NUL in the body ends what is looked at. */
#ifndef REG_STARTEND
#define REG_STARTEND 0
#endif

static bool
take_regex(const struct buf *body, const struct rule *rule, struct session *session)
{
	regmatch_t matches[2] = {{.rm_so = 0, .rm_eo = (regoff_t)body->length}};

	if (regexec(&rule->regex, body->bytes, 2, matches, REG_STARTEND) != 0 || matches[1].rm_so < 0)
		return false;
	return session_set_value(session, rule->extract->value, body->bytes + matches[1].rm_so,
		(size_t)(matches[1].rm_eo - matches[1].rm_so));
}

static bool
take_value(const struct extraction *extraction, size_t rule, struct session *session)
{
	const struct rule *r = &extraction->extractor->rules[rule];

	switch (r->extract->kind) {
	case EXTRACT_HEADER: return take_header(extraction, rule, session);
	case EXTRACT_JSON: return take_json(&extraction->body, r->extract, session);
	case EXTRACT_REGEX: return take_regex(&extraction->body, r, session);
	}
	CHECK(false);
	return false;
}

bool
extraction_end(struct extraction *extraction, struct session *session)
{
	const struct extractor *e = extraction->extractor;

	if (e == NULL)
		return true;
	if (extraction->fields.overflowed || extraction->body.overflowed || !take_cookies(extraction, session))
		return false;
	if (e->wants_body && extraction->body.length == 0)
		return false; /* not a byte: bytes may be NULL */
	for (size_t i = 0; i < e->rules_n; i++)
		if (!take_value(extraction, i, session))
			return false;
	return true;
}
