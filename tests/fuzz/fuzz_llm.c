#include <cjson/cJSON.h>

#include "reader/json_scan.h"
#include "unit/reader/reading.h"

/* Any bytes as the answer of any reader: the first byte chooses the reader, the second the content type and how the
 * rest is cut. The outcome must not depend on the cuts, nor break what generation.h promises; and what the scanner
 * takes for JSON, cJSON, which is laxer, takes too. */

static const char *const types[] = {"text/event-stream", "application/x-ndjson", "application/json", "text/plain"};

static void
check_promises(const struct reading *r)
{
	const struct generation *g = &r->generation;

	CHECK_OP(g->chunks, <=, g->events);
	CHECK_OP(g->coalesced, <=, g->chunks);
	CHECK((g->first_token_ns >= 0) == (g->chunks > 0));
	CHECK((g->last_token_ns >= 0) == (g->chunks > 0));
	CHECK(g->first_content_ns < 0 || g->first_content_ns >= g->first_token_ns);
	CHECK_OP(g->last_token_ns, >=, g->first_token_ns);
	CHECK((g->basis == TOKENS_UNKNOWN) == (g->completion_tokens == 0));
}

static void
check_same(const struct reading *a, const struct reading *b)
{
	CHECK_OP(a->verdict, ==, b->verdict);
	CHECK_OP(a->expects_error, ==, b->expects_error);
	CHECK(reading_is_same_generation(&a->generation, &b->generation));
	CHECK_OP(a->text.length, ==, b->text.length);
	CHECK(a->text.length == 0 || memcmp(a->text.bytes, b->text.bytes, a->text.length) == 0);
}

static void
find_nothing(void *context, unsigned meaning, const struct json_value *value)
{
	(void)context;
	(void)meaning;
	(void)value;
}

/* cJSON stops at depth 1000, and at numbers of more than 63 characters. */
static void
check_json(const char *text, size_t length)
{
	static const struct json_want none[] = {JSON_WANTS_END};

	if (!json_scan(text, length, none, find_nothing, NULL))
		return;
	cJSON *tree = cJSON_ParseWithLength(text, length);

	CHECK(tree != NULL || length > 63);
	cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *expected[] = {"overloaded", "500"};
	static const struct plan_request request = {.name = "r", .expect.errors = {expected, 2}};
	const size_t one_write[1] = {0};
	struct reading whole, cut;
	size_t n = 0;

	if (size < 3)
		return 0;
	while (readers[n] != NULL)
		n++;
	const struct reader_ops *ops = readers[data[0] % n];
	const char *type = types[data[1] % ARRAY_LEN(types)], *body = (const char *)data + 2;

	if (ops->on_header == NULL)
		return 0;
	reading_run(&whole, ops, &request, 200, type, body, size - 2, one_write, (struct cutting){0, size});
	reading_run(
		&cut, ops, &request, 200, type, body, size - 2, one_write, (struct cutting){0, data[1] / 4 % 8 + 1u});
	check_same(&whole, &cut);
	check_promises(&whole);
	check_json(body, size - 2);
	reading_fini(&whole);
	reading_fini(&cut);
	return 0;
}
