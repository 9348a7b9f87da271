#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "unit/report/document.h"
#include "unit/report/fixture.h"

static void
test_a_broken_target_gives_the_agreed_document(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	(void)state;
	assert_non_null(result);
	assert_string_equal(at(result, "schema")->valuestring, "brunt/result/1");
	assert_int_equal(number(result, "totals.scheduled"), 2160);
	assert_int_equal(number(result, "totals.sent"), 2140);
	assert_int_equal(number(result, "totals.failures.status"), 60);
	assert_int_equal(number(result, "totals.failures.timeout"), 56);
	assert_int_equal(number(result, "totals.unsent_reasons.queue_timeout"), 20);
	assert_int_equal(number(result, "totals.status.503"), 60);
	assert_int_equal(number(result, "breaking_point.max_sustainable_per_s"), 200);
	assert_int_equal(number(result, "breaking_point.level"), 2);
	assert_int_equal(cJSON_GetArraySize(at(result, "breaking_point.stable_levels")), 2);
	assert_string_equal(at(result, "failure_mode.mode")->valuestring, "high_error_rate");
	assert_string_equal(at(result, "levels.2.status")->valuestring, "BROKEN");
	assert_int_equal(cJSON_GetArraySize(at(result, "levels.2.findings")), 2);
	assert_true(cJSON_IsNull(at(result, "slo.2.value")));
	assert_true(cJSON_IsTrue(at(result, "slo.2.above_timeout")));
	assert_int_equal(
		cJSON_GetArraySize(at(result, "series.rows.0")), cJSON_GetArraySize(at(result, "series.columns")));
	assert_int_equal(number(result, "generator.ports_peak"), 25);
	assert_int_equal(number(result, "generator.ports_limit"), 28232);
	assert_int_equal(number(result, "generator.loop_gap_max_ns"), 350000);
	assert_golden_document("breaks.json", text);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_classes_add_up_to_what_failed(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text), *one;
	double failed = 0, unsent = 0;

	(void)state;
	cJSON_ArrayForEach(one, at(result, "totals.failures")) failed += one->valuedouble;
	cJSON_ArrayForEach(one, at(result, "totals.unsent_reasons")) unsent += one->valuedouble;
	assert_true(failed == number(result, "totals.failed"));
	assert_true(unsent == number(result, "totals.unsent"));
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_an_encoded_histogram_says_the_same_as_the_figures(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);
	struct histogram h;

	(void)state;
	histogram_init(&h);
	assert_true(histogram_decode_add(&h, at(result, "histograms.response")->valuestring));
	assert_true((double)h.total == number(result, "latency_ns.response.count"));
	assert_true((double)histogram_quantile_ns(&h, 0.95) == number(result, "latency_ns.response.p95"));
	histogram_fini(&h);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_what_is_not_known_is_null(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	report.workers = 0;
	report.pacing = report.target_address = NULL;
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	assert_non_null(result);
	assert_null(strstr(text, "nan"));
	assert_null(strstr(text, "inf,"));
	assert_true(cJSON_IsNull(at(result, "breaking_point")));
	assert_true(cJSON_IsNull(at(result, "totals.error_rate")));
	assert_true(cJSON_IsNull(at(result, "rate.achieved_per_s")));
	assert_true(cJSON_IsNull(at(result, "generator.cpu")));
	assert_true(cJSON_IsNull(at(result, "generator.loop_gap_max_ns")));
	assert_true(cJSON_IsNull(at(result, "generator.ports_peak")));
	assert_true(cJSON_IsNull(at(result, "warmup")));
	assert_null(cJSON_GetObjectItemCaseSensitive(result, "scenarios"));
	assert_int_equal(number(result, "latency_ns.response.count"), 0);
	assert_int_equal(number(result, "latency_ns.service.count"), 0);
	assert_true(cJSON_IsNull(at(result, "latency_ns.response.mean")));
	assert_true(cJSON_IsNull(at(result, "requests.buy.latency_ns.service.p99")));
	assert_int_equal(cJSON_GetArraySize(at(result, "levels")), 0);
	assert_golden_document("unreachable.json", text);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static cJSON *
spike_result(const struct spike_verdict *spike)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	verdict.spike = *spike;
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	assert_non_null(result);
	free(text);
	summary_free(summary);
	return result;
}

static void
test_a_spike_that_was_not_recovered_from_has_no_time(void **state)
{
	struct spike_verdict spike = {.spikes = 2,
		.base_p95_ns = 20000000,
		.worst_p95_ns = 50000000,
		.overshoot = 2.5,
		.recovered_after_ns = 3 * NS_PER_S,
		.slowest_recovery_ns = -1};
	cJSON *result = spike_result(&spike);

	(void)state;
	assert_int_equal(number(result, "spike.spikes"), 2);
	assert_int_equal(number(result, "spike.base_p95_ns"), 20000000);
	assert_int_equal(number(result, "spike.worst_p95_ns"), 50000000);
	assert_true(fabs(number(result, "spike.overshoot") - 2.5) < 1e-9);
	assert_int_equal(number(result, "spike.recovered_after_s"), 3);
	assert_true(cJSON_IsNull(at(result, "spike.slowest_recovery_s")));
	assert_true(cJSON_IsFalse(at(result, "spike.recovered")));
	cJSON_Delete(result);

	spike = (struct spike_verdict){.spikes = 1,
		.base_p95_ns = -1,
		.worst_p95_ns = -1,
		.overshoot = NAN,
		.recovered_after_ns = -2,
		.slowest_recovery_ns = -2};
	result = spike_result(&spike);
	assert_true(cJSON_IsNull(at(result, "spike.base_p95_ns")));
	assert_true(cJSON_IsNull(at(result, "spike.overshoot")));
	assert_true(cJSON_IsNull(at(result, "spike.recovered")));
	cJSON_Delete(result);
}

/* DEFINITIONS, One exchange: a closed loop's result is stamped. */
static void
test_a_closed_loop_is_stamped(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct plan_scenario two[2] = {
		{.name = "open", .requests_n = 1}, {.name = "closed", .first_request = 1, .requests_n = 1}};

	(void)state;
	plan.scenarios = two;
	plan.scenarios_n = 2;
	for (int is_closed = 0; is_closed < 2; is_closed++) {
		two[1].load.in_users = is_closed;
		char *text = written(&report);
		cJSON *result = cJSON_Parse(text);

		assert_int_equal(cJSON_IsTrue(at(result, "omits_waiting")), is_closed);
		assert_true(cJSON_IsBool(at(result, "omits_waiting")));
		cJSON_Delete(result);
		free(text);
	}
	summary_free(summary);
}

/* DEFINITIONS, Counts: totals count every phase, latency_ns the measured ones, warm-up under warmup.*. */
static void
test_a_warmup_has_figures_of_its_own(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	fixture_add_warmup(summary);
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	assert_int_equal(number(result, "warmup.window_s"), 1);
	assert_int_equal(number(result, "warmup.totals.scheduled"), 51);
	assert_int_equal(number(result, "warmup.totals.ok"), 50);
	assert_int_equal(number(result, "warmup.totals.unsent_reasons.queue_timeout"), 1);
	assert_int_equal(number(result, "warmup.latency_ns.response.count"), 50);
	assert_true(number(result, "warmup.latency_ns.service.p50") >= 2e6);
	assert_int_equal(number(result, "totals.scheduled"), 400 + 51);
	assert_int_equal(number(result, "latency_ns.response.count"), 400);
	assert_golden_document("warmup.json", text);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

/* Of each counter and of each class. */
static void
assert_parts_add_up(cJSON *totals, cJSON *parts)
{
	cJSON *total, *part;

	cJSON_ArrayForEach(total, totals)
	{
		double sum = 0;

		if (cJSON_IsObject(total)) {
			cJSON *class;

			cJSON_ArrayForEach(class, total)
			{
				sum = 0;
				cJSON_ArrayForEach(part, parts)
				{
					cJSON *same = cJSON_GetObjectItemCaseSensitive(
						at(at(part, "totals"), total->string), class->string);

					sum += same ? same->valuedouble : 0;
				}
				assert_true(sum == class->valuedouble);
			}
			continue;
		}
		if (strcmp(total->string, "error_rate") == 0 || strncmp(total->string, "connects", 8) == 0)
			continue;
		cJSON_ArrayForEach(part, parts) sum += number(at(part, "totals"), total->string);
		assert_true(sum == total->valuedouble);
	}
}

static void
test_requests_and_scenarios_add_up_to_the_totals(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 3);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct plan_scenario two[2] = {
		{.name = "readers", .requests_n = 1}, {.name = "writers", .first_request = 1, .requests_n = 1}};

	(void)state;
	fixture_add_warmup(summary);
	plan.scenarios = two;
	plan.scenarios_n = 2;
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	assert_int_equal(number(result, "scenarios.writers.totals.scheduled"), 216 + 5 + 1);
	assert_int_equal(number(result, "requests.buy.latency_ns.response.count"), 216);
	assert_parts_add_up(at(result, "totals"), at(result, "requests"));
	assert_parts_add_up(at(result, "totals"), at(result, "scenarios"));
	assert_golden_document("scenarios.json", text);
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_counters_and_seeds_beyond_2_53_keep_every_digit(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	summary->everything.counts.scheduled = UINT64_C(9007199254740993);
	summary->everything.counts.bytes_received = UINT64_MAX;
	char *text = written(&report);

	assert_non_null(strstr(text, "\"scheduled\":\t9007199254740993,"));
	assert_non_null(strstr(text, "\"bytes_received\":\t18446744073709551615,"));
	assert_non_null(strstr(text, "\"seed\": 9007199254740993"));
	free(text);
	summary_free(summary);
}

static void
test_hostile_text_stays_valid_json(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	snprintf(verdict.reasons[0], FINDING_TEXT_MAX, "it said \"\xff\033\\\xed\xa0\x80\xe2\x80\xae\n");
	char *text = written(&report);
	cJSON *result = cJSON_Parse(text);

	assert_non_null(result);
	assert_null(strchr(text, '\xff'));
	assert_null(strchr(text, '\033'));
	assert_string_equal(
		at(result, "verdict.reasons.0")->valuestring, "it said \"\\xff\\x1b\\\\xed\\xa0\\x80\\u{202e}\\x0a");
	cJSON_Delete(result);
	free(text);
	summary_free(summary);
}

static void
test_a_full_buffer_is_said(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = fixture_unreachable();
	struct report report = fixture_report(&plan, summary, &verdict);
	struct buf small;

	(void)state;
	buf_init(&small, 100);
	assert_false(result_add_json(&report, &machine, &small));
	buf_fini(&small);
	summary_free(summary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_broken_target_gives_the_agreed_document),
		cmocka_unit_test(test_classes_add_up_to_what_failed),
		cmocka_unit_test(test_an_encoded_histogram_says_the_same_as_the_figures),
		cmocka_unit_test(test_what_is_not_known_is_null),
		cmocka_unit_test(test_a_spike_that_was_not_recovered_from_has_no_time),
		cmocka_unit_test(test_a_closed_loop_is_stamped),
		cmocka_unit_test(test_a_warmup_has_figures_of_its_own),
		cmocka_unit_test(test_requests_and_scenarios_add_up_to_the_totals),
		cmocka_unit_test(test_counters_and_seeds_beyond_2_53_keep_every_digit),
		cmocka_unit_test(test_hostile_text_stays_valid_json),
		cmocka_unit_test(test_a_full_buffer_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
