#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "measure/check_counts.h"
#include "measure/interval_decode.h"
#include "measure/json.h"
#include "measure/json_read.h"

static void
describe(const void *context, size_t i, char *into, size_t size)
{
	snprintf(into, size, "%s %zu", (const char *)context, i);
}

static void
miss(struct check_counts *counts, uint64_t failed, const char *got)
{
	check_counts_add(
		counts, &(struct check_misses){.failed = failed, .first = 3, .describe = describe, .context = got});
}

static void
test_failures_are_counted_by_check_and_the_first_is_kept(void **state)
{
	struct check_counts one, other;

	(void)state;
	check_counts_init(&one);
	check_counts_init(&other);
	miss(&one, 1, "a");
	miss(&one, 5, "b");
	miss(&other, 4, "c");
	miss(&other, 2, "d");
	check_counts_merge(&one, &other);
	assert_int_equal(one.n, 6);
	assert_int_equal(one.list[3].failed, 2);
	assert_string_equal(one.list[3].first, "a 0");
	assert_int_equal(one.list[4].failed, 1);
	assert_string_equal(one.list[4].first, "d 1");
	assert_int_equal(one.list[5].failed, 2);
	assert_string_equal(one.list[5].first, "b 2");
	check_counts_reset(&one);
	assert_int_equal(one.n, 0);
	assert_int_equal(one.list[5].failed, 0);
	check_counts_fini(&one);
	check_counts_fini(&other);
}

static void
test_they_pass_through_the_event_stream(void **state)
{
	struct check_counts counts, read;
	struct json_reader r = {0};
	struct buf text;

	(void)state;
	check_counts_init(&counts);
	check_counts_init(&read);
	miss(&counts, 1, "quo\"te");
	miss(&counts, (uint64_t)1 << 40, "far");
	buf_init(&text, 4096);
	buf_add_text(&text, "{\"x\":1");
	check_counts_encode(&text, &counts);
	buf_add_text(&text, "}");
	buf_add(&text, "", 1);
	cJSON *tree = cJSON_Parse(text.bytes);

	assert_non_null(tree);
	check_counts_read(&r, tree, &read);
	assert_false(r.has_failed);
	assert_int_equal(read.n, counts.n);
	assert_int_equal(read.list[43].failed, 1);
	assert_string_equal(read.list[43].first, "far 40");
	assert_string_equal(read.list[3].first, "quo\"te 0");
	cJSON_Delete(tree);
	buf_fini(&text);
	check_counts_fini(&counts);
	check_counts_fini(&read);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures_are_counted_by_check_and_the_first_is_kept),
		cmocka_unit_test(test_they_pass_through_the_event_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
