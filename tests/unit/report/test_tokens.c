#include "unit/report/document.h"
#include "unit/report/fixture.h"
#include "unit/report/page.h"

/* A run whose answers were generated, as it is reported. */

static struct plan plan;
static struct summary *summary;
static struct verdict verdict;

static struct report
generated_report(void)
{
	static const struct plan_metric ttft = {.name = "ttft", .unit = UNIT_TIME, .stats = STAT_DISTRIBUTION};
	static struct plan_bound bound = {&ttft, -1, 10 * NS_PER_MS};

	fixture_generates = true;
	plan = fixture_plan();
	plan.good_when = &bound;
	plan.good_when_n = 1;
	summary = fixture_summary(&plan, 3);
	verdict = fixture_verdict();
	return fixture_report(&plan, summary, &verdict);
}

static void
test_result_holds_what_answers_were_made_of(void **state)
{
	struct report report = generated_report();
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);
	double answers = number(result, "tokens.answers");

	(void)state;
	assert_true(answers == number(result, "totals.ok"));
	assert_true(number(result, "tokens.completion") == 20 * answers);
	assert_string_equal(at(result, "tokens.basis")->valuestring, "usage");
	assert_true(number(result, "tokens.finish.stop") + number(result, "tokens.finish.length") == answers);
	assert_int_equal(number(result, "tokens.prompt_per_request.min"), 100);
	assert_int_equal(number(result, "latency_ns.tpot.p50"), 2000895); /* 38 ms / 19, as a bucket's end */
	assert_true(number(result, "latency_ns.first_content.p99") > number(result, "latency_ns.ttft.p99"));
	assert_true(number(result, "levels.0.ttft_p95_ns") > 0);
	assert_true(number(result, "requests.buy.tokens.answers") < answers);
	assert_null(cJSON_GetObjectItem(at(result, "latency_ns"), "prompt_tokens")); /* no time */
	assert_golden_document("tokens.json", text);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_tokens_are_reported_at_100_and_60_columns(void **state)
{
	struct report report = generated_report();
	char *wide = rendered(&report, 100, false), *narrow = rendered(&report, 60, false);

	(void)state;
	assert_golden("tokens_100.txt", wide);
	assert_golden("tokens_60.txt", narrow);
	assert_fits(wide, 100);
	assert_fits(narrow, 60);
	free(wide);
	free(narrow);
	summary_free(summary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result_holds_what_answers_were_made_of),
		cmocka_unit_test(test_tokens_are_reported_at_100_and_60_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
