#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "engine/backlog.h"
#include "unit/engine/plans.h"

struct queue {
	struct plan *plan;
	struct schedule schedule;
	struct schedule_cursor head;
	uint64_t position;
	struct backlog backlog;
};

static void
queue_init(struct queue *queue, const char *profile)
{
	*queue = (struct queue){.plan = plan_of(profile)};
	schedule_init(&queue->schedule, &queue->plan->scenarios[0].load, 7);
	backlog_init(&queue->backlog, &queue->schedule);
}

static void
queue_fini(struct queue *queue)
{
	backlog_fini(&queue->backlog);
	plan_free(queue->plan);
}

static void
queue_pass(struct queue *queue)
{
	schedule_advance(&queue->schedule, &queue->head);
	queue->position++;
}

static int64_t
queue_add(struct queue *queue, int64_t taken_ns)
{
	struct arrival arrival;

	assert_true(schedule_peek(&queue->schedule, &queue->head, &arrival));
	backlog_add(&queue->backlog, &queue->head, queue->position, taken_ns);
	queue_pass(queue);
	return arrival.due_ns;
}

static void
test_waiting_arrivals_keep_their_due_and_taken_times(void **state)
{
	struct queue queue;
	struct arrival arrival;
	int64_t due_ns[1000], taken_ns;

	(void)state;
	queue_init(&queue, "load: {steady: {rate: 1000/s, for: 5s}, spacing: poisson}\n");
	for (int i = 0; i < 1000; i++)
		due_ns[i] = queue_add(&queue, i / 3);
	for (int i = 0; i < 1000; i++) {
		assert_true(backlog_peek(&queue.backlog, &arrival, &taken_ns));
		assert_int_equal(arrival.due_ns, due_ns[i]);
		assert_int_equal(taken_ns, i / 3);
		backlog_remove(&queue.backlog);
	}
	assert_false(backlog_peek(&queue.backlog, &arrival, &taken_ns));
	queue_fini(&queue);
}

static void
test_arrivals_lost_in_between_are_skipped(void **state)
{
	struct queue queue;
	struct arrival arrival;
	int64_t taken_ns;

	(void)state;
	queue_init(&queue, "load: {steady: {rate: 1000/s, for: 5s}}\n");
	queue_add(&queue, 1);
	for (int i = 0; i < 10; i++)
		queue_pass(&queue); /* a loop gap */
	queue_add(&queue, 2);
	backlog_peek(&queue.backlog, &arrival, &taken_ns);
	backlog_remove(&queue.backlog);
	assert_true(backlog_peek(&queue.backlog, &arrival, &taken_ns));
	assert_int_equal(arrival.due_ns, 11 * NS_PER_MS);
	assert_int_equal(taken_ns, 2);
	queue_fini(&queue);
}

static void
test_a_full_ring_of_turns_loses_no_arrival(void **state)
{
	struct queue queue;
	struct arrival arrival;
	int64_t taken_ns, n = 3 * BACKLOG_TURNS;

	(void)state;
	queue_init(&queue, "load: {steady: {rate: 100k/s, for: 5s}}\n");
	for (int64_t i = 0; i < n; i++)
		queue_add(&queue, i);
	for (int64_t i = 0; i < n; i++) {
		assert_true(backlog_peek(&queue.backlog, &arrival, &taken_ns));
		assert_int_equal(arrival.due_ns, i * 10000);
		assert_true(taken_ns <= i);
		backlog_remove(&queue.backlog);
	}
	assert_int_equal(queue.backlog.n, 0);
	queue_fini(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting_arrivals_keep_their_due_and_taken_times),
		cmocka_unit_test(test_arrivals_lost_in_between_are_skipped),
		cmocka_unit_test(test_a_full_ring_of_turns_loses_no_arrival),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
