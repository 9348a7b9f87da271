#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"

static void
test_rates_are_per_second_and_exact(void **state)
{
	static const struct {
		const char *text;
		double per_s;
	} rows[] = {{"50/s", 50}, {"3000/min", 50}, {"2k/s", 2000}, {"1.5k/s", 1500}, {"7200/h", 2}, {"20", 20},
		{"1M/s", 1e6}, {"0/s", 0}, {"0.5/s", 0.5}};
	double per_s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(units_parse_rate(rows[i].text, &per_s));
		assert_true(per_s == rows[i].per_s);
	}
}

static void
test_shares_are_the_nearest_double(void **state)
{
	double ratio;

	(void)state;
	for (int percent = 0; percent <= 100; percent++) {
		char text[8];

		snprintf(text, sizeof(text), "%d%%", percent);
		assert_true(units_parse_ratio(text, &ratio));
		assert_true(ratio == percent / 100.0);
	}
	assert_true(units_parse_ratio("0.1", &ratio));
	assert_true(ratio == 0.1);
}

static void
test_times_want_a_unit_unless_they_are_0(void **state)
{
	int64_t ns = 7;

	(void)state;
	assert_true(units_parse_time_ns("0", &ns));
	assert_int_equal(ns, 0);
	assert_true(units_parse_time_ns("1.5s", &ns));
	assert_int_equal(ns, 3 * NS_PER_S / 2);
	assert_true(units_parse_time_ns("250us", &ns));
	assert_int_equal(ns, 250 * NS_PER_US);
	assert_true(units_parse_time_ns("2m", &ns));
	assert_int_equal(ns, 120 * NS_PER_S);
	assert_false(units_parse_time_ns("30", &ns));
	assert_int_equal(ns, 120 * NS_PER_S); /* left alone */
}

static void
test_what_is_not_wholly_a_quantity_is_none(void **state)
{
	static const char *const rates[] = {"", "/s", "50/z", "-1/s", "+1/s", "1e3/s", "0x10/s", "inf/s", "nan", "1.",
		".", "1 2/s", "50/s ", " 50/s", "1000000000000000000000/s"};
	static const char *const sizes[] = {"1.5B", "64KIB", "10%", "0.3KiB", "-5", "1e3"};
	double per_s;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		assert_false(units_parse_rate(rates[i], &per_s));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_false(units_parse_bytes(sizes[i], &bytes));
}

static void
test_sizes_and_counts_are_whole(void **state)
{
	uint64_t n;
	double users;

	(void)state;
	assert_true(units_parse_bytes("64KiB", &n));
	assert_int_equal(n, 65536);
	assert_true(units_parse_bytes("1.5MiB", &n));
	assert_int_equal(n, 3 * 1024 * 512);
	assert_true(units_parse_count("10k", &n));
	assert_int_equal(n, 10000);
	assert_false(units_parse_count("0.5", &n));
	assert_true(units_parse_users("10 users", &users));
	assert_true(users == 10);
	assert_false(units_parse_users("10", &users));
	assert_false(units_parse_users("1.5 users", &users));
}

static void
test_figures_read_with_three_digits(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(units_time_text(850, text, sizeof(text)), "850ns");
	assert_string_equal(units_time_text(12300, text, sizeof(text)), "12.3µs");
	assert_string_equal(units_time_text(999499, text, sizeof(text)), "999µs");
	assert_string_equal(units_time_text(999500, text, sizeof(text)), "1.00ms");
	assert_string_equal(units_time_text(119 * NS_PER_S, text, sizeof(text)), "119s");
	assert_string_equal(units_time_text(125 * NS_PER_S, text, sizeof(text)), "2m05s");
	assert_string_equal(units_time_text(3720 * NS_PER_S, text, sizeof(text)), "1h02m");
	assert_string_equal(units_time_text(-1, text, sizeof(text)), "n/a");
	assert_string_equal(units_bytes_text(512, text, sizeof(text)), "512 B");
	assert_string_equal(units_bytes_text(65536, text, sizeof(text)), "64.0 KiB");
	assert_string_equal(units_count_text(12345, text, sizeof(text)), "12,345");
	assert_string_equal(units_count_text(1.234e6, text, sizeof(text)), "1.23M");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates_are_per_second_and_exact),
		cmocka_unit_test(test_shares_are_the_nearest_double),
		cmocka_unit_test(test_times_want_a_unit_unless_they_are_0),
		cmocka_unit_test(test_what_is_not_wholly_a_quantity_is_none),
		cmocka_unit_test(test_sizes_and_counts_are_whole),
		cmocka_unit_test(test_figures_read_with_three_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
