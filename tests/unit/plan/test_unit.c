#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "plan/expr.h"

static const struct {
	enum plan_unit unit;
	const char *text;
	double value;
	const char *printed; /* NULL: as it was written */
} good[] = {
	{UNIT_TIME, "550ms", 550e6, NULL},
	{UNIT_RATIO, "5%", 0.05, NULL},
	{UNIT_RATE, "150/s", 150, NULL},
	{UNIT_BYTES, "1.50 GiB", 1610612736, NULL},
	{UNIT_COUNT, "50", 50, NULL},
	{UNIT_COUNT, "2.5", 2.5, "2.5"},
	{UNIT_CHANGE, "-10%", -0.1, NULL},
	{UNIT_CHANGE, "10%", 0.1, "+10%"},
	{UNIT_CHANGE, "0", 0, "0%"},
	{UNIT_GROWTH, "5%/h", 0.05, "+5%/h"},
	{UNIT_GROWTH, "-2%/h", -0.02, NULL},
	{UNIT_GROWTH, "76400%/h", 764, "+76400%/h"},
	{UNIT_GROWTH, "24%/d", 0.01, "+1%/h"},
	{UNIT_GROWTH, "0.1%/min", 0.06, "+6%/h"},
	{UNIT_SLOPE, "10MiB/h", 10485760, "+10.0 MiB/h"},
	{UNIT_SLOPE, "-1KiB/min", -61440, "-60.0 KiB/h"},
	{UNIT_SLOPE, "0/h", 0, "0 B/h"},
};

static void
test_every_unit_is_read_and_printed(void **state)
{
	bool is_seen[UNIT_COUNT_OF_ROWS] = {false};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct unit_row *row = &unit_rows[good[i].unit];
		double value = NAN;
		char text[64];

		if (!row->parse(good[i].text, &value))
			fail_msg("%s is no %s", good[i].text, row->name);
		assert_true(fabs(value - good[i].value) <= 1e-12 * fabs(good[i].value));
		assert_string_equal(expr_value_text(good[i].unit, value, text, sizeof(text)),
			good[i].printed != NULL ? good[i].printed : good[i].text);
		is_seen[good[i].unit] = true;
	}
	for (int i = 0; i < UNIT_COUNT_OF_ROWS; i++)
		assert_true(is_seen[i] && strlen(unit_rows[i].form) > 10 && unit_rows[i].name[0] != '\0');
}

static void
test_what_is_no_such_unit_is_refused(void **state)
{
	static const struct {
		enum plan_unit unit;
		const char *text;
	} bad[] = {{UNIT_GROWTH, "5%"}, {UNIT_GROWTH, "/h"}, {UNIT_GROWTH, "5%/y"}, {UNIT_GROWTH, "--5%/h"},
		{UNIT_GROWTH, "5MiB/h"}, {UNIT_SLOPE, "5%/h"}, {UNIT_SLOPE, "10MiB"}, {UNIT_SLOPE, "--1/h"},
		{UNIT_CHANGE, "5%/h"}, {UNIT_CHANGE, "-"}, {UNIT_RATIO, "-5%"}, {UNIT_COUNT, "5%"},
		{UNIT_GROWTH, "1000000000000000000000000000000000000000000000000000000000000000000000000000%/h"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		double value;

		if (unit_rows[bad[i].unit].parse(bad[i].text, &value))
			fail_msg("%s passed as %s", bad[i].text, unit_rows[bad[i].unit].name);
	}
}

static void
test_a_name_with_a_dot_is_found_before_a_statistic(void **state)
{
	static const struct plan_metric memory = {.name = "memory", .unit = UNIT_BYTES, .stats = STAT_GAUGE},
					growth = {.name = "memory.growth", .unit = UNIT_GROWTH, .stats = STAT_NONE},
					drift = {.name = "p99.drift", .unit = UNIT_CHANGE, .stats = STAT_NONE},
					response = {.name = "response", .unit = UNIT_TIME, .stats = STAT_DISTRIBUTION};
	static const struct plan_metric *const metrics[] = {&memory, &growth, &drift, &response, NULL};
	struct arena arena;
	struct expr expr;
	struct error err = {0};

	(void)state;
	arena_init(&arena);
	assert_true(expr_parse("memory.growth < 5%/h", metrics, NULL, 0, &arena, &expr, &err));
	assert_ptr_equal(expr.metric, &growth);
	assert_true(expr_holds(&expr, 0.0499) && !expr_holds(&expr, 0.05));
	assert_true(expr_parse("memory.peak < 5MiB", metrics, NULL, 0, &arena, &expr, &err));
	assert_ptr_equal(expr.metric, &memory);
	assert_true(expr_parse("p99.drift in -10%..10%", metrics, NULL, 0, &arena, &expr, &err));
	assert_ptr_equal(expr.metric, &drift);
	assert_true(expr_holds(&expr, -0.05) && !expr_holds(&expr, -0.2));
	assert_true(expr_parse("p99 < 10ms", metrics, NULL, 0, &arena, &expr, &err));
	assert_ptr_equal(expr.metric, &response);
	assert_false(expr_parse("memory.growth < 5%", metrics, NULL, 0, &arena, &expr, &err));
	assert_string_equal(err.message, "memory.growth: '5%' is not a share per time such as 5%/h, 1%/d or -2%/h");
	arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_unit_is_read_and_printed),
		cmocka_unit_test(test_what_is_no_such_unit_is_refused),
		cmocka_unit_test(test_a_name_with_a_dot_is_found_before_a_statistic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
