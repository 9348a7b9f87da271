#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "base/stamp.h"

/* Clocks that we turn: readings of a given offset, most of them preempted for a while between the three reads. */
struct clocks {
	int64_t now_ns, offset_ns;
	int64_t delays_ns[4]; /* the width of readings, in turn */
	unsigned count;
};

static struct stamp_reading
read_clocks(void *user)
{
	struct clocks *c = user;
	int64_t width_ns = c->delays_ns[c->count++ % 4];
	struct stamp_reading r = {.before_ns = c->now_ns, .real_ns = c->now_ns + c->offset_ns + width_ns * 9 / 10};

	c->now_ns += width_ns;
	r.after_ns = c->now_ns;
	return r;
}

#define OFFSET (1700 * NS_PER_S * 1000000 / 1000 + 123456789)

static void
test_the_narrowest_reading_decides(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {90000, 60, 50000, 7000000}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	assert_in_range(s.error_ns, 1, 31);
	assert_in_range(s.offset_ns, OFFSET - 31, OFFSET + 31);
}

static void
test_jitter_does_not_move_the_offset(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {60, 60, 60, 60}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	int64_t offset_ns = s.offset_ns;

	for (int i = 0; i < 4; i++)
		c.delays_ns[i] = 3000000;
	for (int i = 0; i < 1000; i++)
		stamp_measure(&s);
	assert_int_equal(s.offset_ns, offset_ns);
	assert_int_equal(s.steps, 0);
}

static void
test_a_narrower_reading_refines_the_offset(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {80000, 80000, 80000, 80000}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	c.delays_ns[2] = 40;
	stamp_measure(&s);
	assert_in_range(s.offset_ns, OFFSET - 21, OFFSET + 21);
	assert_int_equal(s.steps, 0);
}

static void
test_a_set_wall_clock_is_followed(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {60, 60, 60, 60}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	c.offset_ns -= NS_PER_MS;
	stamp_measure(&s);
	assert_int_equal(s.steps, 1);
	assert_in_range(s.offset_ns, OFFSET - NS_PER_MS - 31, OFFSET - NS_PER_MS + 31);
}

static void
test_a_stamp_from_the_future_has_the_offset_measured_again(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {60, 60, 60, 60}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	c.offset_ns += 3600 * NS_PER_S;
	int64_t arrival_ns = c.now_ns - 20000;
	int64_t got_ns = stamp_to_monotonic_ns(&s, arrival_ns + c.offset_ns, c.now_ns);

	assert_in_range(got_ns, arrival_ns - 31, arrival_ns + 31);
	assert_int_equal(s.steps, 1);
}

static void
test_a_stamp_is_never_later_than_now(void **state)
{
	(void)state;
	struct clocks c = {.now_ns = 5 * NS_PER_S, .offset_ns = OFFSET, .delays_ns = {60, 60, 60, 60}};
	struct stamp s;

	stamp_init_with(&s, read_clocks, &c);
	int64_t now_ns = c.now_ns; /* measuring again takes time: c.now_ns moves */

	assert_int_equal(stamp_to_monotonic_ns(&s, now_ns + s.offset_ns + 10, now_ns), now_ns);
	assert_int_equal(stamp_to_monotonic_ns(&s, now_ns + s.offset_ns + NS_PER_S, now_ns), now_ns);
	assert_int_equal(stamp_to_monotonic_ns(&s, now_ns + s.offset_ns - 500, now_ns), now_ns - 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_narrowest_reading_decides),
		cmocka_unit_test(test_jitter_does_not_move_the_offset),
		cmocka_unit_test(test_a_narrower_reading_refines_the_offset),
		cmocka_unit_test(test_a_set_wall_clock_is_followed),
		cmocka_unit_test(test_a_stamp_from_the_future_has_the_offset_measured_again),
		cmocka_unit_test(test_a_stamp_is_never_later_than_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
