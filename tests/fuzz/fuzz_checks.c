#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "request/checks.h"

/* An answer of any bytes against checks of every kind: judged, and what was there told, within bounds. What comes
 * before the first line end is a header's value. */

static const struct plan_check list[] = {
	{.of = CHECK_HEADER, .how = CHECK_MATCHES, .what = "x", .text = "^[a-z]+$"},
	{.of = CHECK_HEADER, .how = CHECK_IS_ABSENT, .what = "x"},
	{.of = CHECK_BODY, .how = CHECK_EQUALS, .text = "abc"},
	{.of = CHECK_BODY, .how = CHECK_MATCHES, .text = "(a+)+$"},
	{.of = CHECK_JSON, .how = CHECK_EQUALS, .what = "/a/0", .text = "1"},
	{.of = CHECK_JSON, .how = CHECK_CONTAINS, .what = "/b~1c", .text = "x"},
	{.of = CHECK_JSON, .how = CHECK_IS_ABSENT, .what = ""},
	{.of = CHECK_SIZE, .least = 1, .most = 2},
	{.of = CHECK_SHA256},
	{.of = CHECK_CRC32},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan_request request = {.name = "x", .checks = list, .checks_n = ARRAY_LEN(list)};
	const char *bytes = (const char *)data, *line = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t field = line != NULL ? (size_t)(line - bytes) : 0;
	struct checking checking;
	struct checks *checks;
	struct error err = {0};
	char got[120];

	CHECK(checks_new(&request, &checks, &err));
	checking_init(&checking);
	checking_begin(&checking, checks);
	checking_add_header(&checking, "X", 1, bytes, field);
	if (size > field)
		checking_add_body(&checking, bytes + field, size - field);
	CHECK_OP(checking_end(&checking), !=, FAILURE_COUNT); /* no text has that SHA-256 */
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		checking.misses.describe(checking.misses.context, i, got, sizeof(got));
		CHECK_OP(strnlen(got, sizeof(got)), <, sizeof(got));
	}
	checking_fini(&checking);
	checks_free(checks);
	return 0;
}
