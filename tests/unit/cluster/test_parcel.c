#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "cluster/parcel.h"

/* What nats-server keeps, in the order in which it came. */
struct shelf {
	struct {
		uint64_t number;
		char *bytes;
		size_t length;
	} parcels[4096];
	size_t n;
};

static void
shelve(struct shelf *shelf, uint64_t number, const char *bytes, size_t length)
{
	assert_true(shelf->n < 4096);
	shelf->parcels[shelf->n].number = number;
	shelf->parcels[shelf->n].bytes = malloc(length);
	memcpy(shelf->parcels[shelf->n].bytes, bytes, length);
	shelf->parcels[shelf->n++].length = length;
}

/* What a reader makes of it. */
static void
read_shelf(struct shelf *shelf, struct buf *into)
{
	struct parcel_receiver receiver = {0};

	for (size_t i = 0; i < shelf->n; i++) {
		enum parcel_fate fate = parcel_take(&receiver, shelf->parcels[i].number);

		assert_int_not_equal(fate, PARCEL_MISSING);
		if (fate == PARCEL_NEW)
			buf_add(into, shelf->parcels[i].bytes, shelf->parcels[i].length);
		free(shelf->parcels[i].bytes);
	}
	shelf->n = 0;
}

/* One in so many of what is sent is lost on its way there, one in so many of the answers on their way back; now and
 * then the connection breaks. */
static void
send_over_a_bad_link(uint64_t seed)
{
	static struct shelf shelf;
	struct parcel_sender sender;
	struct buf said, heard;
	int64_t now_ns = 0;
	uint64_t draw = 0;
	unsigned lines = 0;

	parcel_sender_init(&sender);
	buf_init(&said, (size_t)64 << 20);
	buf_init(&heard, (size_t)64 << 20);
	while (lines < 200 || !parcel_all_kept(&sender)) {
		uint64_t number, lot = rng_at(seed, 0, draw++);
		size_t length;
		const char *bytes;

		if (lines < 200 && lot % 4 == 0) {
			char line[64];
			int n = snprintf(line, sizeof(line), "line %u of %llu\n", lines++, (unsigned long long)seed);

			buf_add(&said, line, (size_t)n);
			assert_true(parcel_add(&sender, line, (size_t)n));
		}
		if (lot / 4 % 37 == 0)
			parcel_again(&sender);
		bytes = parcel_next(&sender, now_ns, &length, &number);
		if (bytes != NULL && lot / 256 % 5 != 0) {
			shelve(&shelf, number, bytes, length);
			if (lot / 4096 % 5 != 0)
				parcel_kept(&sender, number);
			if (lot / 65536 % 7 == 0)
				parcel_kept(&sender, number); /* answered twice */
		}
		now_ns += (int64_t)(lot / 1048576 % 1000) * NS_PER_MS;
	}
	read_shelf(&shelf, &heard);
	assert_int_equal(heard.length, said.length);
	assert_memory_equal(heard.bytes, said.bytes, said.length);
	parcel_sender_fini(&sender);
	buf_fini(&said);
	buf_fini(&heard);
}

static void
test_whatever_is_lost_or_repeated_arrives_once_and_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 500; seed++)
		send_over_a_bad_link(seed);
}

static void
test_a_parcel_holds_whole_lines_unless_a_line_is_longer(void **state)
{
	struct parcel_sender sender;
	char *big = malloc(PARCEL_MAX + 1000);
	uint64_t number;
	size_t length;

	(void)state;
	parcel_sender_init(&sender);
	assert_true(parcel_add(&sender, "one\ntwo\nhal", 11));
	assert_memory_equal(parcel_next(&sender, 0, &length, &number), "one\ntwo\n", 8);
	assert_int_equal(length, 8);
	assert_int_equal(number, 1);
	parcel_kept(&sender, 1);
	assert_null(parcel_next(&sender, 0, &length, &number)); /* it is half a line */
	memset(big, 'x', PARCEL_MAX + 999);
	big[PARCEL_MAX + 999] = '\n';
	assert_true(parcel_add(&sender, big, PARCEL_MAX + 1000));
	assert_non_null(parcel_next(&sender, 0, &length, &number));
	assert_int_equal(length, PARCEL_MAX);
	assert_int_equal(number, 2);
	parcel_kept(&sender, 2);
	assert_non_null(parcel_next(&sender, 0, &length, &number));
	assert_int_equal(length, 1003);
	parcel_kept(&sender, 3);
	assert_true(parcel_all_kept(&sender));
	parcel_sender_fini(&sender);
	free(big);
}

static void
test_one_parcel_is_under_way_and_sent_again_after_a_while_or_a_broken_connection(void **state)
{
	struct parcel_sender sender;
	uint64_t number;
	size_t length;

	(void)state;
	parcel_sender_init(&sender);
	parcel_add(&sender, "a\n", 2);
	assert_non_null(parcel_next(&sender, 0, &length, &number));
	parcel_add(&sender, "b\n", 2);
	assert_null(parcel_next(&sender, PARCEL_AGAIN_NS - 1, &length, &number));
	assert_non_null(parcel_next(&sender, PARCEL_AGAIN_NS, &length, &number));
	assert_int_equal(number, 1);
	assert_int_equal(length, 2); /* the same bytes under the same number, whatever came meanwhile */
	parcel_again(&sender);
	assert_non_null(parcel_next(&sender, PARCEL_AGAIN_NS, &length, &number));
	assert_int_equal(number, 1);
	parcel_kept(&sender, 2); /* of another, that never was */
	assert_null(parcel_next(&sender, PARCEL_AGAIN_NS, &length, &number));
	parcel_kept(&sender, 1);
	assert_non_null(parcel_next(&sender, PARCEL_AGAIN_NS, &length, &number));
	assert_int_equal(number, 2);
	parcel_sender_fini(&sender);
}

static void
test_a_gap_is_told_and_nothing_is_taken_after_it(void **state)
{
	struct parcel_receiver receiver = {0};

	(void)state;
	assert_int_equal(parcel_take(&receiver, 1), PARCEL_NEW);
	assert_int_equal(parcel_take(&receiver, 1), PARCEL_REPEATED);
	assert_int_equal(parcel_take(&receiver, 3), PARCEL_MISSING);
	assert_int_equal(receiver.taken, 1);
	assert_int_equal(parcel_take(&receiver, 2), PARCEL_NEW);
	assert_int_equal(parcel_number_of("20261122T020000Z-1a2b3c/2/17"), 17);
	assert_int_equal(parcel_number_of("17"), 0);
	assert_int_equal(parcel_number_of("a/b"), 0);
	assert_int_equal(parcel_number_of("a/-3"), 0);
	assert_int_equal(parcel_number_of("a/3x"), 0);
	assert_int_equal(parcel_number_of(""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever_is_lost_or_repeated_arrives_once_and_in_order),
		cmocka_unit_test(test_a_parcel_holds_whole_lines_unless_a_line_is_longer),
		cmocka_unit_test(test_one_parcel_is_under_way_and_sent_again_after_a_while_or_a_broken_connection),
		cmocka_unit_test(test_a_gap_is_told_and_nothing_is_taken_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
