#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/report/fixture.h"

/* What every row of reporters.def must hold, and who asks for which. */

static void
test_each_reporter_has_a_name_a_help_and_documents_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; reporters[i] != NULL; i++) {
		const struct reporter_ops *reporter = reporters[i];

		assert_ptr_equal(reporter_by_name(reporter->choice.name), reporter);
		assert_ptr_equal(reporter_of(reporter_choices[i]), reporter);
		assert_true(strlen(reporter->choice.help) > 10);
		assert_non_null(reporter->documents[0].file);
		for (const struct report_document *d = reporter->documents; d->file != NULL; d++) {
			assert_ptr_equal(document_by_file(d->file), d); /* nobody else's has that name */
			assert_null(strchr(d->file, '/'));
		}
	}
	assert_null(reporter_by_name("xlsx"));
	assert_null(document_by_file("json"));
}

static void
test_the_usual_documents_come_without_being_asked_for(void **state)
{
	struct plan plan = fixture_plan();
	const struct report report = {.plan = &plan};
	const struct document_list list = documents_of(&report);

	(void)state;
	for (size_t i = 0; reporters[i] != NULL; i++) {
		bool is_there = false;

		for (size_t k = 0; k < list.n; k++)
			is_there = is_there || list.items[k] == &reporters[i]->documents[0];
		assert_int_equal(is_there, reporters[i]->is_usual);
	}
	assert_true(reporter_by_name("json")->is_usual);
	assert_true(reporter_by_name("text")->is_usual);
}

static void
test_who_asks_twice_gets_a_document_once(void **state)
{
	struct plan plan = fixture_plan();
	const struct plan_choice *formats[] = {&reporter_by_name("text")->choice, &reporter_by_name("json")->choice};
	struct document_list also = {.n = 0};
	const struct report report = {.plan = &plan, .documents = &also};
	struct error err = {0};

	(void)state;
	const size_t usual = documents_of(&report).n;

	plan.output.formats = (struct plan_list){.items = formats, .n = 2};
	assert_true(documents_parse(&also, "json,text,result.json", &err));
	assert_int_equal(also.n, 2);
	assert_string_equal(also.items[0]->file, "result.json"); /* in the order asked for */
	assert_int_equal(documents_of(&report).n, usual);
}

static void
test_a_format_that_nobody_knows_is_refused_with_those_that_there_are(void **state)
{
	static const char *const wrong[] = {"xlsx", "json,xlsx", "", "json,", "json text", "JSON"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct document_list list = {.n = 0};
		struct error err = {0};

		assert_false(documents_parse(&list, wrong[i], &err));
		assert_non_null(strstr(err.message, "is not a format"));
		assert_non_null(strstr(err.message, "json, text"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_reporter_has_a_name_a_help_and_documents_of_its_own),
		cmocka_unit_test(test_the_usual_documents_come_without_being_asked_for),
		cmocka_unit_test(test_who_asks_twice_gets_a_document_once),
		cmocka_unit_test(test_a_format_that_nobody_knows_is_refused_with_those_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
