#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "daemon/delivery.h"

static struct alert
alert_of(uint64_t number)
{
	return (struct alert){.number = number};
}

static void
add(struct delivery *delivery, uint64_t number)
{
	const struct alert alert = alert_of(number);

	delivery_add(delivery, &alert, ALERT_FIRED);
}

static void
test_notices_go_in_order_each_once(void **state)
{
	struct delivery delivery;

	(void)state;
	delivery_init(&delivery, 5);
	assert_true(delivery_next_ns(&delivery) == INT64_MAX);
	assert_null(delivery_due(&delivery, NS_PER_S));
	add(&delivery, 1);
	add(&delivery, 2);
	assert_int_equal(delivery_due(&delivery, NS_PER_S)->alert.number, 1);
	delivery_succeeded(&delivery);
	assert_int_equal(delivery_due(&delivery, NS_PER_S)->alert.number, 2);
	delivery_succeeded(&delivery);
	assert_null(delivery_due(&delivery, NS_PER_S));
	assert_int_equal(delivery.told, 2);
	delivery_fini(&delivery);
}

static void
test_what_fails_waits_twice_as_long_each_time(void **state)
{
	struct delivery delivery;
	int64_t now_ns = 1000 * NS_PER_S, pause_ns = NS_PER_S;

	(void)state;
	delivery_init(&delivery, 100);
	add(&delivery, 1);
	for (int i = 0; i < 20; i++) {
		assert_true(delivery_failed(&delivery, now_ns, false));
		int64_t wait_ns = delivery_next_ns(&delivery) - now_ns;

		assert_true(wait_ns >= pause_ns * 3 / 4 && wait_ns <= pause_ns * 5 / 4);
		assert_null(delivery_due(&delivery, now_ns + wait_ns - 1));
		now_ns += wait_ns;
		assert_non_null(delivery_due(&delivery, now_ns));
		pause_ns = pause_ns * 2 < DELIVERY_PAUSE_MAX_NS ? pause_ns * 2 : DELIVERY_PAUSE_MAX_NS;
	}
	delivery_succeeded(&delivery);
	assert_true(delivery.told == 1 && delivery.failed == 20 && delivery.lost == 0);
	/* The next one begins with a short pause again. */
	add(&delivery, 2);
	assert_non_null(delivery_due(&delivery, now_ns));
	delivery_failed(&delivery, now_ns, false);
	assert_true(delivery_next_ns(&delivery) - now_ns <= 5 * NS_PER_S / 4);
	delivery_fini(&delivery);
}

static void
test_what_is_given_up_is_counted_and_lets_the_next_one_through(void **state)
{
	struct delivery delivery;

	(void)state;
	delivery_init(&delivery, 3);
	add(&delivery, 1);
	add(&delivery, 2);
	assert_true(delivery_failed(&delivery, 0, false));
	assert_true(delivery_failed(&delivery, 0, false));
	assert_false(delivery_failed(&delivery, 0, false));
	assert_int_equal(delivery.lost, 1);
	assert_int_equal(delivery_due(&delivery, 0)->alert.number, 2);
	assert_false(delivery_failed(&delivery, 0, true)); /* it would never be taken */
	assert_int_equal(delivery.lost, 2);
	assert_null(delivery_due(&delivery, NS_PER_S));
	delivery_fini(&delivery);
}

static void
test_where_there_is_no_room_the_oldest_is_lost(void **state)
{
	struct delivery delivery;

	(void)state;
	delivery_init(&delivery, 3);
	for (uint64_t i = 1; i <= DELIVERY_ROOM + 3; i++)
		add(&delivery, i);
	assert_int_equal(delivery.lost, 3);
	assert_int_equal(delivery.n, DELIVERY_ROOM);
	assert_int_equal(delivery_due(&delivery, 0)->alert.number, 4);
	delivery_fini(&delivery);
}

static void
test_what_is_under_way_is_not_the_one_that_is_lost(void **state)
{
	struct delivery delivery;
	struct notice gone;

	(void)state;
	delivery_init(&delivery, 5);
	for (uint64_t i = 1; i <= DELIVERY_ROOM; i++)
		add(&delivery, i);
	delivery.is_under_way = true;
	assert_true(delivery_make_room(&delivery, &gone));
	assert_int_equal(gone.alert.number, 2);
	assert_int_equal(delivery.lost, 1);
	assert_false(delivery_make_room(&delivery, &gone));
	add(&delivery, DELIVERY_ROOM + 1);
	assert_int_equal(delivery_due(&delivery, NS_PER_S)->alert.number, 1);
	delivery_succeeded(&delivery);
	assert_int_equal(delivery_due(&delivery, NS_PER_S)->alert.number, 3);
	assert_int_equal(delivery.n, DELIVERY_ROOM - 1);
	delivery_fini(&delivery);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notices_go_in_order_each_once),
		cmocka_unit_test(test_what_fails_waits_twice_as_long_each_time),
		cmocka_unit_test(test_what_is_given_up_is_counted_and_lets_the_next_one_through),
		cmocka_unit_test(test_where_there_is_no_room_the_oldest_is_lost),
		cmocka_unit_test(test_what_is_under_way_is_not_the_one_that_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
