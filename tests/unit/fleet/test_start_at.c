#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "fleet/start_at.h"

/* 2026-11-22T01:59:00Z */
#define NOW_S INT64_C(1795312740)

static void
test_a_time_is_read_as_rfc_3339_or_as_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ahead_ns;
	} rows[] = {
		{"2026-11-22T02:00:00Z", 60 * NS_PER_S},
		{"2026-11-22t02:00:00z", 60 * NS_PER_S},
		{"2026-11-22 02:00:00.25Z", 60 * NS_PER_S + 250 * NS_PER_MS},
		{"2026-11-22T02:00:00.123456789Z", 60 * NS_PER_S + 123456789},
		{"2026-11-22T03:30:00+01:30", 60 * NS_PER_S},
		{"2026-11-21T21:00:00-05:00", 60 * NS_PER_S},
		{"1795312800", 60 * NS_PER_S},
		{"1795312800.5", 60 * NS_PER_S + 500 * NS_PER_MS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		int64_t wall_ns = 0;

		if (!start_at_parse(rows[i].text, NOW_S * NS_PER_S, &wall_ns, &err))
			fail_msg("%s", err.message);
		assert_int_equal(wall_ns - NOW_S * NS_PER_S, rows[i].ahead_ns);
	}
}

static void
test_what_is_no_time_or_past_or_far_off_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "is no time"},
		{"soon", "is no time"},
		{"2026-11-22T02:00:00", "is no time"}, /* whose clock? */
		{"2026-02-30T02:00:00Z", "is no time"},
		{"2026-13-01T02:00:00Z", "is no time"},
		{"2026-11-22T24:00:00Z", "is no time"},
		{"2026-11-22T02:00:00.Z", "is no time"},
		{"2026-11-22T02:00:00+1:00", "is no time"},
		{"2026-11-22T02:00:00Zx", "is no time"},
		{"1795312800s", "is no time"},
		{"17953128000000", "is no time"}, /* ms */
		{"1795312740", "was 0ns ago"},
		{"2026-11-22T01:58:57Z", "was 3.00s ago; nothing was sent"},
		{"2026-11-30T02:00:00Z", "8 days ahead"},
		{"9999999999", "days ahead"},
		{"9999-12-31T23:59:59Z", "days ahead"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		int64_t wall_ns = 0;

		assert_false(start_at_parse(rows[i].text, NOW_S * NS_PER_S, &wall_ns, &err));
		if (strstr(err.message, rows[i].says) == NULL)
			fail_msg("%s", err.message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_time_is_read_as_rfc_3339_or_as_seconds),
		cmocka_unit_test(test_what_is_no_time_or_past_or_far_off_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
