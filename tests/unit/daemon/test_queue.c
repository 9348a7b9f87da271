#include "daemon/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const shop[] = {"127.0.0.1:8080"}, *const search[] = {"127.0.0.1:9200"};
static const char *const both[] = {"127.0.0.1:9200", "127.0.0.1:8080"};

#define ITEM(of) ((struct queue_item){.targets = (of), .targets_n = sizeof(of) / sizeof((of)[0])})

static void
test_runs_of_one_target_follow_one_another(void **state)
{
	struct queue_item first = ITEM(shop), second = ITEM(shop);
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	assert_true(queue_add(&queue, &first));
	assert_true(queue_add(&queue, &second));
	assert_ptr_equal(queue_next(&queue), &first);
	assert_null(queue_next(&queue));
	assert_int_equal(queue_position(&queue, &first), 0);
	assert_int_equal(queue_position(&queue, &second), 1);
	queue_remove(&queue, &first);
	assert_ptr_equal(queue_next(&queue), &second);
}

static void
test_other_targets_are_not_waited_for(void **state)
{
	struct queue_item first = ITEM(shop), second = ITEM(shop), other = ITEM(search);
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	queue_add(&queue, &first);
	queue_add(&queue, &second);
	queue_add(&queue, &other);
	assert_ptr_equal(queue_next(&queue), &first);
	assert_ptr_equal(queue_next(&queue), &other);
	assert_null(queue_next(&queue));
	assert_int_equal(queue.running_n, 2);
	assert_int_equal(queue.waiting_n, 1);
}

/* Else a run of two targets would wait for ever while runs of one of them come by. */
static void
test_nobody_passes_who_waits_for_the_same_target(void **state)
{
	struct queue_item first = ITEM(shop), two = ITEM(both), later = ITEM(search);
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	queue_add(&queue, &first);
	queue_add(&queue, &two);
	queue_add(&queue, &later);
	assert_ptr_equal(queue_next(&queue), &first);
	assert_null(queue_next(&queue)); /* `later` could, but `two` waits for its target, too */
	assert_int_equal(queue_position(&queue, &later), 2);
	queue_remove(&queue, &first);
	assert_ptr_equal(queue_next(&queue), &two);
	assert_null(queue_next(&queue));
	queue_remove(&queue, &two);
	assert_ptr_equal(queue_next(&queue), &later);
}

static void
test_at_most_so_many_run_and_wait(void **state)
{
	struct queue_item first = ITEM(shop), other = ITEM(search), third = ITEM(shop);
	struct queue queue;

	(void)state;
	queue_init(&queue, 1, 2);
	assert_true(queue_add(&queue, &first));
	assert_ptr_equal(queue_next(&queue), &first);
	assert_true(queue_add(&queue, &other));
	assert_true(queue_add(&queue, &third));
	assert_null(queue_next(&queue));
	struct queue_item one_more = ITEM(shop);

	assert_false(queue_add(&queue, &one_more));
	queue_remove(&queue, &third); /* withdrawn */
	assert_true(queue_add(&queue, &one_more));
}

static void
test_a_busy_target_is_known(void **state)
{
	struct queue_item first = ITEM(shop), asks = ITEM(both), other = ITEM(search);
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	assert_false(queue_is_busy(&queue, &asks));
	queue_add(&queue, &first);
	assert_true(queue_is_busy(&queue, &asks));
	assert_false(queue_is_busy(&queue, &other));
}

static void
test_nothing_begins_while_it_is_halted(void **state)
{
	struct queue_item first = ITEM(shop);
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	queue_add(&queue, &first);
	queue.is_halted = true;
	assert_null(queue_next(&queue));
	queue.is_halted = false;
	assert_ptr_equal(queue_next(&queue), &first);
}

/* Without targets (a null protocol) there is nothing to share. */
static void
test_runs_without_targets_wait_for_nobody(void **state)
{
	struct queue_item a = {.targets_n = 0}, b = {.targets_n = 0};
	struct queue queue;

	(void)state;
	queue_init(&queue, 4, 10);
	queue_add(&queue, &a);
	queue_add(&queue, &b);
	assert_ptr_equal(queue_next(&queue), &a);
	assert_ptr_equal(queue_next(&queue), &b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_of_one_target_follow_one_another),
		cmocka_unit_test(test_other_targets_are_not_waited_for),
		cmocka_unit_test(test_nobody_passes_who_waits_for_the_same_target),
		cmocka_unit_test(test_at_most_so_many_run_and_wait),
		cmocka_unit_test(test_a_busy_target_is_known),
		cmocka_unit_test(test_nothing_begins_while_it_is_halted),
		cmocka_unit_test(test_runs_without_targets_wait_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
