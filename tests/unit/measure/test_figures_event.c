#include "measure/figures_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <cjson/cJSON.h>

#include "base/check.h"
#include "unit/measure/sample.h"

static struct plan plan;
static struct recorder *recorder;
static struct summary *summary;
static const struct slo_verdict *slos; /* of the next line */
static size_t slos_n;

static int
setup(void **state)
{
	(void)state;
	plan = sample_plan();
	recorder = recorder_new(&sample_config);
	summary = summary_new(&plan);
	slos = NULL;
	slos_n = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	summary_free(summary);
	recorder_free(recorder);
	return 0;
}

static void
take_until(int64_t end_ns)
{
	struct interval *interval = recorder_take_interval(recorder, end_ns);

	interval_add_up(interval);
	summary_add_interval(summary, interval);
	recorder_give_interval(recorder, interval);
}

/* The line read again. */
static cJSON *
told(void)
{
	struct buf line;

	buf_init(&line, (size_t)1 << 20);
	assert_true(event_encode_figures(&line, summary, slos, slos_n));
	assert_int_equal(line.bytes[line.length - 1], '\n');
	assert_ptr_equal(strchr(line.bytes, '\n'), line.bytes + line.length - 1);
	cJSON *object = cJSON_Parse(line.bytes);

	assert_non_null(object);
	buf_fini(&line);
	return object;
}

static double
number(const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	if (!cJSON_IsNumber(item))
		fail_msg("%s is no number", name);
	return item->valuedouble;
}

/* 100 a second from the first second on: of each interval one in ten fails, and of those every fifth never connects. */
static void
test_figures_are_of_the_last_interval_alone(void **state)
{
	(void)state;
	for (uint64_t k = 100; k < 300; k++)
		sample_add(recorder, k);
	take_until(3 * NS_PER_S);
	for (uint64_t k = 300; k < 350; k++)
		sample_add(recorder, k);
	take_until(3500 * NS_PER_MS);
	cJSON *object = told();

	assert_true(number(object, "start_ns") == 3e9);
	assert_true(number(object, "at_ns") == 3.5e9);
	assert_true(number(object, "scheduled") == 50);
	assert_true(number(object, "ok") == 45);
	assert_true(number(object, "failed") + number(object, "unsent") == 5);
	assert_true(number(object, "achieved_per_s") == 90);
	assert_true(number(cJSON_GetObjectItem(object, "failures"), "status") == 4);
	assert_true(number(object, "p50_ns") <= number(object, "p95_ns"));
	assert_true(number(object, "p95_ns") <= number(object, "max_ns"));
	assert_true(number(object, "max_ns") >= 1e6);
	cJSON_Delete(object);
}

static void
test_what_is_not_known_is_null(void **state)
{
	(void)state;
	take_until(NS_PER_S);
	cJSON *object = told();

	assert_true(number(object, "scheduled") == 0);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(object, "p99_ns")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(object, "ttft_p95_ns")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(object, "tokens_per_s")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "target")), 0);
	cJSON_Delete(object);
}

static void
test_objectives_are_told_as_they_stand(void **state)
{
	static const struct plan_metric time = {.name = "response", .unit = UNIT_TIME};
	static const struct plan_metric rate = {.name = "error_rate", .unit = UNIT_RATIO};
	static const struct expr p95 = {.text = "p95 <= 80ms (stretch 40ms)",
		.metric = &time,
		.stat = EXPR_PERCENTILE,
		.op = EXPR_LE,
		.value = 80e6,
		.has_stretch = true,
		.stretch = 40e6};
	static const struct expr errors = {
		.text = "error_rate in 0%..1%", .metric = &rate, .op = EXPR_IN, .value = 0, .value_to = 0.01};
	static const struct slo_verdict stand[] = {{.expr = &p95, .value = INFINITY, .status = SLO_FAIL},
		{.expr = &errors, .value = 0.005, .status = SLO_PASS}};

	(void)state;
	take_until(NS_PER_S);
	slos = stand;
	slos_n = ARRAY_LEN(stand);
	cJSON *object = told(), *list = cJSON_GetObjectItem(object, "slos");
	const cJSON *first = cJSON_GetArrayItem(list, 0), *second = cJSON_GetArrayItem(list, 1);

	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_string_equal(cJSON_GetObjectItem(first, "expr")->valuestring, p95.text);
	assert_string_equal(cJSON_GetObjectItem(first, "op")->valuestring, "<=");
	assert_string_equal(cJSON_GetObjectItem(first, "unit")->valuestring, "ns");
	assert_string_equal(cJSON_GetObjectItem(first, "status")->valuestring, "fail");
	assert_true(number(first, "wanted") == 80e6);
	assert_true(number(first, "stretch") == 40e6);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "value")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(first, "above_timeout")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(first, "wanted_to")));
	assert_true(number(second, "wanted_to") == 0.01);
	assert_true(number(second, "value") == 0.005);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(second, "stretch")));
	cJSON_Delete(object);
}

static void
test_what_does_not_fit_is_left_out_whole(void **state)
{
	struct buf line;

	(void)state;
	take_until(NS_PER_S);
	buf_init(&line, 100);
	buf_add_text(&line, "before\n");
	assert_false(event_encode_figures(&line, summary, NULL, 0));
	assert_int_equal(line.length, 7);
	buf_fini(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_figures_are_of_the_last_interval_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_known_is_null, setup, teardown),
		cmocka_unit_test_setup_teardown(test_objectives_are_told_as_they_stand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_left_out_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
