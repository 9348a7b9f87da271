#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "proto/http2_memory.h"

static struct http2_memory memory;

static int
start(void **context)
{
	(void)context;
	http2_memory_init(&memory);
	return 0;
}

static int
end(void **context)
{
	(void)context;
	http2_memory_fini(&memory); /* what is not freed the sanitizer finds */
	return 0;
}

static void *
take(size_t length)
{
	void *bytes = memory.mem.malloc(length, memory.mem.mem_user_data);

	assert_non_null(bytes);
	assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
	memset(bytes, 0x5a, length);
	return bytes;
}

static void
give(void *bytes)
{
	memory.mem.free(bytes, memory.mem.mem_user_data);
}

static void
test_piece_of_any_size_is_all_ours(void **context)
{
	(void)context;
	for (size_t length = 0; length < 3000; length++)
		give(take(length));
	give(NULL);
}

static void
test_freed_piece_is_the_next_of_its_size(void **context)
{
	(void)context;
	void *one = take(65), *two = take(128), *other = take(129);

	assert_ptr_not_equal(one, two);
	give(one);
	give(other);
	assert_ptr_equal(take(100), one);
	assert_ptr_equal(take(190), other);
	give(one);
	give(two);
	give(other);
}

static void
test_what_was_cleared_is_zero_also_the_second_time(void **context)
{
	static const char zero[200];

	(void)context;
	give(take(200));
	void *bytes = memory.mem.calloc(50, 4, memory.mem.mem_user_data);

	assert_memory_equal(bytes, zero, 200);
	give(bytes);
}

static void
test_piece_that_grows_keeps_what_it_holds(void **context)
{
	char wanted[10];

	(void)context;
	memset(wanted, 0x5a, sizeof(wanted));
	for (size_t length = 20; length < 3000; length += 61) {
		void *bytes = take(10);

		bytes = memory.mem.realloc(bytes, length, memory.mem.mem_user_data);
		bytes = memory.mem.realloc(bytes, 2 * length, memory.mem.mem_user_data);
		assert_memory_equal(bytes, wanted, sizeof(wanted));
		memset(bytes, 1, 2 * length);
		give(bytes);
	}
	give(memory.mem.realloc(NULL, 10, memory.mem.mem_user_data));
}

#define STATE_TEST(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_piece_of_any_size_is_all_ours),
		STATE_TEST(test_freed_piece_is_the_next_of_its_size),
		STATE_TEST(test_what_was_cleared_is_zero_also_the_second_time),
		STATE_TEST(test_piece_that_grows_keeps_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
