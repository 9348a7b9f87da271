#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "measure/exchange_ring.h"
#include "measure/json.h"

static struct exchange
exchange_number(uint64_t k)
{
	return (struct exchange){
		.k = k, .due_ns = (int64_t)k, .taken_ns = -1, .sent_ns = -1, .first_byte_ns = -1, .last_byte_ns = -1};
}

static size_t
count_wanted(enum plan_requests_log wanted, enum outcome outcome)
{
	struct exchange_ring ring;
	struct exchange_entry entry;
	size_t n = 0;

	exchange_ring_init(&ring, wanted);
	for (uint64_t k = 0; k < 1000; k++) {
		const struct exchange x = exchange_number(k);

		exchange_ring_add(&ring, &x, outcome, FAILURE_STATUS);
	}
	while (exchange_ring_take(&ring, &entry))
		n++;
	exchange_ring_fini(&ring);
	return n;
}

static void
test_only_what_is_wanted_is_kept(void **state)
{
	(void)state;
	assert_int_equal(count_wanted(REQUESTS_LOG_ALL, OUTCOME_OK), 1000);
	assert_int_equal(count_wanted(REQUESTS_LOG_ERRORS, OUTCOME_OK), 0);
	assert_int_equal(count_wanted(REQUESTS_LOG_ERRORS, OUTCOME_FAILURE), 1000);
	assert_int_equal(count_wanted(REQUESTS_LOG_ERRORS, OUTCOME_UNFINISHED), 1000);
	assert_int_equal(count_wanted(REQUESTS_LOG_SAMPLE, OUTCOME_OK), 10);
	assert_int_equal(count_wanted(REQUESTS_LOG_SAMPLE, OUTCOME_FAILURE), 10);
}

static void
test_full_ring_drops_and_counts_and_keeps_what_it_has(void **state)
{
	struct exchange_ring ring;
	struct exchange_entry entry;

	(void)state;
	exchange_ring_init(&ring, REQUESTS_LOG_ALL);
	for (uint64_t k = 0; k < EXCHANGE_RING_LEN + 7; k++) {
		const struct exchange x = exchange_number(k);

		exchange_ring_add(&ring, &x, OUTCOME_OK, FAILURE_STATUS);
	}
	assert_int_equal(atomic_load(&ring.dropped), 7);
	for (uint64_t k = 0; k < EXCHANGE_RING_LEN; k++) {
		assert_true(exchange_ring_take(&ring, &entry));
		assert_int_equal(entry.k, k);
	}
	assert_false(exchange_ring_take(&ring, &entry));
	exchange_ring_fini(&ring);
}

#define MANY UINT64_C(300000)

static void *
fill(void *context)
{
	struct exchange_ring *ring = context;

	for (uint64_t k = 0; k < MANY; k++) {
		const struct exchange x = exchange_number(k);

		exchange_ring_add(ring, &x, OUTCOME_OK, FAILURE_STATUS);
	}
	return NULL;
}

/* Each is taken once, in order, whole, or counted as dropped. */
static void
test_two_threads_lose_nothing_silently(void **state)
{
	struct exchange_ring ring;
	struct exchange_entry entry;
	pthread_t thread;
	uint64_t taken = 0, last = 0;

	(void)state;
	exchange_ring_init(&ring, REQUESTS_LOG_ALL);
	assert_int_equal(pthread_create(&thread, NULL, fill, &ring), 0);
	while (taken + atomic_load(&ring.dropped) < MANY)
		if (exchange_ring_take(&ring, &entry)) {
			assert_true(taken == 0 || entry.k > last);
			assert_int_equal(entry.due_ns, entry.k);
			last = entry.k;
			taken++;
		}
	pthread_join(thread, NULL);
	assert_false(exchange_ring_take(&ring, &entry));
	assert_true(taken > 0);
	exchange_ring_fini(&ring);
}

static void
test_line_is_json_whatever_the_request_is_called(void **state)
{
	struct plan_request request = {.name = "a\"b\\\n\x1b[31m<script>"};
	const struct plan plan = {.requests = &request, .requests_n = 1};
	struct exchange_entry entry = {.due_ns = 5,
		.taken_ns = 6,
		.sent_ns = -1,
		.first_byte_ns = -1,
		.last_byte_ns = 9,
		.outcome = OUTCOME_FAILURE,
		.failure = FAILURE_CONNECT_REFUSED,
		.phase = EXCHANGE_CONNECT,
		.level = LEVEL_WARMUP};
	struct buf line;
	size_t at;

	(void)state;
	buf_init(&line, 4096);
	assert_true(exchange_entry_encode(&line, &entry, &plan));
	assert_int_equal(line.bytes[line.length - 1], '\n');
	assert_ptr_equal(strchr(line.bytes, '\n'), line.bytes + line.length - 1);
	assert_null(json_check(line.bytes, line.length - 1, &at));
	assert_non_null(
		strstr(line.bytes, "\"level\":\"warmup\",\"outcome\":\"unsent\",\"failure\":\"connect_refused\","
				   "\"phase\":\"connect\","
				   "\"status\":null,\"due_ns\":5,\"taken_ns\":6,\"sent_ns\":null"));
	buf_fini(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_wanted_is_kept),
		cmocka_unit_test(test_full_ring_drops_and_counts_and_keeps_what_it_has),
		cmocka_unit_test(test_two_threads_lose_nothing_silently),
		cmocka_unit_test(test_line_is_json_whatever_the_request_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
