#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "unit/daemon/runs.h"

static const char result[] =
	"{\"name\": \"checkout\", \"id\": \"20261122T020000Z-1a2b3c\", \"started_at\": \"2026-11-22T02:00:00Z\","
	"\"verdict\": {\"status\": \"fail\", \"exit_code\": 1, \"reasons\": [\"p95 is too high\", \"and more\"]},"
	"\"breaking_point\": {\"max_sustainable_per_s\": 190, \"causes\": [\"timeout\", \"crash\"]},"
	"\"failure_mode\": {\"mode\": \"saturation\"},"
	"\"comparison\": [{\"metric\": \"p50\", \"gated\": true, \"status\": \"noise\"},"
	"{\"metric\": \"p95\", \"gated\": true, \"status\": \"regression\"}],"
	"\"alerts\": [{\"name\": \"a\", \"fired\": 0}, {\"name\": \"b\", \"fired\": 2}],"
	"\"totals\": {\"error_rate\": 0.02}, \"latency_ns\": {\"response\": {\"p95\": 4841471, \"p99\": null}},"
	"\"rate\": {\"achieved_per_s\": 124.5}, \"spike_rate\": \"much\", \"generator\": {\"limited\": true}}";

static void
test_figures_and_verdict_are_those_of_the_result(void **state)
{
	cJSON *json = cJSON_Parse(result);
	struct history_run run;

	(void)state;
	assert_non_null(json);
	assert_true(history_take(&run, json));
	assert_string_equal(run.name, "checkout");
	assert_string_equal(run.id, "20261122T020000Z-1a2b3c");
	assert_true(run.started_ns == wall_of_text("2026-11-22T02:00:00Z"));
	assert_int_equal(run.status, VERDICT_FAIL);
	assert_int_equal(run.exit_code, 1);
	assert_string_equal(run.reason, "p95 is too high");
	assert_int_equal(run.modes, BIT(FAILURE_MODE_TIMEOUT) | BIT(FAILURE_MODE_CRASH) | BIT(FAILURE_MODE_SATURATION));
	assert_true(run.has_regressed && run.has_alerted && run.was_limited && !run.is_lost);
	assert_true(run.figures[HISTORY_P95] == 4841471);
	assert_true(run.figures[HISTORY_ERROR_RATE] == 0.02);
	assert_true(run.figures[HISTORY_ACHIEVED_RATE] == 124.5);
	assert_true(run.figures[HISTORY_MAX_SUSTAINABLE_RATE] == 190);
	cJSON_Delete(json);
}

static void
test_what_is_missing_or_no_number_is_not_known(void **state)
{
	cJSON *json = cJSON_Parse(result);
	struct history_run run;

	(void)state;
	assert_true(history_take(&run, json));
	assert_true(isnan(run.figures[HISTORY_P99]));
	assert_true(isnan(run.figures[HISTORY_SPIKE_RATE]));
	assert_true(isnan(run.figures[HISTORY_CPU_AVG]));
	cJSON_Delete(json);
	for (size_t i = 0; i < 4; i++) {
		static const char *const none[] = {
			"{}", "[]", "{\"verdict\": 7}", "{\"verdict\": {\"status\": \"odd\", \"exit_code\": 0}}"};

		json = cJSON_Parse(none[i]);
		assert_false(history_take(&run, json));
		cJSON_Delete(json);
	}
	json = cJSON_Parse(
		"{\"verdict\": {\"status\": \"pass\", \"exit_code\": 0}, \"comparison\": 3, \"alerts\": {}}");
	assert_true(history_take(&run, json));
	assert_true(!run.has_regressed && !run.has_alerted && run.modes == 0 && run.started_ns == 0);
	cJSON_Delete(json);
}

/* A row that names a place that the schema does not have would be null for good. */
static void
test_every_figure_is_where_the_schema_has_it(void **state)
{
	struct error err = {0};
	char *text = file_read(TESTS_DIR "/../results/schema.json", 4 << 20, NULL, &err);

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < HISTORY_FIGURES_N; i++) {
		const char *last = strrchr(history_rows[i].where, '/') + 1;
		char quoted[80];

		snprintf(quoted, sizeof(quoted), "\"%s\"", last);
		if (strstr(text, quoted) == NULL)
			fail_msg("%s: %s is not in the schema", history_rows[i].metric.name, history_rows[i].where);
		assert_int_equal(history_find(history_rows[i].metric.name), i);
		assert_int_equal(history_of_metric(history_metrics[i]), i);
	}
	assert_int_equal(history_find("p96"), -1);
	free(text);
}

static void
test_an_interval_is_what_its_event_tells(void **state)
{
	struct moment moment;
	cJSON *json = moment_of(&moment,
		"{\"p95_ns\": 12000000, \"p99_ns\": null, \"scheduled\": 100, \"ok\": 90, \"failed\": 8, \"dropped\": 1,"
		"\"unsent\": 1, \"target\": {\"cpu\": 0.5, \"memory\": 900, \"memory_limit\": 1000,"
		"\"power\": 40, \"gpu_power\": 200}, \"scraped\": {\"depth\": 7}}");

	(void)state;
	assert_true(moment.figures[MOMENT_P95] == 12e6);
	assert_true(isnan(moment.figures[MOMENT_P99]));
	assert_true(fabs(moment.figures[MOMENT_ERROR_RATE] - 0.1) < 1e-12);
	assert_true(fabs(moment.figures[MOMENT_MEMORY_SHARE] - 0.9) < 1e-12);
	assert_true(moment.figures[MOMENT_POWER] == 240);
	const struct plan_metric depth = {.name = "scraped.depth"}, other = {.name = "scraped.other"};

	assert_true(moment_value(&moment, &depth) == 7);
	assert_true(isnan(moment_value(&moment, &other)));
	cJSON_Delete(json);
	json = moment_of(&moment, "{}");
	for (size_t i = 0; i < MOMENT_FIGURES_N; i++)
		assert_true(isnan(moment_value(&moment, moment_metrics[i])));
	assert_true(isnan(moment_value(&moment, &depth)));
	cJSON_Delete(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_and_verdict_are_those_of_the_result),
		cmocka_unit_test(test_what_is_missing_or_no_number_is_not_known),
		cmocka_unit_test(test_every_figure_is_where_the_schema_has_it),
		cmocka_unit_test(test_an_interval_is_what_its_event_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
