#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "campaign/control_input.h"

#define TAKEN_MAX 8
#define TURNS_MAX 10000
#define RATE(n) "{\"control\":\"level\",\"rate\":" #n "}\n"

struct fixture {
	char dir[64], path[96];
	uv_loop_t loop;
	struct control_input input;
	int writer;
	struct control taken[TAKEN_MAX];
	size_t taken_n;
};

static void
take(void *context, const struct control *control)
{
	struct fixture *f = context;

	assert_true(f->taken_n < TAKEN_MAX);
	f->taken[f->taken_n++] = *control;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/brunt-control-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/input", f->dir);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->writer = -1;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	control_input_stop(&f->input);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	if (f->writer >= 0)
		close(f->writer);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void
start(struct fixture *f)
{
	struct error err = {0};

	assert_true(control_input_open(&f->input, f->path, &err));
	control_input_start(&f->input, &f->loop, take, f);
}

static void
start_fifo(struct fixture *f)
{
	assert_int_equal(mkfifo(f->path, 0600), 0);
	start(f);
	f->writer = open(f->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(f->writer >= 0);
}

static void
start_file(struct fixture *f, const char *bytes, size_t length)
{
	FILE *file = fopen(f->path, "we");

	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	start(f);
}

static void
put(struct fixture *f, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(f->writer, bytes, length);

		assert_true(n > 0);
		bytes += n;
		length -= (size_t)n;
		uv_run(&f->loop, UV_RUN_NOWAIT);
	}
}

static void
put_text(struct fixture *f, const char *text)
{
	put(f, text, strlen(text));
}

static void
turn_until(struct fixture *f, size_t n)
{
	for (int i = 0; f->taken_n < n && i < TURNS_MAX; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_int_equal(f->taken_n, n);
}

static void
test_line_may_come_in_parts(void **state)
{
	struct fixture *f = *state;

	start_fifo(f);
	put_text(f, "{\"control\":\"lev");
	assert_int_equal(f->taken_n, 0);
	put_text(f, "el\",\"rate\":120,\"at_ns\":5000000000}");
	assert_int_equal(f->taken_n, 0);
	put_text(f, "\n");
	turn_until(f, 1);
	assert_int_equal(f->taken[0].kind, CONTROL_LEVEL);
	assert_true(f->taken[0].level == 120);
	assert_int_equal(f->taken[0].at_ns, 5000000000);
}

static void
test_lines_that_come_at_once_are_taken_in_order(void **state)
{
	struct fixture *f = *state;

	start_fifo(f);
	put_text(f, RATE(1) "\n" RATE(2) "{\"control\":\"drain\"}\n{\"control\":\"stop\"}\n");
	turn_until(f, 4);
	assert_true(f->taken[0].level == 1 && f->taken[1].level == 2);
	assert_int_equal(f->taken[2].kind, CONTROL_DRAIN);
	assert_int_equal(f->taken[3].kind, CONTROL_STOP);
}

static void
test_bad_line_is_skipped_and_the_next_one_taken(void **state)
{
	struct fixture *f = *state;

	start_fifo(f);
	put_text(f, "{\"control\":\"fly\"}\nno JSON at all\n{\"control\":\"level\"}\n" RATE(7));
	turn_until(f, 1);
	assert_true(f->taken[0].level == 7);
}

static void
test_line_over_the_ceiling_is_skipped_as_a_whole(void **state)
{
	struct fixture *f = *state;
	static char blanks[CONTROL_LINE_MAX * 2];

	start_fifo(f);
	memset(blanks, ' ', sizeof(blanks));
	/* Both its beginning and its end would be messages by themselves. */
	put_text(f, "{\"control\":\"stop\"}");
	put(f, blanks, sizeof(blanks));
	put_text(f, RATE(3));
	put_text(f, RATE(4));
	turn_until(f, 1);
	assert_true(f->taken[0].level == 4);
}

static void
test_end_of_a_writer_is_not_the_end_of_a_fifo(void **state)
{
	struct fixture *f = *state;

	start_fifo(f);
	put_text(f, RATE(1));
	turn_until(f, 1);
	close(f->writer);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	f->writer = open(f->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	put_text(f, RATE(2));
	turn_until(f, 2);
}

static void
test_file_is_taken_whole(void **state)
{
	struct fixture *f = *state;
	static const char text[] = RATE(1) RATE(2);

	start_file(f, text, sizeof(text) - 1);
	assert_int_equal(f->taken_n, 2);
	assert_true(f->taken[1].level == 2);
}

static void
test_file_without_end_is_read_up_to_the_ceiling(void **state)
{
	struct fixture *f = *state;
	char *blanks = malloc(CONTROL_FILE_CEILING * 2);

	memset(blanks, '\n', CONTROL_FILE_CEILING * 2);
	memcpy(blanks, RATE(1), sizeof(RATE(1)) - 1);
	memcpy(blanks + CONTROL_FILE_CEILING * 2 - sizeof(RATE(2)), RATE(2), sizeof(RATE(2)) - 1);
	start_file(f, blanks, CONTROL_FILE_CEILING * 2);
	assert_int_equal(f->taken_n, 1);
	assert_true(f->taken[0].level == 1);
	free(blanks);
}

static void
test_what_cannot_be_read_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	struct error err = {0};

	assert_false(control_input_open(&f->input, f->path, &err));
	assert_non_null(strstr(err.message, f->path));
	err = (struct error){0};
	assert_false(control_input_open(&f->input, f->dir, &err));
	assert_non_null(strstr(err.message, "is a directory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line_may_come_in_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lines_that_come_at_once_are_taken_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_line_is_skipped_and_the_next_one_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_line_over_the_ceiling_is_skipped_as_a_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_end_of_a_writer_is_not_the_end_of_a_fifo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_is_taken_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_without_end_is_read_up_to_the_ceiling, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_read_is_refused_by_name, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
