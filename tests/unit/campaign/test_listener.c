#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "unit/campaign/doors.h"

static void
test_nobody_accepts_at_a_port_that_is_only_bound(void **state)
{
	struct door door;

	(void)state;
	door_bind(&door);
	assert_false(listener_accepts(&door.addresses));
	door_close(&door);
}

static void
test_any_of_the_addresses_is_enough(void **state)
{
	struct door shut, open;

	(void)state;
	door_bind(&shut);
	door_bind(&open);
	door_open(&open);
	shut.addresses.list[shut.addresses.n++] = open.addresses.list[0];
	assert_true(listener_accepts(&shut.addresses));
	door_close(&shut);
	door_close(&open);
}

static void
test_full_backlog_is_not_waited_for_without_end(void **state)
{
	struct door door;

	(void)state;
	door_bind(&door);
	assert_int_equal(listen(door.fd, 0), 0);
	/* Nobody takes a connection out of the queue: once it is full, a blocking connect would hang for minutes. */
	for (int i = 0; i < 4; i++)
		if (!listener_accepts(&door.addresses)) {
			door_close(&door);
			return;
		}
	fail_msg("the queue never filled");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_accepts_at_a_port_that_is_only_bound),
		cmocka_unit_test(test_any_of_the_addresses_is_enough),
		cmocka_unit_test(test_full_backlog_is_not_waited_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
