#include "plan/checks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/compile.h"

struct checking_plan {
	struct plan_context *context;
	struct plan_request *request;
	struct plan_check *checks;
	struct error *err;
};

static bool
refuse_slots(const struct checking_plan *c, const struct plan_node *node)
{
	return strstr(node->text, "${") == NULL ||
	       plan_error(node, c->err, "%s: a check holds no slots; only the text that the body must contain does",
		       node->key);
}

static struct plan_check *
add(struct checking_plan *c, const struct plan_node *node, enum plan_check_of of, const char *name)
{
	if (c->request->checks_n == CHECKS_OF_REQUEST_CEILING) {
		plan_error(node, c->err, "expect: more than %zu checks of one request", CHECKS_OF_REQUEST_CEILING);
		return NULL;
	}
	struct plan_check *check = &c->checks[c->request->checks_n++];

	check->of = of;
	check->name = name;
	return check;
}

static const struct {
	const char *word;
	enum plan_check_how how;
} hows[] = {{"equals", CHECK_EQUALS}, {"contains", CHECK_CONTAINS}, {"regex", CHECK_MATCHES}, {"exists", CHECK_EXISTS}};

/* One of {equals: …}, {contains: …}, {regex: …} or {exists: true}. */
static bool
parse_how(struct checking_plan *c, const struct plan_node *node, struct plan_check *check)
{
	for (size_t i = 0; i < ARRAY_LEN(hows); i++) {
		if (node->kind != NODE_SCALAR || strcmp(node->key, hows[i].word) != 0)
			continue;
		check->how = hows[i].how;
		check->text = node->text;
		if (check->how == CHECK_EXISTS && strcmp(node->text, "false") == 0)
			check->how = CHECK_IS_ABSENT;
		else if (check->how == CHECK_EXISTS && strcmp(node->text, "true") != 0)
			return plan_error(node, c->err, "exists: write true or false");
		return refuse_slots(c, node);
	}
	return plan_error(node, c->err, "expect: write equals, contains, regex or exists, not '%.64s'", node->key);
}

/* A value stands for {equals: VALUE}. */
static bool
add_one(struct checking_plan *c, const struct plan_node *node, enum plan_check_of of, const char *what,
	const char *name)
{
	if (node->kind == NODE_SCALAR) {
		struct plan_check *check = add(c, node, of, name);

		if (check == NULL || !refuse_slots(c, node))
			return false;
		check->how = CHECK_EQUALS;
		check->what = what;
		check->text = node_is_null(node) ? "null" : node->text;
		return true;
	}
	if (node->kind != NODE_MAP || node->n == 0)
		return plan_error(node, c->err,
			"expect: '%.64s' wants a value, or a map such as {contains: x}, {regex: 'x+'} or {exists: true}",
			node->key);
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		struct plan_check *check = add(c, item, of, name);

		if (check == NULL)
			return false;
		check->what = what;
		if (!parse_how(c, item, check))
			return false;
	}
	return true;
}

/* `header`, `trailer` or `json`: a map of names to what is expected of each. */
static bool
add_map(struct checking_plan *c, const struct plan_node *map, enum plan_check_of of)
{
	if (map == NULL)
		return true;
	if (map->kind != NODE_MAP || map->n == 0)
		return plan_error(map, c->err, "%s: write a map such as %s", map->key,
			of == CHECK_JSON     ? "{/status: done, /items/0/id: {exists: true}}"
			: of == CHECK_HEADER ? "{Content-Type: application/json, ETag: {exists: true}}"
					     : "{X-Status: done, X-Checksum: {exists: true}}");
	for (const struct plan_node *item = map->first; item != NULL; item = item->next) {
		if (of == CHECK_JSON && item->key[0] != '/' && item->key[0] != '\0')
			return plan_error(item, c->err,
				"json: '%.100s' is not a JSON pointer (RFC 6901); write /status or /items/0/id",
				item->key);
		if (!add_one(c, item, of, item->key, arena_printf(c->context->arena, "%s %s", map->key, item->key)))
			return false;
	}
	return true;
}

/* What it must contain is the reader's to search for, as it comes; the rest is a check. */
static bool
add_body(struct checking_plan *c, const struct plan_node *body, struct plan_expect *expect)
{
	if (body == NULL || body->kind == NODE_SCALAR) {
		expect->body = body != NULL ? body->text : NULL;
		return true;
	}
	if (body->kind != NODE_MAP || body->n == 0)
		return plan_error(
			body, c->err, "body: write a text, or a map such as {contains: x, regex: 'id=[0-9]+'}");
	for (const struct plan_node *item = body->first; item != NULL; item = item->next) {
		if (strcmp(item->key, "contains") == 0 && item->kind == NODE_SCALAR) {
			expect->body = item->text;
			continue;
		}
		struct plan_check *check =
			add(c, item, CHECK_BODY, arena_printf(c->context->arena, "body %s", item->key));

		if (check == NULL || !parse_how(c, item, check))
			return false;
		if (check->how != CHECK_EQUALS && check->how != CHECK_MATCHES)
			return plan_error(item, c->err, "body: write contains, equals or regex");
	}
	return true;
}

/* "100", "1KiB", "1KiB..2KiB", "..2KiB", "1KiB.." */
static bool
parse_size(const char *text, struct plan_check *check)
{
	const char *dots = strstr(text, "..");
	char least[64];

	check->most = UINT64_MAX;
	if (dots == NULL) {
		bool is_good = units_parse_bytes(text, &check->least);

		check->most = check->least;
		return is_good;
	}
	if ((size_t)(dots - text) >= sizeof(least) || (dots == text && dots[2] == '\0'))
		return false;
	memcpy(least, text, (size_t)(dots - text));
	least[dots - text] = '\0';
	return (dots == text || units_parse_bytes(least, &check->least)) &&
	       (dots[2] == '\0' || units_parse_bytes(dots + 2, &check->most)) && check->least <= check->most;
}

static int
digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* So many bytes in hexadecimal digits, and nothing else. */
static bool
parse_hex(const char *text, uint8_t *bytes, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool
add_whole(struct checking_plan *c, const struct plan_node *expect)
{
	const struct plan_node *size = node_get(expect, "size"), *sha256 = node_get(expect, "sha256");
	const struct plan_node *crc32 = node_get(expect, "crc32");
	struct plan_check *check = NULL;
	uint8_t crc[4] = {0};

	if (size != NULL && ((check = add(c, size, CHECK_SIZE, "size")) == NULL || !parse_size(size->text, check)))
		return plan_error(size, c->err, "size: '%.64s' is no size; write 512, 1KiB..2KiB, 1KiB.. or ..2KiB",
			size->source);
	if (sha256 != NULL && ((check = add(c, sha256, CHECK_SHA256, "sha256")) == NULL ||
				      !parse_hex(sha256->text, check->sha256, CHECK_SHA256_LENGTH)))
		return plan_error(sha256, c->err, "sha256: write its 64 hexadecimal digits, as sha256sum prints them");
	if (crc32 != NULL &&
		((check = add(c, crc32, CHECK_CRC32, "crc32")) == NULL || !parse_hex(crc32->text, crc, sizeof(crc))))
		return plan_error(
			crc32, c->err, "crc32: write its 8 hexadecimal digits, as gzip and `crc32` have them");
	if (crc32 != NULL)
		check->crc32 = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 | crc[3];
	return true;
}

bool
checks_compile(struct plan_context *context, const struct plan_node *item, struct plan_expect *expect,
	struct plan_request *request, struct error *err)
{
	const struct plan_node *node = node_get(item, "expect");
	struct checking_plan c = {.context = context, .request = request, .err = err};

	if (node == NULL || node->kind != NODE_MAP)
		return true;
	c.checks = arena_alloc(context->arena, CHECKS_OF_REQUEST_CEILING * sizeof(*c.checks));
	request->checks = c.checks;
	return add_body(&c, node_get(node, "body"), expect) && add_map(&c, node_get(node, "header"), CHECK_HEADER) &&
	       add_map(&c, node_get(node, "trailer"), CHECK_TRAILER) &&
	       add_map(&c, node_get(node, "json"), CHECK_JSON) && add_whole(&c, node);
}
