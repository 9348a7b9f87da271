#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "fleet/outbox.h"
#include "unit/measure/sample.h"

/* An outbox that writes into a pipe, whose other end the test reads. */
struct fixture {
	uv_loop_t loop;
	struct plan plan;
	struct outbox outbox;
	struct recorder *recorder;
	int reader, writer;
	unsigned written_n, broken_n;
};

static void
on_written(void *context, struct interval *interval)
{
	struct fixture *f = context;

	f->written_n++;
	recorder_give_interval(f->recorder, interval);
}

static void
on_broken(void *context)
{
	struct fixture *f = context;

	f->broken_n++;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->plan = sample_plan();
	f->reader = fds[0];
	f->writer = fds[1];
	f->recorder = recorder_new(&sample_config);
	outbox_init(&f->outbox, &f->loop, &f->plan, f->writer);
	f->outbox.on_interval_written = on_written;
	f->outbox.on_broken = on_broken;
	f->outbox.context = f;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	outbox_fini(&f->outbox);
	recorder_free(f->recorder);
	close(f->writer);
	if (f->reader >= 0)
		close(f->reader);
	free(f);
	return 0;
}

static void
say(struct fixture *f, const char *phase, int64_t at_ns)
{
	event_encode_phase(outbox_lines(&f->outbox), phase, at_ns);
	outbox_send(&f->outbox);
}

static void
end_interval(struct fixture *f, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(f->recorder, now_ns);

	assert_non_null(interval);
	outbox_add_interval(&f->outbox, interval);
}

/* Names of the events, in order, one letter each. */
static const char *
letters_of(struct fixture *f, char *into, size_t size)
{
	static char text[65536];
	size_t n = 0;

	assert_int_equal(fcntl(f->reader, F_SETFL, O_NONBLOCK), 0);
	ssize_t length = read(f->reader, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL && n + 1 < size; line = end + 1) {
		const char *phase = strstr(line, "\"phase\":\"");

		into[n++] = phase != NULL && phase < end ? phase[9] : '|';
	}
	into[n] = '\0';
	return into;
}

/* The loop may be slow to write: what is said meanwhile stays on its side of the interval. */
static void
test_what_is_said_comes_out_in_its_order(void **state)
{
	struct fixture *f = *state;
	char letters[32];

	say(f, "a", 1);
	say(f, "b", 2);
	end_interval(f, NS_PER_S);
	say(f, "c", 3);
	say(f, "d", 4);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	end_interval(f, 2 * NS_PER_S);
	say(f, "e", 5);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_string_equal(letters_of(f, letters, sizeof(letters)), "ab|cd|e");
	assert_int_equal(f->written_n, 2);
	assert_int_equal(f->broken_n, 0);
}

static void
test_a_reader_that_is_gone_is_told_and_intervals_come_back_all_the_same(void **state)
{
	struct fixture *f = *state;

	close(f->reader);
	f->reader = -1;
	end_interval(f, NS_PER_S);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->written_n, 1);
	assert_true(f->broken_n > 0);
	assert_false(outbox_flush(&f->outbox));
}

static void
test_what_is_left_is_written_at_the_end(void **state)
{
	struct fixture *f = *state;
	char letters[32];

	event_encode_phase(outbox_lines(&f->outbox), "z", 1);
	assert_true(outbox_flush(&f->outbox));
	assert_string_equal(letters_of(f, letters, sizeof(letters)), "z");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_said_comes_out_in_its_order),
		TEST(test_a_reader_that_is_gone_is_told_and_intervals_come_back_all_the_same),
		TEST(test_what_is_left_is_written_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
