#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "report/html.h"
#include "unit/report/document.h"
#include "unit/report/fixture.h"

#define HTML_CEILING ((size_t)8 * 1024 * 1024)
#define RUN_BEGINS "<script type=\"application/json\" id=\"run\">"

/* report.html as a run writes it. */
static char *
page_of(const struct report *report)
{
	struct buf buf;

	buf_init(&buf, HTML_CEILING);
	assert_true(document_by_file("report.html")->write(report, &buf));
	return buf_steal(&buf);
}

/* What it shows, from where its scripts read it. */
static cJSON *
shown_in(const char *page)
{
	const char *from = strstr(page, RUN_BEGINS), *to;

	assert_non_null(from);
	from += strlen(RUN_BEGINS);
	to = strstr(from, "</script>");
	assert_non_null(to);
	cJSON *shown = cJSON_ParseWithLength(from, (size_t)(to - from));

	assert_non_null(shown);
	return shown;
}

static size_t
times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *found = text; (found = strstr(found, what)) != NULL; found += strlen(what))
		n++;
	return n;
}

static int
column_of(cJSON *shown, const char *name)
{
	cJSON *one;
	int i = 0;

	cJSON_ArrayForEach(one, at(shown, "series.columns"))
	{
		if (strcmp(one->valuestring, name) == 0)
			return i;
		i++;
	}
	return -1;
}

static double
sum_of(cJSON *shown, const char *name)
{
	int column = column_of(shown, name);
	double sum = 0;
	cJSON *row;

	assert_true(column >= 0);
	cJSON_ArrayForEach(row, at(shown, "series.rows")) sum += cJSON_GetArrayItem(row, column)->valuedouble;
	return sum;
}

static void
test_a_page_shows_what_the_result_says(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *page = page_of(&report);
	cJSON *shown = shown_in(page);

	(void)state;
	assert_string_equal(
		at(shown, "headline")->valuestring, "BREAKS at 240/s: high_error_rate — sustains 200/s (safe 160/s)");
	assert_string_equal(at(shown, "result.verdict.status")->valuestring, "pass");
	assert_int_equal(number(shown, "result.totals.scheduled"), 2160);
	assert_int_equal(number(shown, "result.breaking_point.level"), 2);
	assert_int_equal(cJSON_GetArraySize(at(shown, "goals")), cJSON_GetArraySize(at(shown, "result.slo")));
	assert_string_equal(at(shown, "goals.0.unit")->valuestring, "ns");
	assert_string_equal(at(shown, "profile_yaml.0")->valuestring, "name: checkout");
	assert_string_equal(at(shown, "failures.status.blames")->valuestring, "target");
	assert_non_null(strstr(page, "<title>checkout · brunt</title>"));
	assert_non_null(strstr(page, "<noscript><pre>BREAKS at 240/s"));
	cJSON_Delete(shown);
	free(page);
	summary_free(summary);
}

static void
test_errors_are_told_by_class_and_by_second(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *page = page_of(&report);
	cJSON *shown = shown_in(page);

	(void)state;
	assert_int_equal(cJSON_GetArraySize(at(shown, "series.rows")), 12);
	assert_true(sum_of(shown, "failure.status") == 60);
	assert_true(sum_of(shown, "failure.timeout") == 56);
	assert_true(sum_of(shown, "failure.queue_timeout") == 20);
	assert_true(sum_of(shown, "scheduled") == 2160);
	assert_int_equal(column_of(shown, "failure.reset"), -1); /* there was none: no column */
	assert_int_equal(column_of(shown, "target.gpu"), -1);    /* nobody reads one */
	assert_true(column_of(shown, "target.cpu") > 0);
	cJSON_Delete(shown);
	free(page);
	summary_free(summary);
}

static void
test_a_curve_ends_where_samples_do(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	cJSON *shown = html_document(&report, &machine), *point, *before = NULL;
	const struct histogram *h = &summary->measured.histograms[METRIC_RESPONSE];

	(void)state;
	assert_string_equal(at(shown, "distributions.0.metric")->valuestring, "response");
	cJSON_ArrayForEach(point, at(shown, "distributions.0.points"))
	{
		double nines = cJSON_GetArrayItem(point, 0)->valuedouble;

		assert_true(nines <= (double)h->total);
		if (before != NULL) {
			assert_true(nines > cJSON_GetArrayItem(before, 0)->valuedouble);
			assert_true(strtod(cJSON_GetArrayItem(point, 1)->valuestring, NULL) >=
				    strtod(cJSON_GetArrayItem(before, 1)->valuestring, NULL));
		}
		before = point;
	}
	assert_true(cJSON_GetArrayItem(before, 0)->valuedouble > (double)h->total / 1.2);
	cJSON_Delete(shown);
	summary_free(summary);
}

/* Whatever may come from a profile or a target: the end of an element, its beginning, a comment, an escape sequence,
 * line breaks of all kinds, marks of the page itself. */
#define HOSTILE "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\x1b[2J\r\n\xe2\x80\xa8@RUN@&lt;\xff"

static void
test_nothing_that_anybody_said_becomes_part_of_the_page(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *harmless = page_of(&report);

	(void)state;
	plan.name = HOSTILE;
	plan.target.url.text = HOSTILE;
	plan.effective_yaml = "name: " HOSTILE "\nother: " HOSTILE;
	plan.hash[0] = '<';
	report.target_address = HOSTILE;
	fixture_requests[0].name = "</script><script>\x1b<!--\r\n"; /* a key: profiles are UTF-8 */
	snprintf(verdict.reasons[0], sizeof(verdict.reasons[0]), "%s", HOSTILE);
	snprintf(fixture_levels[2].findings[0].text, sizeof(fixture_levels[2].findings[0].text), "%s", HOSTILE);
	char *page = page_of(&report);
	cJSON *shown = shown_in(page);

	fixture_requests[0].name = "browse";
	assert_int_equal(times(page, "<script"), times(harmless, "<script"));
	assert_int_equal(times(page, "</script"), times(harmless, "</script"));
	assert_int_equal(times(page, "<!--"), 0);
	assert_int_equal(times(page, "<img"), 0);
	assert_int_equal(times(page, "\x1b"), 0);
	assert_int_equal(times(page, "\r"), 0);
	assert_int_equal(times(page, "\xff"), 0);
	assert_int_equal(times(page, "\xe2\x80\xa8"), times(harmless, "\xe2\x80\xa8"));
	assert_non_null(strstr(at(shown, "result.levels.2.findings.0.text")->valuestring, "<img src=x"));
	assert_non_null(strstr(at(shown, "result.name")->valuestring, "</script>")); /* said all the same */
	cJSON_Delete(shown);
	free(page);
	free(harmless);
	summary_free(summary);
}

static void
test_a_target_that_was_never_reached_has_a_page_too(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *page = page_of(&report);
	cJSON *shown = shown_in(page);

	(void)state;
	assert_string_equal(at(shown, "headline")->valuestring, "UNREACHABLE: 127.0.0.1:8080 refused the connection");
	assert_int_equal(cJSON_GetArraySize(at(shown, "reasons")), 0); /* the headline says it */
	assert_int_equal(cJSON_GetArraySize(at(shown, "series.rows")), 0);
	assert_int_equal(cJSON_GetArraySize(at(shown, "distributions")), 0);
	assert_int_equal(cJSON_GetArraySize(at(shown, "result.levels")), 0);
	cJSON_Delete(shown);
	free(page);
	summary_free(summary);
}

/* Rows are joined, levels are left out; but never those that the verdict speaks of. */
static void
test_a_page_of_a_long_run_is_no_larger_than_a_screen_needs(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);
	bool has_broken = false;
	cJSON *level;

	(void)state;
	verdict.breaking_point.first_broken_level = 4999;
	for (int64_t i = 0; i < SERIES_ROWS_MAX; i++) {
		struct series_row row = {.at_ns = (i + 1) * NS_PER_S, .ok = 1};

		series_add(&summary->series, &row);
	}
	for (uint32_t i = 0; i < 9000; i++)
		summary_add_level(summary, i, i * NS_PER_MS, (i + 1) * NS_PER_MS, i);
	cJSON *shown = html_document(&report, &machine);
	int rows = cJSON_GetArraySize(at(shown, "series.rows")),
	    levels = cJSON_GetArraySize(at(shown, "result.levels"));

	assert_true(rows <= HTML_ROWS_MAX && rows > HTML_ROWS_MAX / 2 - 1);
	assert_true(levels <= HTML_LEVELS_MAX + 2 && levels > HTML_LEVELS_MAX / 2);
	assert_int_equal(number(shown, "levels_n"), 9000);
	cJSON_ArrayForEach(level, at(shown, "result.levels")) has_broken |=
		strcmp(at(level, "index")->valuestring, "4999") == 0;
	assert_true(has_broken);
	cJSON_Delete(shown);
	summary_free(summary);
}

static void
test_what_does_not_fit_is_refused(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct buf buf;

	(void)state;
	buf_init(&buf, 1000);
	assert_false(document_by_file("report.html")->write(&report, &buf));
	buf_fini(&buf);
	summary_free(summary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_shows_what_the_result_says),
		cmocka_unit_test(test_errors_are_told_by_class_and_by_second),
		cmocka_unit_test(test_a_curve_ends_where_samples_do),
		cmocka_unit_test(test_nothing_that_anybody_said_becomes_part_of_the_page),
		cmocka_unit_test(test_a_target_that_was_never_reached_has_a_page_too),
		cmocka_unit_test(test_a_page_of_a_long_run_is_no_larger_than_a_screen_needs),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
