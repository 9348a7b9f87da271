#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/units.h"
#include "report/suite.h"

/* A suite whose names and reasons are as hostile as a profile or a server may make them. */

static struct suite_row rows[] = {
	{.name = "smoke",
		.category = "suite",
		.profile = "smoke.yaml",
		.status = SUITE_PASS,
		.exit_code = 0,
		.dir = "01-smoke",
		.began_ns = 0,
		.took_ns = 1500 * NS_PER_MS,
		.requests = 12345,
		.score = {GRADE_EXCELLENT, 3, 3}},
	{.name = "ttft",
		.category = "a<b>&\"c'\x1b[31m",
		.profile = "ttft.yaml",
		.status = SUITE_FAIL,
		.exit_code = 1,
		.reason = "missed 'p95 <= 1us' & \"more\"\n\x1b]0;x\x07 <script>\xff",
		.dir = "02-ttft",
		.began_ns = 2 * NS_PER_S,
		.took_ns = NS_PER_S,
		.requests = 7,
		.score = {GRADE_POOR, 1, 2}},
	{.name = "late",
		.category = "suite",
		.profile = "late.yaml",
		.status = SUITE_NOT_RUN,
		.cause = SUITE_CAUSE_LIMIT,
		.exit_code = -1,
		.reason = "the suite's limit of 1s was over",
		.began_ns = -1,
		.took_ns = -1},
	{.name = "needy",
		.category = "suite",
		.profile = "needy.yaml",
		.status = SUITE_NOT_RUN,
		.cause = SUITE_CAUSE_NEED,
		.exit_code = -1,
		.reason = "it needs 'ttft', which failed",
		.began_ns = -1,
		.took_ns = -1},
};

static const struct suite_record record = {.name = "nightly",
	.id = "20261122T020000Z-000001",
	.started_wall_ns = INT64_C(1795312800) * NS_PER_S,
	.took_ns = 3 * NS_PER_S,
	.pass_rate = 0.95,
	.limit_ns = NS_PER_S,
	.rows = rows,
	.rows_n = sizeof(rows) / sizeof(rows[0]),
	.has_ended = true,
	.status = VERDICT_INCONCLUSIVE,
	.exit_code = 3,
	.reasons = {"ttft failed: missed", "1 of 4 not run: the time was up"},
	.reasons_n = 2,
	.effective_json = "{\"suite\":[\"smoke.yaml\"]}"};

static const char *
written(bool (*write)(const struct suite_record *, struct buf *), struct buf *text)
{
	buf_init(text, SUITE_DOCUMENT_CEILING);
	assert_true(write(&record, text));
	return text->bytes;
}

static void
assert_harmless(const char *text)
{
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\x07'));
	assert_null(strchr(text, '\xff'));
}

static void
test_the_document_is_read_again_as_it_was_written(void **state)
{
	struct error err = {0};
	struct buf text;

	(void)state;
	written(suite_add_json, &text);
	assert_harmless(text.bytes);
	struct suite_record *again = suite_record_read(text.bytes, text.length, &err);

	assert_non_null(again);
	assert_string_equal(again->name, "nightly");
	assert_string_equal(again->id, record.id);
	assert_int_equal(again->started_wall_ns, record.started_wall_ns);
	assert_int_equal(again->took_ns, record.took_ns);
	assert_int_equal(again->status, VERDICT_INCONCLUSIVE);
	assert_int_equal(again->exit_code, 3);
	assert_int_equal(again->reasons_n, 2);
	assert_string_equal(again->reasons[1], record.reasons[1]);
	assert_true(again->has_ended);
	assert_int_equal(again->rows_n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(again->rows[i].name, rows[i].name);
		assert_string_equal(again->rows[i].dir, rows[i].dir);
		assert_int_equal(again->rows[i].status, rows[i].status);
		assert_int_equal(again->rows[i].cause, rows[i].cause);
		assert_int_equal(again->rows[i].exit_code, rows[i].exit_code);
		assert_int_equal(again->rows[i].took_ns, rows[i].took_ns);
		assert_int_equal(again->rows[i].requests, rows[i].requests);
		assert_memory_equal(&again->rows[i].score, &rows[i].score, sizeof(rows[i].score));
	}
	assert_string_equal(again->effective_json, record.effective_json);
	suite_record_free(again);
	buf_fini(&text);
}

static void
test_what_is_no_suite_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"schema\":\"brunt/result/1\"}",
		"{\"schema\":\"brunt/suite/1\"}", "{\"schema\":\"brunt/suite/1\",\"verdict\":{},\"rows\":[7]}",
		"{\"schema\":\"brunt/suite/1\",\"verdict\":{},\"rows\":[{\"status\":\"odd\"}]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct error err = {0};

		if (suite_record_read(texts[i], strlen(texts[i]), &err) != NULL || !error_is_set(&err))
			fail_msg("accepted: %s", texts[i]);
	}
}

static void
test_the_report_says_the_verdict_first_and_each_reason(void **state)
{
	struct buf text;

	(void)state;
	const char *report = written(suite_add_text, &text);

	assert_ptr_equal(strstr(report, "INCONCLUSIVE: 1 of 4 passed, 1 failed, 2 not run\n"), report);
	assert_non_null(strstr(report, "INCONCLUSIVE, exit 3 · nightly · 2026-11-22T02:00:00Z · 3.0s"));
	assert_non_null(strstr(report, "  - 1 of 4 not run: the time was up\n"));
	assert_non_null(strstr(report, "12,345"));
	assert_non_null(strstr(report, "3 of 3: excellent"));
	assert_non_null(strstr(report, "it needs 'ttft', which failed"));
	assert_non_null(strstr(report, "  all"));
	assert_harmless(report);
	buf_fini(&text);
}

static size_t
times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *found = text; (found = strstr(found, what)) != NULL; found += strlen(what))
		n++;
	return n;
}

/* The text for those without scripts, and beneath it the document; none of what was said is an element of the page. */
static void
test_a_page_says_the_same_and_lets_nothing_through(void **state)
{
	static const char begins[] = "<script type=\"application/json\" id=\"run\">";
	struct suite_record alone = record;
	struct buf text, plain;

	(void)state;
	const char *page = written(suite_add_html, &text);
	const char *from = strstr(page, begins);

	alone.rows_n = 1; /* the one row that is harmless */
	buf_init(&plain, SUITE_DOCUMENT_CEILING);
	assert_true(suite_add_html(&alone, &plain));
	assert_non_null(strstr(page, "<title>nightly · brunt</title>"));
	assert_non_null(strstr(page, "<noscript><pre>INCONCLUSIVE: 1 of 4 passed, 1 failed, 2 not run\n"));
	assert_non_null(from);
	from += strlen(begins);
	cJSON *shown = cJSON_ParseWithLength(from, (size_t)(strstr(from, "</script>") - from)),
	      *expected = suite_html_document(&record);
	char *is = cJSON_PrintUnformatted(shown), *wanted = cJSON_PrintUnformatted(expected);
	cJSON *again = cJSON_Parse(wanted);

	assert_non_null(shown);
	assert_true(cJSON_Compare(shown, again, true));
	assert_non_null(strstr(is, "<script>"));
	assert_int_equal(times(page, "<script"), times(plain.bytes, "<script"));
	assert_null(strstr(page, "<b>"));
	assert_harmless(page);
	cJSON_free(is);
	cJSON_free(wanted);
	cJSON_Delete(again);
	cJSON_Delete(shown);
	cJSON_Delete(expected);
	buf_fini(&plain);
	buf_fini(&text);
}

static void
test_junit_has_a_case_for_each_row(void **state)
{
	struct buf text;

	(void)state;
	const char *xml = written(suite_add_junit, &text);

	assert_non_null(strstr(xml,
		"<testsuites name=\"nightly\" tests=\"5\" failures=\"1\" errors=\"2\" skipped=\"1\" time=\"3.000\">"));
	assert_non_null(strstr(xml, "<testcase name=\"smoke\" classname=\"nightly.suite\" time=\"1.500\"/>"));
	assert_non_null(
		strstr(xml, "<error message=\"the suite&apos;s limit of 1s was over\" type=\"not_run\"></error>"));
	assert_non_null(strstr(xml, "<skipped message=\"it needs &apos;ttft&apos;, which failed\"></skipped>"));
	assert_non_null(strstr(xml, "<testsuite name=\"a&lt;b&gt;&amp;&quot;c&apos;\\x1b[31m\" tests=\"1\""));
	assert_non_null(strstr(xml, "type=\"fail\">see 02-ttft</failure>"));
	assert_null(strstr(xml, "<script>"));
	assert_harmless(xml);
	buf_fini(&text);
}

static void
test_junit_is_red_only_where_the_exit_code_is(void **state)
{
	struct suite_record forgiving = record;
	struct buf text;

	(void)state;
	forgiving.rows_n = 2;
	forgiving.pass_rate = 0.5;
	forgiving.status = VERDICT_PASS;
	forgiving.exit_code = EXIT_PASSED;
	buf_init(&text, SUITE_DOCUMENT_CEILING);
	assert_true(suite_add_junit(&forgiving, &text));
	assert_non_null(strstr(text.bytes, "tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"1\""));
	assert_null(strstr(text.bytes, "<failure"));
	assert_non_null(
		strstr(text.bytes, "<testcase name=\"verdict\" classname=\"nightly.verdict\" time=\"3.000\"/>"));
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_document_is_read_again_as_it_was_written),
		cmocka_unit_test(test_what_is_no_suite_is_refused),
		cmocka_unit_test(test_the_report_says_the_verdict_first_and_each_reason),
		cmocka_unit_test(test_a_page_says_the_same_and_lets_nothing_through),
		cmocka_unit_test(test_junit_has_a_case_for_each_row),
		cmocka_unit_test(test_junit_is_red_only_where_the_exit_code_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
