#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "unit/plan/fakes.h"

static const char *const requests[] = {"buy", "a.b", "cpu"};

static bool
parse(struct arena *arena, const char *text, struct expr *expr, struct error *err)
{
	arena_init(arena);
	return expr_parse(text, fake_metrics, requests, ARRAY_LEN(requests), arena, expr, err);
}

static const struct good {
	const char *text, *metric;
	int request;
	enum expr_stat stat;
	double quantile;
	enum expr_op op;
	double value, value_to, stretch; /* stretch 0: none */
} good[] = {
	{"p95 <= 550ms (stretch 400ms)", "response", -1, EXPR_PERCENTILE, 0.95, EXPR_LE, 550e6, 0, 400e6},
	{"error_rate < 1%", "error_rate", -1, EXPR_VALUE, 0, EXPR_LT, 0.01, 0, 0},
	{"buy.p99 < 1s", "response", 0, EXPR_PERCENTILE, 0.99, EXPR_LT, 1e9, 0, 0},
	{"buy.service.mean<1 s", "service", 0, EXPR_MEAN, 0, EXPR_LT, 1e9, 0, 0},
	{"buy.error_rate < 0.5%", "error_rate", 0, EXPR_VALUE, 0, EXPR_LT, 0.005, 0, 0},
	{"a.b.p50 > 1us", "response", 1, EXPR_PERCENTILE, 0.5, EXPR_GT, 1e3, 0, 0},
	{"max_sustainable_rate >= 150/s", "max_sustainable_rate", -1, EXPR_VALUE, 0, EXPR_GE, 150, 0, 0},
	{"max_sustainable_rate >= 150/s (stretch 9k/min)", "max_sustainable_rate", -1, EXPR_VALUE, 0, EXPR_GE, 150, 0,
		150},
	{"cpu.peak < 80%", "cpu", -1, EXPR_PEAK, 0, EXPR_LT, 0.8, 0, 0},
	{"cpu.p95 < 80ms", "response", 2, EXPR_PERCENTILE, 0.95, EXPR_LT, 80e6, 0, 0},
	{"memory.last <= 1.5GiB", "memory", -1, EXPR_LAST, 0, EXPR_LE, 1610612736.0, 0, 0},
	{"threads.avg < 12.5", "threads", -1, EXPR_AVG, 0, EXPR_LT, 12.5, 0, 0},
	{"spike_rate in 5%..15%", "spike_rate", -1, EXPR_VALUE, 0, EXPR_IN, 0.05, 0.15, 0},
	{"spike_rate in 0.05 .. 0.15", "spike_rate", -1, EXPR_VALUE, 0, EXPR_IN, 0.05, 0.15, 0},
	{"p99.9 < 1m", "response", -1, EXPR_PERCENTILE, 0.999, EXPR_LT, 60e9, 0, 0},
	{"response.p999 < 1m", "response", -1, EXPR_PERCENTILE, 0.999, EXPR_LT, 60e9, 0, 0},
	{"  service.stddev <= 1ms", "service", -1, EXPR_STDDEV, 0, EXPR_LE, 1e6, 0, 0},
	{"max < 10s", "response", -1, EXPR_MAX, 0, EXPR_LT, 10e9, 0, 0},
};

static void
test_every_form_of_an_expression_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct good *want = &good[i];
		struct arena arena;
		struct expr expr;
		struct error err = {0};

		if (!parse(&arena, want->text, &expr, &err))
			fail_msg("%s: %s", want->text, err.message);
		assert_string_equal(expr.text, want->text);
		assert_string_equal(expr.metric->name, want->metric);
		assert_int_equal(expr.request, want->request);
		assert_int_equal(expr.stat, want->stat);
		assert_int_equal(expr.op, want->op);
		assert_true(fabs(expr.quantile - want->quantile) < 1e-12);
		assert_true(fabs(expr.value - want->value) <= want->value * 1e-12);
		assert_true(fabs(expr.value_to - want->value_to) < 1e-12);
		assert_int_equal(expr.has_stretch, want->stretch > 0);
		assert_true(fabs(expr.stretch - want->stretch) <= want->stretch * 1e-12);
		arena_fini(&arena);
	}
}

static const struct comparing {
	const char *text, *metric, *arm; /* arm NULL: none is named */
	enum expr_of of;
	enum expr_stat stat;
	enum expr_op op;
	double value, value_to, stretch; /* stretch 0: none */
	enum plan_unit unit;
} comparing[] = {
	{"improvement(service.p50) in 40%..60%", "service", NULL, EXPR_IMPROVEMENT, EXPR_PERCENTILE, EXPR_IN, 0.4, 0.6,
		0, UNIT_RATIO},
	{"improvement(p95) >= 10% (stretch 20%)", "response", NULL, EXPR_IMPROVEMENT, EXPR_PERCENTILE, EXPR_GE, 0.1, 0,
		0.2, UNIT_RATIO},
	{"improvement(p95) >= -2%", "response", NULL, EXPR_IMPROVEMENT, EXPR_PERCENTILE, EXPR_GE, -0.02, 0, 0,
		UNIT_RATIO},
	{"improvement( p95 , batch-8 )>0.1", "response", "batch-8", EXPR_IMPROVEMENT, EXPR_PERCENTILE, EXPR_GT, 0.1, 0,
		0, UNIT_RATIO},
	{"speedup(max_sustainable_rate) >= 2", "max_sustainable_rate", NULL, EXPR_SPEEDUP, EXPR_VALUE, EXPR_GE, 2, 0, 0,
		UNIT_COUNT},
	{"  speedup(max_sustainable_rate, a.b) in 2 .. 3.5", "max_sustainable_rate", "a.b", EXPR_SPEEDUP, EXPR_VALUE,
		EXPR_IN, 2, 3.5, 0, UNIT_COUNT},
	{"speedup(buy.p50) >= 1.5x", "response", NULL, EXPR_SPEEDUP, EXPR_PERCENTILE, EXPR_GE, 1.5, 0, 0, UNIT_COUNT},
};

static void
test_goals_of_two_arms_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(comparing); i++) {
		const struct comparing *want = &comparing[i];
		struct arena arena;
		struct expr expr;
		struct error err = {0};

		if (!parse(&arena, want->text, &expr, &err))
			fail_msg("%s: %s", want->text, err.message);
		assert_string_equal(expr.metric->name, want->metric);
		assert_int_equal(expr.of, want->of);
		assert_int_equal(expr.arm == NULL, want->arm == NULL);
		assert_true(want->arm == NULL || strcmp(expr.arm, want->arm) == 0);
		assert_int_equal(expr.stat, want->stat);
		assert_int_equal(expr.op, want->op);
		assert_true(fabs(expr.value - want->value) < 1e-12);
		assert_true(fabs(expr.value_to - want->value_to) < 1e-12);
		assert_int_equal(expr.has_stretch, want->stretch > 0);
		assert_true(fabs(expr.stretch - want->stretch) < 1e-12);
		assert_int_equal(expr_unit(&expr), want->unit);
		arena_fini(&arena);
	}
}

static const char *
advice_for(const char *text, const char *const *arms, size_t arms_n, struct error *err)
{
	struct arena arena;
	struct expr expr;

	*err = (struct error){0};
	assert_true(parse(&arena, text, &expr, err));
	bool is_fine = expr_check_arms(&expr, arms, arms_n, err);

	arena_fini(&arena);
	return is_fine ? "" : err->message;
}

static void
test_a_goal_of_two_arms_needs_them(void **state)
{
	static const char *const arms[] = {"off", "batch-4", "batch-8"};
	struct error err;

	(void)state;
	assert_string_equal(advice_for("p95 < 1s", arms, 1, &err), "");
	assert_string_equal(advice_for("improvement(p95) > 1%", arms, 2, &err), "");
	assert_string_equal(advice_for("improvement(p95, batch-8) > 1%", arms, 3, &err), "");
	assert_string_equal(advice_for("improvement(p95) > 1%", arms, 1, &err),
		"'improvement(p95) > 1%' compares two arms, and the profile has none; add arms");
	assert_string_equal(advice_for("speedup(p95) > 1", arms, 3, &err),
		"'speedup(p95) > 1': which of the 3 arms is compared with 'off'? Name it: speedup(..., batch-8)");
	assert_string_equal(advice_for("speedup(p95, off) > 1", arms, 3, &err),
		"'speedup(p95, off) > 1': 'off' is the baseline itself");
	assert_string_equal(advice_for("speedup(p95, batch-9) > 1", arms, 3, &err),
		"'speedup(p95, batch-9) > 1': no arm is named 'batch-9'; did you mean 'batch-4'? "
		"Valid here: batch-4, batch-8");
}

static void
test_a_measure_stands_alone_too(void **state)
{
	struct arena arena;
	struct expr a = {.request = -1}, b = {.request = -1};
	struct error err = {0};

	(void)state;
	arena_init(&arena);
	assert_true(expr_parse_measure("p95", fake_metrics, requests, ARRAY_LEN(requests), &arena, &a, &err));
	assert_true(expr_parse_measure("response.p95", fake_metrics, requests, ARRAY_LEN(requests), &arena, &b, &err));
	assert_true(expr_is_same_measure(&a, &b));
	assert_true(expr_parse_measure("buy.p95", fake_metrics, requests, ARRAY_LEN(requests), &arena, &b, &err));
	assert_int_equal(b.request, 0);
	assert_false(expr_is_same_measure(&a, &b));
	assert_false(expr_parse_measure("p95 < 1s", fake_metrics, requests, ARRAY_LEN(requests), &arena, &b, &err));
	arena_fini(&arena);
}

static const struct bad {
	const char *text, *message;
} bad[] = {
	{"", "'' is no expression; write one such as 'p95 <= 550ms'"},
	{"< 5ms", "'< 5ms' is no expression; write one such as 'p95 <= 550ms'"},
	{"p95", "'p95': after what is measured comes <, <=, >, >= or 'in A..B'"},
	{"p95 = 5ms", "'p95 = 5ms': after what is measured comes <, <=, >, >= or 'in A..B'"},
	{"p95 < ", "p95: '' is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"p95 < 5%", "p95: '5%' is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"error_rate < 5ms", "error_rate: '5ms' is not a share such as 10% or 0.1"},
	{"max_sustainable_rate > 5%", "max_sustainable_rate: '5%' is not a rate such as 50/s, 3000/min, 2k/s or 20"},
	{"memory.peak < 5%", "memory.peak: '5%' is not a size such as 64KiB, 1MiB or 512"},
	{"threads.peak < 5%", "threads.peak: '5%' is not a number such as 50 or 2.5"},
	{"eror_rate < 1%", "'eror_rate' is no metric; did you mean 'error_rate'?"},
	{"bye.p99 < 1s", "'bye.p99' is no metric; did you mean 'buy.p99'?"},
	{"servce.p99 < 1s", "'servce.p99' is no metric; did you mean 'service.p99'?"},
	{"colour < 1s", "'colour' is no metric; valid here: response, service, error_rate, max_sustainable_rate, "
			"spike_rate, cpu, memory, "
			"threads"},
	{"cpu < 80%", "'cpu' does not say which value of cpu; write cpu.avg, .peak or .last"},
	{"memory.max < 1MiB", "'memory.max' does not say which value of memory; write memory.avg, .peak or .last"},
	{"service < 1s",
		"'service' does not say which value of service; write service.p95, .p99, .mean, .min, .max or .stddev"},
	{"service.p100 < 1s", "'service.p100' does not say which value of service; write service.p95, .p99, .mean, "
			      ".min, .max or .stddev"},
	{"buy.service.p0 < 1s", "'buy.service.p0' does not say which value of service; write service.p95, .p99, .mean, "
				".min, .max or .stddev"},
	{"buy.cpu.peak < 80%", "'buy.cpu.peak': cpu is of the whole run, not of one request; write 'cpu.peak'"},
	{"p95 < 5ms (stretch 10ms)", "'p95 < 5ms (stretch 10ms)': the stretch goal is easier than the goal itself"},
	{"max_sustainable_rate > 5 (stretch 4)",
		"'max_sustainable_rate > 5 (stretch 4)': the stretch goal is easier than the goal itself"},
	{"p95 < 5ms (strech 1ms)",
		"'p95 < 5ms (strech 1ms)': after the value may come '(stretch VALUE)', and nothing else"},
	{"p95 < 5ms (stretch 1ms", "'p95 < 5ms (stretch 1ms': the '(stretch ...)' must be closed, and be the last"},
	{"p95 < 5ms (stretch 1ms) x",
		"'p95 < 5ms (stretch 1ms) x': the '(stretch ...)' must be closed, and be the last"},
	{"spike_rate in 5%", "'spike_rate in 5%': a range has two ends, such as 'in 5%..15%'"},
	{"spike_rate in 15%..5%", "'spike_rate in 15%..5%': the range ends before it begins"},
	{"spike_rate in 5%..15% (stretch 7%)", "'spike_rate in 5%..15% (stretch 7%)': a range has no stretch goal"},
	{"median(p50) > 1%", "'median(p50)': what two arms are compared by is improvement(p95) or speedup(p95)"},
	{"improvement(p50 > 1%", "'improvement(p50 > 1%': the '(' is not closed; write improvement(p95)"},
	{"speedup() > 2", "'' is no metric; valid here: response, service, error_rate, max_sustainable_rate, "
			  "spike_rate, cpu, memory, threads"},
	{"speedup(p50, ) > 2", "'speedup(p50, ) > 2': after the comma comes the name of an arm"},
	{"speedup(servce.p50) > 2", "'servce.p50' is no metric; did you mean 'service.p50'?"},
	{"improvement(p50) > 10ms", "improvement(p50): '10ms' is not a share such as 10%, 0.1 or -2%"},
	{"improvement(p50) > --2%", "improvement(p50): '--2%' is not a share such as 10%, 0.1 or -2%"},
	{"speedup(p50) > 200%", "speedup(p50): '200%' is not a factor such as 2, 2.5 or 2x"},
	{"speedup(p50) > x", "speedup(p50): 'x' is not a factor such as 2, 2.5 or 2x"},
	{"improvement(p50)", "'improvement(p50)': after what is measured comes <, <=, >, >= or 'in A..B'"},
};

static void
test_every_mistake_in_an_expression_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena arena;
		struct expr expr;
		struct error err = {0};

		assert_false(parse(&arena, bad[i].text, &expr, &err));
		assert_string_equal(err.message, bad[i].message);
		arena_fini(&arena);
	}
}

static void
assert_holds(const char *text, double measured, bool holds, bool stretch_holds)
{
	struct arena arena;
	struct expr expr;
	struct error err = {0};

	assert_true(parse(&arena, text, &expr, &err));
	assert_int_equal(expr_holds(&expr, measured), holds);
	assert_int_equal(expr_stretch_holds(&expr, measured), stretch_holds);
	arena_fini(&arena);
}

static void
test_bounds_hold_as_their_operator_says(void **state)
{
	(void)state;
	assert_holds("p95 < 5ms", 5e6 - 1, true, true);
	assert_holds("p95 < 5ms", 5e6, false, false);
	assert_holds("p95 <= 5ms (stretch 4ms)", 5e6, true, false);
	assert_holds("p95 <= 5ms (stretch 4ms)", 4e6, true, true);
	assert_holds("max_sustainable_rate > 5/s", 5, false, false);
	assert_holds("max_sustainable_rate >= 5/s (stretch 6/s)", 5, true, false);
	assert_holds("max_sustainable_rate >= 5/s (stretch 6/s)", 6, true, true);
	assert_holds("spike_rate in 5%..15%", 0.05, true, true);
	assert_holds("spike_rate in 5%..15%", 0.16, false, false);
	assert_holds("spike_rate in 5%..15%", 0.04, false, false);
}

static void
test_what_is_not_known_or_above_the_timeout_satisfies_no_upper_bound(void **state)
{
	(void)state;
	assert_holds("p95 < 5ms", NAN, false, false);
	assert_holds("max_sustainable_rate >= 0/s", NAN, false, false);
	assert_holds("spike_rate in 0%..15%", NAN, false, false);
	assert_holds("p95 < 5ms", INFINITY, false, false);
}

static void
test_values_are_printed_in_the_metrics_unit(void **state)
{
	(void)state;
	char text[64];

	assert_string_equal(expr_value_text(UNIT_TIME, 12.3e6, text, sizeof(text)), "12.3ms");
	assert_string_equal(expr_value_text(UNIT_TIME, INFINITY, text, sizeof(text)), "> timeout");
	assert_string_equal(expr_value_text(UNIT_TIME, NAN, text, sizeof(text)), "n/a");
	assert_string_equal(expr_value_text(UNIT_RATIO, 0.015, text, sizeof(text)), "1.5%");
	assert_string_equal(expr_value_text(UNIT_RATE, 200, text, sizeof(text)), "200/s");
	assert_string_equal(expr_value_text(UNIT_BYTES, 65536, text, sizeof(text)), "64.0 KiB");
	assert_string_equal(expr_value_text(UNIT_COUNT, 12345, text, sizeof(text)), "12,345");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_an_expression_is_understood),
		cmocka_unit_test(test_goals_of_two_arms_are_understood),
		cmocka_unit_test(test_a_goal_of_two_arms_needs_them),
		cmocka_unit_test(test_a_measure_stands_alone_too),
		cmocka_unit_test(test_every_mistake_in_an_expression_is_named),
		cmocka_unit_test(test_bounds_hold_as_their_operator_says),
		cmocka_unit_test(test_what_is_not_known_or_above_the_timeout_satisfies_no_upper_bound),
		cmocka_unit_test(test_values_are_printed_in_the_metrics_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
