#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"
#include "daemon/alert_course.h"

#define T0 (INT64_C(1790000000) * NS_PER_S) /* some moment on the wall */

/* Intervals of a second, each a letter: H holds, - does not, ? is not known, o over. The answer likewise: F fired, R
 * recovered, f and r quietly, '.' no news. */
static void
assert_course(int64_t for_s, int64_t cooldown_s, const char *seen, const char *wanted)
{
	static const char letters[] = {[ALERT_NO_NEWS] = '.',
		[ALERT_FIRED] = 'F',
		[ALERT_RECOVERED] = 'R',
		[ALERT_FIRED_QUIETLY] = 'f',
		[ALERT_RECOVERED_QUIETLY] = 'r'};
	const struct alert_terms terms = {for_s * NS_PER_S, cooldown_s * NS_PER_S};
	struct alert_course course = {.state = ALERT_INACTIVE};
	char said[128] = "";

	for (size_t i = 0; seen[i] != '\0'; i++) {
		enum alert_seen what = seen[i] == 'H'   ? ALERT_HOLDS
				       : seen[i] == '-' ? ALERT_HOLDS_NOT
				       : seen[i] == '?' ? ALERT_UNKNOWN
							: ALERT_OVER;
		int64_t from_ns = T0 + (int64_t)i * NS_PER_S;

		CHECK_OP(i, <, sizeof(said) - 1);
		said[i] = letters[alert_course_step(&course, &terms, what, from_ns, from_ns + NS_PER_S)];
	}
	assert_string_equal(said, wanted);
}

static void
test_it_fires_once_it_has_held_for_long_enough(void **state)
{
	(void)state;
	assert_course(0, 0, "-H", ".F");
	assert_course(3, 0, "-HHHH-", "...F.R");
	assert_course(3, 0, "HH-HH-HHH", "........F");
}

static void
test_it_recovers_when_it_does_not_hold_any_more(void **state)
{
	(void)state;
	assert_course(0, 0, "HHH---HH-", "F..R..F.R");
}

static void
test_what_is_not_known_is_neither_a_fault_nor_a_recovery(void **state)
{
	(void)state;
	assert_course(3, 0, "HH?HH", ".....");
	assert_course(3, 0, "HH?HHH", ".....F");
	assert_course(0, 0, "H???H-", "F....R");
	assert_course(0, 0, "???", "...");
}

static void
test_whoever_fires_when_nobody_looks_any_more_is_resolved(void **state)
{
	(void)state;
	assert_course(0, 0, "Ho", "FR");
	assert_course(3, 0, "Hoo", "...");
	assert_course(0, 0, "H-o", "FR.");
}

static void
test_it_is_quiet_while_it_cools_down(void **state)
{
	(void)state;
	assert_course(0, 5, "H-H-H-----H", "FRfrfr....F");
}

static void
test_what_still_fires_when_the_cooldown_is_over_is_told(void **state)
{
	(void)state;
	assert_course(0, 5, "H-HHHHHH-", "FRf...F.R");
	/* And quiet ones do not make the cooldown longer. */
	assert_course(0, 4, "H-H-H-H-", "FRfrfrFR");
}

static void
test_since_when_it_held_is_the_start_of_its_first_interval(void **state)
{
	const struct alert_terms terms = {2 * NS_PER_S, 0};
	struct alert_course course = {.state = ALERT_INACTIVE};

	(void)state;
	alert_course_step(&course, &terms, ALERT_HOLDS_NOT, T0, T0 + NS_PER_S);
	assert_int_equal(course.state, ALERT_INACTIVE);
	alert_course_step(&course, &terms, ALERT_HOLDS, T0 + NS_PER_S, T0 + 2 * NS_PER_S);
	assert_int_equal(course.state, ALERT_PENDING);
	assert_int_equal(
		alert_course_step(&course, &terms, ALERT_HOLDS, T0 + 2 * NS_PER_S, T0 + 3 * NS_PER_S), ALERT_FIRED);
	assert_int_equal(course.state, ALERT_FIRING);
	assert_true(course.since_ns == T0 + NS_PER_S);
	assert_true(course.fired_ns == T0 + 3 * NS_PER_S);
	alert_course_step(&course, &terms, ALERT_HOLDS_NOT, T0 + 3 * NS_PER_S, T0 + 4 * NS_PER_S);
	assert_int_equal(course.state, ALERT_RESOLVED);
	assert_true(course.ended_ns == T0 + 4 * NS_PER_S);
	assert_true(course.since_ns == T0 + NS_PER_S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_fires_once_it_has_held_for_long_enough),
		cmocka_unit_test(test_it_recovers_when_it_does_not_hold_any_more),
		cmocka_unit_test(test_what_is_not_known_is_neither_a_fault_nor_a_recovery),
		cmocka_unit_test(test_whoever_fires_when_nobody_looks_any_more_is_resolved),
		cmocka_unit_test(test_it_is_quiet_while_it_cools_down),
		cmocka_unit_test(test_what_still_fires_when_the_cooldown_is_over_is_told),
		cmocka_unit_test(test_since_when_it_held_is_the_start_of_its_first_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
