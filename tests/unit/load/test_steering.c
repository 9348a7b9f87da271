#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schedules.h"

static void
test_a_cursor_seeks_forwards_and_back(void **state)
{
	(void)state;
	for (int spacing = SPACING_UNIFORM; spacing <= SPACING_GAMMA; spacing++)
		for (uint32_t shard = 0; shard < 3; shard++) {
			struct plan_load load = load_of("steps", &(struct steps){50, 17, 100, SECOND});
			struct schedule_cursor moved = {0};
			struct arrival a, b;

			load.spacing = spacing;
			load.burstiness = 0.5;
			load.warmup_ns = SECOND;
			struct schedule s = schedule_of(&load);

			s.shard = shard;
			s.shards = 3;
			for (int64_t t_ns = 37 * SECOND / 10; t_ns >= 0; t_ns -= SECOND / 10) {
				struct schedule_cursor walked = {0};

				while (schedule_peek(&s, &walked, &a) && a.due_ns < t_ns)
					schedule_advance(&s, &walked);
				schedule_seek(&s, &moved, t_ns);
				assert_true(schedule_peek(&s, &moved, &b));
				assert_int_equal(a.k, b.k);
				assert_int_equal(a.due_ns, b.due_ns);
			}
			schedule_seek(&s, &moved, schedule_end_ns(&s));
			assert_false(schedule_peek(&s, &moved, &b));
		}
}

static void
test_steering_changes_the_rate_from_its_moment_on(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){100, 10 * SECOND, 0});
	struct schedule s = schedule_of(&load);
	uint64_t warmup_n;
	int64_t last_ns;

	(void)state;
	schedule_steer(&s, 1000, 4 * SECOND);
	assert_float_equal(schedule_level_at(&s, 4 * SECOND - 1), 100, 0);
	assert_float_equal(schedule_level_at(&s, 4 * SECOND), 1000, 0);
	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 400 + 6000);
	schedule_steer(&s, 0, 6 * SECOND);
	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 400 + 2000);
	schedule_steer(&s, 10, 8 * SECOND);
	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 400 + 2000 + 20);
	assert_float_equal(schedule_expected(&s), 2420, 0);
	assert_int_equal(last_ns, 99 * SECOND / 10);
	schedule_steer(&s, 5, 11 * SECOND);
	assert_int_equal(take_all(&s, &warmup_n, &last_ns), 2420);
}

/* A backlog that lies several levels behind still finds the due times that were planned then. */
static void
test_a_cursor_behind_the_steering_keeps_the_due_times_of_its_level(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){100, 1000 * SECOND, 0});
	struct schedule s = schedule_of(&load);
	struct schedule_cursor head = {0}, tail = {0};
	struct arrival a, before[1000];
	size_t n = 0;

	(void)state;
	for (int level = 1; level <= 20; level++) {
		for (; schedule_peek(&s, &head, &a) && a.due_ns < level * SECOND; schedule_advance(&s, &head))
			before[n++] = a;
		schedule_steer(&s, 10 * level % 70, level * SECOND);
	}
	assert_in_range(n, 500, 1000);
	for (size_t i = 0; i < n; i++, schedule_advance(&s, &tail)) {
		assert_true(schedule_peek(&s, &tail, &a));
		assert_int_equal(a.k, before[i].k);
		assert_int_equal(a.due_ns, before[i].due_ns);
	}
}

static void
test_an_arrival_looked_at_before_steering_is_looked_for_again(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){0.1, 100 * SECOND, 0});
	struct schedule s = schedule_of(&load);
	struct schedule_cursor cursor = {0};
	struct arrival a;

	(void)state;
	schedule_advance(&s, &cursor);
	assert_true(schedule_peek(&s, &cursor, &a));
	assert_int_equal(a.due_ns, 10 * SECOND);
	schedule_steer(&s, 100, 5 * SECOND);
	assert_true(schedule_peek(&s, &cursor, &a));
	assert_int_equal(a.due_ns, 5 * SECOND + SECOND / 200);
}

static void
test_many_steers_forget_only_the_oldest(void **state)
{
	const struct plan_load load = load_of("steady", &(struct steady){100, 1000 * SECOND, 0});
	struct schedule s = schedule_of(&load);

	(void)state;
	for (int i = 1; i <= 3 * SCHEDULE_STEERS_MAX; i++)
		schedule_steer(&s, i, i * SECOND);
	assert_int_equal(s.steers_n, SCHEDULE_STEERS_MAX);
	assert_float_equal(schedule_level_at(&s, 999 * SECOND), 3 * SCHEDULE_STEERS_MAX, 0);
	/* 100 in the first second, then 1 + 2 + … in one second each. */
	double until_last = 100 + 3 * SCHEDULE_STEERS_MAX * (3 * SCHEDULE_STEERS_MAX - 1) / 2.0;

	assert_float_equal(s.steers[s.steers_n - 1].base, until_last, 1e-6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cursor_seeks_forwards_and_back),
		cmocka_unit_test(test_steering_changes_the_rate_from_its_moment_on),
		cmocka_unit_test(test_a_cursor_behind_the_steering_keeps_the_due_times_of_its_level),
		cmocka_unit_test(test_an_arrival_looked_at_before_steering_is_looked_for_again),
		cmocka_unit_test(test_many_steers_forget_only_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
