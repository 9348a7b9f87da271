#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "unit/report/fixture.h"
#include "unit/report/page.h"

static void
test_a_broken_target_is_reported_at_100_and_60_columns(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *wide = rendered(&report, 100, false), *narrow = rendered(&report, 60, false);

	(void)state;
	assert_golden("breaks_100.txt", wide);
	assert_golden("breaks_60.txt", narrow);
	assert_fits(wide, 100);
	assert_fits(narrow, 60);
	free(wide);
	free(narrow);
	summary_free(summary);
}

static void
test_a_run_that_sent_nothing_has_a_report_without_made_up_figures(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	report.pacing = NULL;
	report.results_dir = NULL;
	char *text = rendered(&report, 100, false);

	assert_golden("unreachable_100.txt", text);
	assert_null(strstr(text, "Generator"));
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf"));
	assert_null(strstr(text, "(null)"));
	free(text);
	summary_free(summary);
}

/* Requests were due, and refused: what is left is counts and errors in words. */
static void
test_an_unreachable_target_has_a_short_report(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);
	static const char *const sections[] = {
		"\nLevels", "\nLatency", "\nResponse times", "\nRequests", "\nObjectives", "\nGenerator"};

	(void)state;
	summary->everything.counts =
		(struct counts){.scheduled = 400, .unsent = 400, .by_failure = {[FAILURE_CONNECT_REFUSED] = 400}};
	summary->connects = summary->connects_failed = 3;
	char *text = rendered(&report, 100, false);

	assert_non_null(strstr(text, "0 opened, 3 failed to open"));
	assert_non_null(strstr(text, "UNREACHABLE: 127.0.0.1:8080 refused the connection"));
	assert_non_null(strstr(text, "400 = 0 sent + 0 dropped + 400 unsent"));
	assert_non_null(strstr(text, failure_rows[FAILURE_CONNECT_REFUSED].sentence));
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strstr(text, sections[i]) != NULL)
			fail_msg("there is a section '%s'", sections[i] + 1);
	assert_null(strstr(text, "achieved of"));
	free(text);
	summary_free(summary);
}

/* Where they failed is told of classes that leave it open, and of those alone. */
static void
test_failures_say_how_far_they_had_come(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct counts counts = {.scheduled = 400, .sent = 350, .ok = 300};

	(void)state;
	counts_add_failures(&counts, FAILURE_RESPONSE_TIMEOUT, EXCHANGE_HEADERS, 30);
	counts_add_failures(&counts, FAILURE_RESPONSE_TIMEOUT, EXCHANGE_BODY, 12);
	counts_add_failures(&counts, FAILURE_STATUS, EXCHANGE_ANSWER, 8);
	counts_add_failures(&counts, FAILURE_CONNECT_REFUSED, EXCHANGE_CONNECT, 50);
	summary->everything.counts = counts;
	char *text = rendered(&report, 300, false);

	assert_non_null(strstr(
		text, "within the timeout; 30 waiting for the answer's headers, 12 reading the answer's body\n"));
	assert_non_null(strstr(text, "a status that the profile does not expect\n"));
	assert_non_null(strstr(text, "the target refused the connection\n"));
	free(text);
	summary_free(summary);
}

static void
assert_says_of_spike(const struct spike_verdict *spike, const char *sentence)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	verdict.spike = *spike;
	char *text = rendered(&report, 200, false);

	if (strstr(text, sentence) == NULL)
		fail_msg("'%s' is not said in:\n%s", sentence, text);
	free(text);
	summary_free(summary);
}

static void
test_a_spike_is_told_by_its_overshoot_and_the_way_back(void **state)
{
	struct spike_verdict spike = {.spikes = 1,
		.base_p95_ns = 15200000,
		.worst_p95_ns = 240 * NS_PER_MS,
		.overshoot = 15.79,
		.recovered_after_ns = 3 * NS_PER_S,
		.slowest_recovery_ns = 3 * NS_PER_S};

	(void)state;
	assert_says_of_spike(&spike, "15.2ms before, 240ms at worst (15.8×), back to normal 3.0s after it ended\n");
	spike.spikes = 2;
	spike.slowest_recovery_ns = 5 * NS_PER_S;
	assert_says_of_spike(&spike, "back to normal 3.0s after the first ended, 5.0s at the slowest\n");
	spike.slowest_recovery_ns = -1;
	assert_says_of_spike(&spike, "not back to normal after every spike before the next or the load's end\n");
	spike = (struct spike_verdict){.spikes = 1,
		.base_p95_ns = 15200000,
		.worst_p95_ns = 240 * NS_PER_MS,
		.overshoot = 15.79,
		.recovered_after_ns = -1,
		.slowest_recovery_ns = -1};
	assert_says_of_spike(&spike, "(15.8×), not back to normal before the load ended\n");
	spike = (struct spike_verdict){.spikes = 1,
		.base_p95_ns = -1,
		.worst_p95_ns = 240 * NS_PER_MS,
		.overshoot = NAN,
		.recovered_after_ns = -2,
		.slowest_recovery_ns = -2};
	assert_says_of_spike(&spike, "n/a before, 240ms at worst, too few rows to tell when it was back to normal\n");
}

static void
test_a_closed_loop_says_what_it_leaves_out(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	static const char stamp[] = "a closed loop: response times omit the waiting that an open load would show";

	(void)state;
	char *open = rendered(&report, 100, false);

	fixture_scenarios[0].load.in_users = true;
	char *closed = rendered(&report, 100, false);

	fixture_scenarios[0].load.in_users = false;
	assert_null(strstr(open, stamp));
	assert_non_null(strstr(closed, stamp));
	free(open);
	free(closed);
	summary_free(summary);
}

static void
test_hostile_names_and_evidence_cannot_reach_the_terminal(void **state)
{
	struct plan plan = fixture_plan();
	struct verdict verdict = fixture_verdict();
	static const char evil[] = "\033]0;owned\a\xe2\x80\xae\xff\r\nx";

	(void)state;
	plan.name = plan.target.url.text = evil;
	fixture_requests[0].name = evil;
	fixture_slos[0].expr.text = evil;
	for (int i = 0; i < 2; i++)
		snprintf(fixture_levels[2].findings[i].text, FINDING_TEXT_MAX, "%s", evil);
	snprintf(verdict.reasons[0], FINDING_TEXT_MAX, "%s", evil);
	verdict.reasons_n = 1;
	struct summary *summary = fixture_summary(&plan, 3);
	struct report report = fixture_report(&plan, summary, &verdict);

	report.results_dir = evil;
	char *text = rendered(&report, 100, false);

	assert_null(strpbrk(text, "\033\a\r"));
	assert_null(strchr(text, '\xff'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "\\x1b]0;owned\\x07\\u{202e}\\xff\\x0d\\x0ax"));
	free(text);
	summary_free(summary);
	fixture_requests[0].name = "browse";
}

static void
assert_headline(const struct report *report, const char *expected)
{
	char line[512];

	assert_string_equal(terminal_headline(report, line, sizeof(line)), expected);
}

static void
test_the_first_line_says_what_was_found(void **state)
{
	struct plan plan = fixture_plan();
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, NULL, &verdict);
	struct breaking_point *point = &verdict.breaking_point;

	(void)state;
	assert_headline(&report, "BREAKS at 240/s: high_error_rate — sustains 200/s (safe 160/s)");
	verdict.status = VERDICT_FAIL;
	assert_headline(&report, "FAIL: BREAKS at 240/s: high_error_rate — sustains 200/s (safe 160/s)");
	verdict.status = VERDICT_INCONCLUSIVE;
	point->is_at_least = true;
	assert_headline(
		&report, "INCONCLUSIVE: BREAKS at 240/s: high_error_rate — sustains at least 200/s (safe 160/s)");
	verdict.status = VERDICT_PASS;
	point->is_at_least = false;
	point->max_sustainable = NAN;
	assert_headline(&report, "BREAKS at 240/s: high_error_rate — no level below it held");
	point->is_found = false;
	point->max_sustainable = 200;
	assert_headline(&report, "SUSTAINS 200/s, the highest level tried (safe 160/s) — nothing broke");
	point->is_at_least = true;
	verdict.status = VERDICT_INCONCLUSIVE;
	assert_headline(
		&report, "INCONCLUSIVE: SUSTAINS at least 200/s (safe 160/s) — the limit itself could not be found");
	fixture_scenarios[0].load.in_users = true;
	assert_headline(&report,
		"INCONCLUSIVE: SUSTAINS at least 200 users (safe 160 users) — the limit itself could not be found");
	fixture_scenarios[0].load.in_users = false;
	point->is_stepped = false;
	verdict.status = VERDICT_FAIL;
	assert_headline(&report, "FAIL");
	snprintf(verdict.reasons[0], sizeof(verdict.reasons[0]), "p95 <= 550ms: measured 600ms");
	verdict.reasons_n = 1;
	assert_headline(&report, "FAIL: p95 <= 550ms: measured 600ms");
	verdict.status = VERDICT_PASS;
	verdict.reasons_n = 0;
	assert_headline(&report, "PASS: every objective holds");
}

/* The headline says it; other reasons stand below it. */
static void
test_no_reason_repeats_the_headline(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	verdict.reasons_n = 2;
	verdict.is_about_break[0] = true;
	snprintf(verdict.reasons[0], sizeof(verdict.reasons[0]), "broke at 240 and sustained 200");
	snprintf(verdict.reasons[1], sizeof(verdict.reasons[1]), "missed another goal");
	char *text = rendered(&report, 100, false);

	assert_null(strstr(text, "broke at 240 and"));
	assert_non_null(strstr(text, "missed another goal"));
	free(text);
	summary_free(summary);
}

static void
test_a_level_shows_what_made_it_what_it_is(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	fixture_finding(
		&fixture_levels[2].findings[2], "latency", FAILURE_MODE_NONE, LEVEL_DEGR, 3, 2, "a lesser thing");
	fixture_levels[2].findings_n = 3;
	char *text = rendered(&report, 200, false);

	assert_non_null(strstr(text, fixture_levels[2].findings[0].text));
	assert_null(strstr(text, "a lesser thing"));
	free(text);
	fixture_levels[2].status = LEVEL_CUT;
	fixture_levels[2].findings[2].weight = LEVEL_BROKEN;
	text = rendered(&report, 200, false);
	assert_null(strstr(text, "a lesser thing"));
	free(text);
	summary_free(summary);
}

static void
assert_sure(const struct report *report, const char *expected)
{
	char *text = rendered(report, 200, false);

	if (strstr(text, expected) == NULL)
		fail_msg("'%s' is not in\n%s", expected, text);
	free(text);
}

static void
test_sureness_is_told_by_what_it_rests_on(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct break_confidence *sure = &verdict.breaking_point.confidence;

	(void)state;
	assert_sure(&report, "95%: errors 12.7–16.4% at 240/s, at most 0.30% at 200/s, against 10% (exact binomial)\n");
	sure->is_separated = false;
	assert_sure(&report, "against 10% (exact binomial); too few requests to tell them apart\n");
	sure->rests_on = FAILURE_MODE_TIMEOUT;
	sure->threshold = 0.05;
	sure->is_separated = true;
	assert_sure(&report, "95%: timeouts 7–9% at 240/s, at most 0.20% at 200/s, against 5% (exact binomial)\n");
	sure->rests_on = FAILURE_MODE_CRASH;
	sure->threshold = NAN;
	sure->sustained_errors[0] = sure->sustained_errors[1] = NAN;
	assert_sure(
		&report, "95%: errors 12.7–16.4% at 240/s (exact binomial); it broke by crash, no matter of a rate\n");
	summary_free(summary);
}

static void
test_colours_only_where_they_are_wanted(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *plain = rendered(&report, 100, false), *coloured = rendered(&report, 100, true);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[31mBROKEN\033[0m"));
	assert_non_null(strstr(coloured, "\033[33mstretch missed\033[0m"));
	free(plain);
	free(coloured);
	summary_free(summary);
}

static void
test_a_file_is_no_terminal(void **state)
{
	FILE *file = tmpfile();
	struct terminal_style style = terminal_style_of(file);

	(void)state;
	assert_false(style.is_tty);
	assert_false(style.has_colour);
	assert_int_equal(style.width, 100);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_broken_target_is_reported_at_100_and_60_columns),
		cmocka_unit_test(test_a_run_that_sent_nothing_has_a_report_without_made_up_figures),
		cmocka_unit_test(test_an_unreachable_target_has_a_short_report),
		cmocka_unit_test(test_failures_say_how_far_they_had_come),
		cmocka_unit_test(test_a_spike_is_told_by_its_overshoot_and_the_way_back),
		cmocka_unit_test(test_a_closed_loop_says_what_it_leaves_out),
		cmocka_unit_test(test_hostile_names_and_evidence_cannot_reach_the_terminal),
		cmocka_unit_test(test_the_first_line_says_what_was_found),
		cmocka_unit_test(test_no_reason_repeats_the_headline),
		cmocka_unit_test(test_a_level_shows_what_made_it_what_it_is),
		cmocka_unit_test(test_sureness_is_told_by_what_it_rests_on),
		cmocka_unit_test(test_colours_only_where_they_are_wanted),
		cmocka_unit_test(test_a_file_is_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
