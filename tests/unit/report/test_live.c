#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "report/text.h"
#include "unit/report/fixture.h"

/* A terminal small enough to check by: it knows the sequences that the live view uses, and wraps at its width. */
#define SCREEN_ROWS 64
#define SCREEN_COLUMNS 200

struct screen {
	char cells[SCREEN_ROWS][SCREEN_COLUMNS][5]; /* one UTF-8 character each */
	size_t row, column, width;
};

static void
screen_erase_below(struct screen *s)
{
	for (size_t c = s->column; c < SCREEN_COLUMNS; c++)
		s->cells[s->row][c][0] = '\0';
	for (size_t r = s->row + 1; r < SCREEN_ROWS; r++)
		memset(s->cells[r], 0, sizeof(s->cells[r]));
}

static size_t
screen_sequence(struct screen *s, const char *bytes)
{
	char *end;
	size_t n = strtoul(bytes + 2, &end, 10);

	assert_int_equal(bytes[1], '[');
	if (*end == 'A') {
		assert_true(n <= s->row); /* never above where this program began */
		s->row -= n;
	} else if (*end == 'J')
		screen_erase_below(s);
	else {
		while (*end == ';')
			strtoul(end + 1, &end, 10);
		assert_int_equal(*end, 'm');
	}
	return (size_t)(end + 1 - bytes);
}

static void
screen_feed(struct screen *s, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t point;
		size_t n = text_decode(bytes + at, length - at, &point);

		assert_true(n > 0);
		if (point == '\033') {
			at += screen_sequence(s, bytes + at);
			continue;
		}
		if (point == '\r')
			s->column = 0;
		else if (point == '\n') {
			s->row++;
			s->column = 0;
		} else {
			if (s->column == s->width) {
				s->column = 0;
				s->row++;
			}
			memcpy(s->cells[s->row][s->column], bytes + at, n);
			s->cells[s->row][s->column++][n] = '\0';
		}
		at += n;
	}
}

static const char *
screen_line(const struct screen *s, size_t row)
{
	static char line[SCREEN_COLUMNS * 4 + 1];

	size_t length = 0;

	line[0] = '\0';
	for (size_t c = 0; c < SCREEN_COLUMNS; c++)
		length += (size_t)snprintf(line + length, sizeof(line) - length, "%s", s->cells[row][c]);
	return line;
}

static size_t
screen_count(const struct screen *s, const char *needle)
{
	size_t n = 0;

	for (size_t r = 0; r < SCREEN_ROWS; r++)
		n += strstr(screen_line(s, r), needle) != NULL;
	return n;
}

struct terminal {
	int master;
	FILE *stream;
	struct screen screen;
	struct plan plan;
	struct summary *summary;
	struct live_view *view;
};

static void
terminal_resize(struct terminal *t, unsigned short width)
{
	struct winsize size = {.ws_row = 40, .ws_col = width};

	assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
	t->screen.width = width;
}

static void
terminal_open(struct terminal *t, unsigned short width)
{
	const struct terminal_style style = {.is_tty = true, .has_colour = true, .width = 100};
	int slave;

	memset(t, 0, sizeof(*t));
	assert_int_equal(openpty(&t->master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(fcntl(t->master, F_SETFL, O_NONBLOCK), 0);
	t->stream = fdopen(slave, "w");
	terminal_resize(t, width);
	t->plan = fixture_plan();
	t->summary = fixture_summary(&t->plan, 3);
	t->view = live_view_new(t->stream, &t->plan, &style, 12 * NS_PER_S);
}

/* A pty hands bytes on in its own time: a bell behind what was drawn says that all of it has come. */
static void
terminal_read(struct terminal *t)
{
	char bytes[65536];
	size_t length = 0;

	assert_int_equal(write(fileno(t->stream), "\a", 1), 1);
	while (length == 0 || bytes[length - 1] != '\a') {
		struct pollfd p = {.fd = t->master, .events = POLLIN};

		assert_true(poll(&p, 1, 10000) == 1);
		ssize_t n = read(t->master, bytes + length, sizeof(bytes) - length);

		assert_true(n > 0);
		length += (size_t)n;
	}
	screen_feed(&t->screen, bytes, length - 1);
}

static void
terminal_update(struct terminal *t, int64_t now_ns)
{
	live_view_update(t->view, t->summary, now_ns, "measure");
	terminal_read(t);
}

static void
terminal_close(struct terminal *t)
{
	live_view_free(t->view);
	summary_free(t->summary);
	fclose(t->stream);
	close(t->master);
}

static void
test_the_block_is_redrawn_in_place(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t, 100);
	for (int i = 1; i <= 10; i++)
		terminal_update(&t, i * NS_PER_S);
	assert_int_equal(screen_count(&t.screen, "checkout"), 1);
	assert_int_equal(screen_count(&t.screen, "in flight"), 1);
	assert_int_equal(screen_count(&t.screen, "generator"), 1);
	assert_non_null(strstr(screen_line(&t.screen, 0), "10.0s / 12.0s"));
	assert_int_equal(screen_count(&t.screen, "43 now"), 1);
	assert_int_equal(screen_count(&t.screen, "P50 "), 1);
	assert_int_equal(screen_count(&t.screen, "136 (6.3%)"), 1);
	assert_int_equal(screen_count(&t.screen, "60 status"), 1);
	assert_int_equal(screen_count(&t.screen, "CPU 76%"), 1);
	assert_int_equal(screen_count(&t.screen, "late by P99 30.0"), 1);
	terminal_close(&t);
}

static void
test_judged_levels_stay_above_the_block(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t, 100);
	terminal_update(&t, NS_PER_S);
	live_view_line(t.view, "level 0 \033[2J OK");
	terminal_update(&t, 2 * NS_PER_S);
	live_view_line(t.view, "level 1 OK");
	terminal_update(&t, 3 * NS_PER_S);
	assert_string_equal(screen_line(&t.screen, 0), "level 0 \\x1b[2J OK");
	assert_string_equal(screen_line(&t.screen, 1), "level 1 OK");
	assert_int_equal(screen_count(&t.screen, "in flight"), 1);
	live_view_clear(t.view);
	terminal_read(&t);
	assert_int_equal(screen_count(&t.screen, "in flight"), 0);
	assert_int_equal(screen_count(&t.screen, "checkout"), 0);
	assert_int_equal(t.screen.row, 2);
	terminal_close(&t);
}

static void
test_those_who_share_the_load_stand_below_each_other(void **state)
{
	struct shard_record list[] = {
		{.name = "w1",
			.achieved_per_s = 66.7,
			.lateness_p99_ns = 3 * NS_PER_MS,
			.cpu_avg = 0.02,
			.has_clock = true,
			.clock_offset_ns = -50000},
		{.name = "w2", .is_lost = true, .text = "was killed by signal 9 (Killed)"},
		{.shard = 2,
			.achieved_per_s = 66.5,
			.lateness_p99_ns = -1,
			.cpu_avg = 0.03,
			.text = "not heard of for 4 s"},
		{.name = "w4"},
		{.name = "w5"},
	};
	struct shard_records shards = {list, 3};
	struct terminal t;

	(void)state;
	terminal_open(&t, 120);
	live_view_shards(t.view, &shards);
	terminal_update(&t, NS_PER_S);
	assert_non_null(strstr(screen_line(&t.screen, 7), "w1"));
	assert_non_null(strstr(screen_line(&t.screen, 7), "66.7/s ok"));
	assert_non_null(strstr(screen_line(&t.screen, 7), "late by P99 3.00ms"));
	assert_non_null(strstr(screen_line(&t.screen, 7), "clock −50.0µs"));
	assert_non_null(strstr(screen_line(&t.screen, 8), "lost: it was killed by signal 9"));
	assert_null(strstr(screen_line(&t.screen, 8), "/s ok"));
	assert_non_null(strstr(screen_line(&t.screen, 9), "shard 2"));
	assert_non_null(strstr(screen_line(&t.screen, 9), "not heard of for 4 s"));
	shards.n = 5; /* more than there are lines for */
	live_view_shards(t.view, &shards);
	terminal_update(&t, 2 * NS_PER_S);
	assert_int_equal(screen_count(&t.screen, "66.7/s ok"), 0);
	assert_non_null(strstr(screen_line(&t.screen, 7), "w2 lost, shard 2 not heard of for 4 s"));
	terminal_close(&t);
}

static void
test_any_width_fits(void **state)
{
	(void)state;
	for (unsigned short width = 20; width <= 160; width += 7) {
		struct terminal t;

		terminal_open(&t, width);
		terminal_update(&t, NS_PER_S);
		assert_int_equal(t.screen.row, 7); /* seven lines, none of them wrapped */
		terminal_update(&t, 2 * NS_PER_S);
		assert_int_equal(t.screen.row, 7);
		terminal_close(&t);
	}
}

static void
test_one_of_several_runs_says_which_and_how_much_is_left_of_all(void **state)
{
	struct terminal t;

	(void)state;
	terminal_open(&t, 100);
	live_view_of_several(t.view, "run 2 of 4: candi\033date", 24 * NS_PER_S);
	terminal_update(&t, 2 * NS_PER_S);
	assert_string_equal(screen_line(&t.screen, 0), "run 2 of 4: candi\\x1bdate · 34.0s left");
	terminal_update(&t, 20 * NS_PER_S); /* longer than planned: the rest of this one is none */
	assert_string_equal(screen_line(&t.screen, 0), "run 2 of 4: candi\\x1bdate · 24.0s left");
	terminal_close(&t);
	for (unsigned short width = 20; width <= 160; width += 7) {
		terminal_open(&t, width);
		live_view_of_several(t.view, "run 2 of 4: users=100 max_tokens=500 temperature=0.7", 24 * NS_PER_S);
		terminal_update(&t, NS_PER_S);
		assert_int_equal(t.screen.row, 8); /* none of them wrapped */
		terminal_close(&t);
	}
}

/* A terminal that was made narrower has wrapped what stood there: it takes more rows to erase. */
static void
test_a_narrower_window_leaves_nothing_behind(void **state)
{
	struct terminal t;
	struct screen wrapped;

	(void)state;
	terminal_open(&t, 100);
	terminal_update(&t, NS_PER_S);
	memset(&wrapped, 0, sizeof(wrapped));
	wrapped.width = 40;
	for (size_t r = 0; r < t.screen.row; r++) {
		screen_feed(&wrapped, screen_line(&t.screen, r), strlen(screen_line(&t.screen, r)));
		screen_feed(&wrapped, "\n", 1);
	}
	assert_true(wrapped.row > t.screen.row);
	t.screen = wrapped;
	terminal_resize(&t, 40);
	terminal_update(&t, 2 * NS_PER_S);
	assert_int_equal(screen_count(&t.screen, "checkout"), 1);
	assert_int_equal(screen_count(&t.screen, "in flight"), 1);
	assert_int_equal(t.screen.row, 7);
	terminal_close(&t);
}

static struct live_view *
plain_view(int fd, const struct plan *plan, FILE **stream)
{
	const struct terminal_style style = {.width = 100};

	*stream = fdopen(fd, "w");
	assert_non_null(*stream);
	return live_view_new(*stream, plan, &style, 12 * NS_PER_S);
}

static void
test_a_log_gets_one_plain_line_per_interval(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 2);
	char text[4096];
	int ends[2];
	FILE *stream;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct live_view *view = plain_view(ends[1], &plan, &stream);

	for (int i = 0; i < 5; i++)
		live_view_update(view, summary, 8 * NS_PER_S + i, "measure"); /* the same interval all along */
	live_view_line(view, "level 1 OK");
	summary->last_ns += NS_PER_S;
	live_view_update(view, summary, 9 * NS_PER_S, "measure");
	live_view_clear(view);
	live_view_free(view);
	fclose(stream);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);

	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "   8.0s measure  200/s of 200/s · in flight 23 · P50 5.16ms P95 7.80ms P99 62.1ms · "
				  "errors 0 (0%) · target CPU "
				  "51% memory 68.7 MiB · late P99 30.0µs\n"
				  "level 1 OK\n"
				  "   9.0s measure  200/s of 200/s · in flight 23 · P50 5.16ms P95 7.80ms P99 62.1ms · "
				  "errors 0 (0%) · target CPU "
				  "51% memory 68.7 MiB · late P99 30.0µs\n");
	close(ends[0]);
	summary_free(summary);
}

static void
test_a_reader_that_went_away_ends_the_view_alone(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 2);
	FILE *stream;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	struct live_view *view = plain_view(ends[1], &plan, &stream);

	assert_false(live_view_failed(view));
	close(ends[0]);
	live_view_line(view, "nobody reads this");
	assert_true(live_view_failed(view));
	live_view_update(view, summary, NS_PER_S, "measure");
	live_view_clear(view);
	live_view_free(view);
	fclose(stream);
	summary_free(summary);
}

static void
test_a_full_disk_ends_the_view_alone(void **state)
{
	struct plan plan = fixture_plan();
	FILE *stream;
	struct live_view *view = plain_view(open("/dev/full", O_WRONLY), &plan, &stream);

	(void)state;
	live_view_line(view, "no room for this");
	assert_true(live_view_failed(view));
	live_view_free(view);
	fclose(stream);
}

/* A pipe that nobody empties would block the loop: lines wait, whole, up to a ceiling. */
static void
test_a_reader_that_stands_still_never_blocks_the_run(void **state)
{
	struct plan plan = fixture_plan();
	char line[512], *text = calloc(1, 1 << 21);
	size_t length = 0, lines = 0;
	FILE *stream;
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct live_view *view = plain_view(ends[1], &plan, &stream);

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	alarm(20);
	for (int i = 0; i < 2000; i++)
		live_view_line(view, line);
	assert_false(live_view_failed(view));
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 20; i++) {
		while ((n = read(ends[0], text + length, 65536)) > 0)
			length += (size_t)n;
		live_view_line(view, line);
	}
	alarm(0);
	for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++)
		assert_int_equal(end - at, sizeof(line) - 1);
	assert_true(lines > 128); /* what the pipe held, and what was kept */
	live_view_free(view);
	fclose(stream);
	close(ends[0]);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_block_is_redrawn_in_place),
		cmocka_unit_test(test_judged_levels_stay_above_the_block),
		cmocka_unit_test(test_those_who_share_the_load_stand_below_each_other),
		cmocka_unit_test(test_any_width_fits),
		cmocka_unit_test(test_one_of_several_runs_says_which_and_how_much_is_left_of_all),
		cmocka_unit_test(test_a_narrower_window_leaves_nothing_behind),
		cmocka_unit_test(test_a_log_gets_one_plain_line_per_interval),
		cmocka_unit_test(test_a_reader_that_went_away_ends_the_view_alone),
		cmocka_unit_test(test_a_full_disk_ends_the_view_alone),
		cmocka_unit_test(test_a_reader_that_stands_still_never_blocks_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
