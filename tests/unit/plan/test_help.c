#include "unit/plan/loading.h"

#include <stdio.h>

#include "base/buf.h"
#include "plan/rows.h"

#define HELP_CEILING ((size_t)1024 * 1024)

/* Every key that the parser knows is in the text, once as a row of its own. */
static void
assert_rows(const char *text, const struct plan_key *keys, const char *format)
{
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++) {
		char row[128];

		snprintf(row, sizeof(row), format, keys->name);
		if (strstr(text, row) == NULL)
			fail_msg("the help has no row for '%s'", keys->name);
		assert_non_null(strstr(text, keys->help));
		if (keys->keys != NULL)
			assert_rows(text, keys->keys, format);
	}
}

static void
test_help_shows_every_key_that_the_parser_knows(void **state)
{
	(void)state;
	struct buf text, markdown;

	buf_init(&text, HELP_CEILING);
	buf_init(&markdown, HELP_CEILING);
	plan_help_text(&text, &fake_tables);
	plan_help_markdown(&markdown, &fake_tables);
	assert_rows(text.bytes, profile_keys, "\n  %-24s ");
	assert_rows(markdown.bytes, profile_keys, "\n| `%s` | ");
	for (size_t i = 0; fake_shapes[i] != NULL; i++) {
		assert_rows(text.bytes, fake_shapes[i]->keys, "\n  %-24s ");
		assert_rows(markdown.bytes, fake_shapes[i]->keys, "\n| `%s` | ");
		assert_non_null(strstr(text.bytes, fake_shapes[i]->help));
	}
	for (size_t i = 0; fake_metrics[i] != NULL; i++)
		assert_non_null(strstr(text.bytes, fake_metrics[i]->help));
	buf_fini(&text);
	buf_fini(&markdown);
}

static void
test_help_says_type_range_and_default(void **state)
{
	(void)state;
	struct buf text;

	buf_init(&text, HELP_CEILING);
	plan_help_text(&text, &fake_tables);
	assert_non_null(strstr(text.bytes, "  timeout                  time, 1ms to 1h [10s]\n"));
	assert_non_null(strstr(text.bytes,
		"  spacing                  uniform, poisson, gamma:BURSTINESS or {gamma: {burstiness: 0.5}} [uniform]\n"));
	assert_non_null(strstr(text.bytes, "  safe_share               share, 1% to 100% [80%]\n"));
	assert_non_null(strstr(text.bytes, "  max_header_bytes         size, 1KiB to 1MiB [64KiB]\n"));
	assert_non_null(
		strstr(text.bytes, "  url                      a URL such as http://127.0.0.1:8080 [required]\n"));
	buf_fini(&text);
}

/* What the help shows as an example must be a profile that loads. */
static void
test_every_example_of_the_help_loads(void **state)
{
	(void)state;
	struct buf text;
	size_t examples = 0;

	buf_init(&text, HELP_CEILING);
	plan_help_text(&text, &fake_tables);
	for (const char *p = text.bytes; (p = strstr(p, "\n  load: {")) != NULL; p++) {
		char profile[512];
		int length = (int)strcspn(p + 3, "\n");

		if (strstr(p, "trace") == strchr(p, '{') + 1) /* its file is not there */
			continue;
		snprintf(profile, sizeof(profile), "target: http://h\n%.*s\n", length, p + 3);
		plan_free(load(profile));
		examples++;
	}
	assert_int_equal(examples, 5);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_shows_every_key_that_the_parser_knows),
		cmocka_unit_test(test_help_says_type_range_and_default),
		cmocka_unit_test(test_every_example_of_the_help_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
