#include "request/checks.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/check.h"
#include "request/json_pointer.h"
#include "request/pattern.h"

#define VALUE_MOST ((size_t)4096) /* of a JSON value that is compared */

struct checks {
	const struct plan_check *list;
	size_t n;
	uint32_t first; /* its number in the plan */
	struct pattern *patterns[CHECKS_OF_REQUEST_CEILING];
	bool wants_headers, wants_trailers, wants_body, keeps_body, wants_sha256, wants_crc32;
};

static bool
is_of_field(const struct plan_check *check)
{
	return check->of == CHECK_HEADER || check->of == CHECK_TRAILER;
}

static bool
add_check(struct checks *checks, size_t i, struct error *err)
{
	const struct plan_check *check = &checks->list[i];

	checks->wants_headers |= check->of == CHECK_HEADER;
	checks->wants_trailers |= check->of == CHECK_TRAILER;
	checks->wants_body |= !is_of_field(check);
	checks->keeps_body |= check->of == CHECK_BODY || check->of == CHECK_JSON;
	checks->wants_sha256 |= check->of == CHECK_SHA256;
	checks->wants_crc32 |= check->of == CHECK_CRC32;
	if (check->how == CHECK_MATCHES)
		checks->patterns[i] = pattern_new(check->text, err);
	return check->how != CHECK_MATCHES || checks->patterns[i] != NULL;
}

bool
checks_new(const struct plan_request *request, struct checks **checks, struct error *err)
{
	*checks = NULL;
	if (request->checks_n == 0)
		return true;
	struct checks *made = must_alloc(sizeof(*made));

	*made = (struct checks){.list = request->checks, .n = request->checks_n, .first = request->first_check};
	for (size_t i = 0; i < made->n; i++)
		if (!add_check(made, i, err)) {
			checks_free(made);
			return false;
		}
	*checks = made;
	return true;
}

void
checks_free(struct checks *checks)
{
	if (checks == NULL)
		return;
	for (size_t i = 0; i < checks->n; i++)
		pattern_free(checks->patterns[i]);
	free(checks);
}

bool
checks_want_headers(const struct checks *checks)
{
	return checks != NULL && checks->wants_headers;
}

bool
checks_want_trailers(const struct checks *checks)
{
	return checks != NULL && checks->wants_trailers;
}

bool
checks_want_body(const struct checks *checks)
{
	return checks != NULL && checks->wants_body;
}

void
checking_init(struct checking *checking)
{
	*checking = (struct checking){.checks = NULL};
	buf_init(&checking->fields, CHECKS_FIELDS_MAX);
	buf_init(&checking->body, CHECKS_BODY_MAX);
}

void
checking_fini(struct checking *checking)
{
	EVP_MD_CTX_free(checking->digest);
	buf_fini(&checking->fields);
	buf_fini(&checking->body);
}

void
checking_begin(struct checking *checking, const struct checks *checks)
{
	checking->checks = checks;
	checking->misses.failed = 0;
	if (checks == NULL)
		return;
	checking->met = 0;
	for (size_t i = 0; i < checks->n; i++)
		if (is_of_field(&checks->list[i]) && checks->list[i].how == CHECK_IS_ABSENT)
			checking->met |= UINT64_C(1) << i;
	checking->size = 0;
	checking->crc32 = (uint32_t)crc32(0, NULL, 0);
	buf_clear(&checking->fields);
	buf_clear(&checking->body);
	if (!checks->wants_sha256)
		return;
	if (checking->digest == NULL)
		checking->digest = EVP_MD_CTX_new();
	CHECK(checking->digest != NULL && EVP_DigestInit_ex(checking->digest, EVP_sha256(), NULL) == 1);
}

static bool
contains(const char *text, size_t length, const char *wanted)
{
	return memmem(text, length, wanted, strlen(wanted)) != NULL;
}

static bool
read_number(const char *text, double *number)
{
	char *end;

	if (text[0] != '-' && !isdigit((unsigned char)text[0]))
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && strpbrk(text, "xXnN") == NULL;
}

/* text ends with a NUL behind its length. numbers: 1.0 is 1. */
static bool
fits(const struct checks *checks, size_t i, const char *text, size_t length, bool numbers)
{
	const struct plan_check *check = &checks->list[i];
	double number, wanted;

	switch (check->how) {
	case CHECK_EXISTS: return true;
	case CHECK_IS_ABSENT: return false;
	case CHECK_CONTAINS: return contains(text, length, check->text);
	case CHECK_MATCHES: return pattern_find(checks->patterns[i], text, length, NULL, NULL) == PATTERN_FOUND;
	case CHECK_EQUALS: break;
	}
	if (length == strlen(check->text) && memcmp(text, check->text, length) == 0)
		return true;
	return numbers && read_number(text, &number) && read_number(check->text, &wanted) && number == wanted;
}

/* Before each value in `fields`. */
struct field {
	size_t check, length;
};

/* Of several fields of one name it is enough that one is as expected. */
static void
add_field(struct checking *checking, enum plan_check_of of, const char *name, size_t name_length, const char *value,
	size_t value_length)
{
	const struct checks *checks = checking->checks;

	for (size_t i = 0; i < checks->n; i++) {
		const struct plan_check *check = &checks->list[i];
		struct field field = {i, value_length};

		if (check->of != of || strlen(check->what) != name_length ||
			strncasecmp(check->what, name, name_length) != 0)
			continue;
		if (fits(checks, i, value, value_length, false)) {
			checking->met |= UINT64_C(1) << i;
			continue;
		}
		if (check->how == CHECK_IS_ABSENT)
			checking->met &= ~(UINT64_C(1) << i);
		if (buf_reserve(&checking->fields, sizeof(field) + value_length)) {
			buf_add(&checking->fields, &field, sizeof(field));
			buf_add(&checking->fields, value, value_length);
		}
	}
}

void
checking_add_header(
	struct checking *checking, const char *name, size_t name_length, const char *value, size_t value_length)
{
	add_field(checking, CHECK_HEADER, name, name_length, value, value_length);
}

void
checking_add_trailer(
	struct checking *checking, const char *name, size_t name_length, const char *value, size_t value_length)
{
	add_field(checking, CHECK_TRAILER, name, name_length, value, value_length);
}

void
checking_add_body(struct checking *checking, const char *bytes, size_t length)
{
	const struct checks *checks = checking->checks;

	checking->size += length;
	if (checks->keeps_body)
		buf_add(&checking->body, bytes, length);
	if (checks->wants_crc32)
		checking->crc32 = (uint32_t)crc32(checking->crc32, (const Bytef *)bytes, (uInt)length);
	if (checks->wants_sha256)
		CHECK_OP(EVP_DigestUpdate(checking->digest, bytes, length), ==, 1);
}

/* The value as text, ended by a NUL: a string without its quotes and escapes, null as it stands. False: it is not
 * there, or larger than what is compared. */
static bool
find_json(const struct checking *checking, const struct plan_check *check, char *into, size_t size, size_t *length)
{
	const struct buf *body = &checking->body;
	size_t n;
	const char *value = body->length == 0 || body->overflowed
				    ? NULL
				    : json_pointer_find(body->bytes, body->length, check->what, &n);

	if (value == NULL)
		return false;
	if (n == 4 && memcmp(value, "null", 4) == 0) {
		memcpy(into, "null", 5);
		*length = 4;
		return true;
	}
	if (!json_pointer_text(value, n, into, size - 1, length))
		return false;
	into[*length] = '\0';
	return true;
}

static bool
json_holds(const struct checking *checking, size_t i)
{
	const struct plan_check *check = &checking->checks->list[i];
	char text[VALUE_MOST];
	size_t length;
	bool is_there = find_json(checking, check, text, sizeof(text), &length);

	if (check->how == CHECK_EXISTS || check->how == CHECK_IS_ABSENT) {
		const struct buf *body = &checking->body;

		is_there = body->length > 0 && !body->overflowed &&
			   json_pointer_find(body->bytes, body->length, check->what, &length) != NULL;
		return is_there == (check->how == CHECK_EXISTS) && !body->overflowed;
	}
	return is_there && fits(checking->checks, i, text, length, true);
}

static bool
body_holds(const struct checking *checking, size_t i)
{
	const struct buf *body = &checking->body;

	return !body->overflowed && fits(checking->checks, i, body->length > 0 ? body->bytes : "", body->length, false);
}

static bool
holds(const struct checking *checking, size_t i)
{
	const struct plan_check *check = &checking->checks->list[i];

	switch (check->of) {
	case CHECK_HEADER:
	case CHECK_TRAILER: return (checking->met >> i & 1) != 0;
	case CHECK_BODY: return body_holds(checking, i);
	case CHECK_JSON: return json_holds(checking, i);
	case CHECK_SIZE: return checking->size >= check->least && checking->size <= check->most;
	case CHECK_SHA256: return memcmp(checking->sha256, check->sha256, CHECK_SHA256_LENGTH) == 0;
	case CHECK_CRC32: return checking->crc32 == check->crc32;
	}
	CHECK(false);
	return false;
}

static void
say_text(char *into, size_t size, const char *text, size_t length)
{
	size_t shown = length < size - 8 ? length : size - 8;

	snprintf(into, size, "'%.*s'%s", (int)shown, text, shown < length ? "…" : "");
}

static void
say_field(const struct checking *checking, size_t i, char *into, size_t size)
{
	const struct buf *fields = &checking->fields;
	struct field field;

	for (size_t at = 0; at < fields->length; at += sizeof(field) + field.length) {
		memcpy(&field, fields->bytes + at, sizeof(field));
		if (field.check != i)
			continue;
		say_text(into, size, fields->bytes + at + sizeof(field), field.length);
		return;
	}
	snprintf(into, size, "no such field");
}

static void
say_json(const struct checking *checking, const struct plan_check *check, char *into, size_t size)
{
	char text[VALUE_MOST];
	size_t length;

	if (find_json(checking, check, text, sizeof(text), &length))
		say_text(into, size, text, length);
	else
		snprintf(into, size, checking->body.overflowed ? "a body of more than %zu MiB" : "no such value",
			CHECKS_BODY_MAX >> 20);
}

/* What was there in its place. */
static void
describe(const void *context, size_t i, char *into, size_t size)
{
	const struct checking *checking = context;
	const struct plan_check *check = &checking->checks->list[i];

	switch (check->of) {
	case CHECK_HEADER:
	case CHECK_TRAILER: say_field(checking, i, into, size); return;
	case CHECK_JSON: say_json(checking, check, into, size); return;
	case CHECK_BODY:
		say_text(into, size, checking->body.length > 0 ? checking->body.bytes : "", checking->body.length);
		return;
	case CHECK_SIZE: snprintf(into, size, "%llu bytes", (unsigned long long)checking->size); return;
	case CHECK_CRC32: snprintf(into, size, "%08x", checking->crc32); return;
	case CHECK_SHA256: break;
	}
	for (size_t at = 0; at < CHECK_SHA256_LENGTH && 2 * at + 2 < size; at++)
		snprintf(into + 2 * at, size - 2 * at, "%02x", checking->sha256[at]);
}

enum failure
checking_end(struct checking *checking)
{
	const struct checks *checks = checking->checks;
	enum failure failure = FAILURE_COUNT;

	if (checks == NULL)
		return FAILURE_COUNT;
	if (checks->wants_sha256)
		CHECK_OP(EVP_DigestFinal_ex(checking->digest, checking->sha256, NULL), ==, 1);
	checking->misses = (struct check_misses){.first = checks->first, .describe = describe, .context = checking};
	for (size_t i = checks->n; i-- > 0;)
		if (!holds(checking, i)) {
			checking->misses.failed |= UINT64_C(1) << i;
			failure = is_of_field(&checks->list[i]) ? FAILURE_HEADER : FAILURE_BODY;
		}
	return failure;
}
