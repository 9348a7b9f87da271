#include "measure/json_read.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static void
test_members_that_nobody_knows_fail(void **state)
{
	static const char *const names[] = {"how", "why", NULL};
	static const struct {
		const char *text, *problem;
	} bodies[] = {{"{}", NULL}, {"{\"why\": 1}", NULL}, {"{\"how\": 1, \"who\": 2}", "who: is not known here"},
		{"{\"\": 1}", ": is not known here"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct error err = {0};
		struct json_reader reader = {.err = &err};
		cJSON *body = json_parse(&reader, bodies[i].text, strlen(bodies[i].text), 100);

		json_have_only(&reader, body, names);
		assert_int_equal(reader.has_failed, bodies[i].problem != NULL);
		assert_string_equal(err.message, bodies[i].problem != NULL ? bodies[i].problem : "");
		cJSON_Delete(body);
	}
}

static void
test_what_failed_before_stays_what_failed(void **state)
{
	struct error err = {0};
	struct json_reader reader = {.err = &err};
	cJSON *body = json_parse(&reader, "[]", 2, 100);

	(void)state;
	json_have_only(&reader, body, (const char *const[]){NULL});
	json_must_have(&reader, body, "how");
	assert_true(reader.has_failed);
	assert_non_null(strstr(err.message, "an object is wanted"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_that_nobody_knows_fail),
		cmocka_unit_test(test_what_failed_before_stays_what_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
