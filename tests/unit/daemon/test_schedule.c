#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/schedule.h"

/* What was told, a line each: "start nightly 2026-11-23T02:00:00Z 1". */
struct heard {
	char lines[32][96];
	size_t n;
};

static void
hear(void *context, const struct schedule_told *told)
{
	static const char *const names[] = {"start", "overlapped", "missed"};
	struct heard *heard = context;
	char due[32];

	assert_true(heard->n < ARRAY_LEN(heard->lines));
	snprintf(heard->lines[heard->n++], sizeof(heard->lines[0]), "%s %s %s %d", names[told->event], told->wish->name,
		wall_text(told->due_ns, due, sizeof(due)), (int)told->n);
}

static int64_t
at(const char *text)
{
	int64_t ns = wall_of_text(text);

	assert_true(ns != 0);
	return ns;
}

static void
put(struct schedule *schedule, const struct schedule_wish *wish, const char *now)
{
	struct error err = {0};

	if (!schedule_put(schedule, wish, at(now), &err))
		fail_msg("%s", err.message);
}

/* Looks at that time, and wants exactly these lines. */
static void
assert_told(struct schedule *schedule, const char *now, const char *const *wanted)
{
	struct heard heard = {.n = 0};
	size_t n = 0;

	schedule_look(schedule, at(now), hear, &heard);
	for (; wanted[n] != NULL; n++)
		assert_string_equal(n < heard.n ? heard.lines[n] : "nothing", wanted[n]);
	assert_string_equal(n < heard.n ? heard.lines[n] : "nothing", "nothing");
}

#define TOLD(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

static const struct schedule_wish nightly = {.name = "nightly", .profile = "full", .cron = "0 2 * * *"};
static const struct schedule_wish often = {.name = "often", .profile = "smoke", .every = "15m"};

static void
test_each_time_is_handed_out_once(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	assert_true(schedule_next_ns(schedule) == INT64_MAX);
	put(schedule, &nightly, "2026-11-22T12:00:00Z");
	assert_true(schedule_next_ns(schedule) == at("2026-11-23T02:00:00Z"));
	assert_told(schedule, "2026-11-23T01:59:59Z", NOTHING);
	assert_told(schedule, "2026-11-23T02:00:00Z", TOLD("start nightly 2026-11-23T02:00:00Z 1"));
	assert_told(schedule, "2026-11-23T02:00:01Z", NOTHING);
	schedule_ended(schedule, "nightly");
	assert_told(schedule, "2026-11-24T02:00:59Z", TOLD("start nightly 2026-11-24T02:00:00Z 1"));
	assert_int_equal(schedule_state_at(schedule, 0)->started, 2);
	assert_true(schedule_state_at(schedule, 0)->last_due_ns == at("2026-11-24T02:00:00Z"));
	schedule_free(schedule);
}

static void
test_several_entries_come_in_the_order_of_their_times(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	put(schedule, &often, "2026-11-23T01:50:00Z");
	put(schedule, &nightly, "2026-11-23T01:50:00Z");
	assert_int_equal(schedule_count(schedule), 2);
	assert_string_equal(schedule_wish_at(schedule, 0)->name, "nightly"); /* by name */
	assert_true(schedule_next_ns(schedule) == at("2026-11-23T02:00:00Z"));
	assert_told(schedule, "2026-11-23T02:00:00Z",
		TOLD("start nightly 2026-11-23T02:00:00Z 1", "start often 2026-11-23T02:00:00Z 1"));
	schedule_free(schedule);
}

static void
test_what_has_not_ended_is_not_begun_again(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	put(schedule, &often, "2026-11-23T02:00:01Z");
	assert_told(schedule, "2026-11-23T02:15:00Z", TOLD("start often 2026-11-23T02:15:00Z 1"));
	assert_told(schedule, "2026-11-23T02:30:00Z", TOLD("overlapped often 2026-11-23T02:30:00Z 1"));
	assert_int_equal(schedule_state_at(schedule, 0)->last, SCHEDULE_SKIPPED_OVERLAP);
	schedule_ended(schedule, "often");
	schedule_ended(schedule, "often"); /* told twice: no harm */
	assert_told(schedule, "2026-11-23T02:45:00Z", TOLD("start often 2026-11-23T02:45:00Z 1"));
	assert_int_equal(schedule_state_at(schedule, 0)->overlapped, 1);
	schedule_free(schedule);
}

static void
test_one_may_wait_where_overlap_says_queue(void **state)
{
	struct schedule *schedule = schedule_new();
	struct schedule_wish wish = often;

	(void)state;
	wish.overlap = SCHEDULE_OVERLAP_QUEUE;
	put(schedule, &wish, "2026-11-23T02:00:01Z");
	assert_told(schedule, "2026-11-23T02:15:00Z", TOLD("start often 2026-11-23T02:15:00Z 1"));
	assert_told(schedule, "2026-11-23T02:30:00Z", TOLD("start often 2026-11-23T02:30:00Z 1"));
	assert_told(schedule, "2026-11-23T02:45:00Z", TOLD("overlapped often 2026-11-23T02:45:00Z 1"));
	schedule_free(schedule);
}

static void
test_missed_times_are_left_or_made_up_for_by_one_run(void **state)
{
	struct schedule *schedule = schedule_new();
	struct schedule_wish once = nightly;

	(void)state;
	once.name = "once";
	once.missed = SCHEDULE_MISSED_ONCE;
	put(schedule, &nightly, "2026-11-20T12:00:00Z");
	put(schedule, &once, "2026-11-20T12:00:00Z");
	assert_told(schedule, "2026-11-23T09:00:00Z",
		TOLD("missed nightly 2026-11-23T02:00:00Z 3", "start once 2026-11-23T02:00:00Z 3"));
	assert_int_equal(schedule_state_at(schedule, 0)->missed, 3);
	assert_int_equal(schedule_state_at(schedule, 0)->last, SCHEDULE_SKIPPED_MISSED);
	assert_told(schedule, "2026-11-23T09:00:01Z", NOTHING);
	schedule_free(schedule);
}

/* The daemon came back just in time for the last of them. */
static void
test_what_is_due_now_is_run_though_others_were_missed(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	put(schedule, &nightly, "2026-11-20T12:00:00Z");
	assert_told(schedule, "2026-11-23T02:00:30Z",
		TOLD("missed nightly 2026-11-22T02:00:00Z 2", "start nightly 2026-11-23T02:00:00Z 1"));
	schedule_free(schedule);
}

static void
test_a_long_absence_takes_no_long_time(void **state)
{
	struct schedule *schedule = schedule_new();
	const struct schedule_wish minutely = {.name = "minutely", .profile = "smoke", .cron = "* * * * *"};

	(void)state;
	put(schedule, &minutely, "2006-11-20T12:00:00Z");
	struct heard heard = {.n = 0};

	schedule_look(schedule, at("2026-11-20T12:00:30Z"), hear, &heard);
	assert_int_equal(schedule_state_at(schedule, 0)->missed, SCHEDULE_COUNT_MAX);
	assert_true(schedule_next_ns(schedule) == at("2026-11-20T12:01:00Z"));
	schedule_free(schedule);
}

static void
test_a_restart_goes_on_where_the_daemon_was(void **state)
{
	struct schedule *before = schedule_new(), *after = schedule_new();

	(void)state;
	put(before, &nightly, "2026-11-20T12:00:00Z");
	assert_told(before, "2026-11-21T02:00:00Z", TOLD("start nightly 2026-11-21T02:00:00Z 1"));
	const struct schedule_state kept = *schedule_state_at(before, 0);

	schedule_free(before);
	put(after, &nightly, "2026-11-22T09:00:00Z");
	schedule_restore(after, &kept, 1);
	assert_told(after, "2026-11-22T09:00:00Z", TOLD("missed nightly 2026-11-22T02:00:00Z 1"));
	/* The run of the other life still counts, until somebody says what became of it. */
	assert_told(after, "2026-11-23T02:00:00Z", TOLD("overlapped nightly 2026-11-23T02:00:00Z 1"));
	schedule_ended(after, "nightly");
	assert_told(after, "2026-11-24T02:00:00Z", TOLD("start nightly 2026-11-24T02:00:00Z 1"));
	assert_int_equal(schedule_state_at(after, 0)->started, 2);
	schedule_free(after);
}

static void
test_other_times_have_missed_nothing(void **state)
{
	struct schedule *schedule = schedule_new();
	struct schedule_wish earlier = nightly;

	(void)state;
	put(schedule, &nightly, "2026-11-20T12:00:00Z");
	assert_told(schedule, "2026-11-21T02:00:00Z", TOLD("start nightly 2026-11-21T02:00:00Z 1"));
	schedule_ended(schedule, "nightly");
	earlier.cron = "0 1 * * *";
	put(schedule, &earlier, "2026-11-21T12:00:00Z");
	assert_told(schedule, "2026-11-21T12:00:00Z", NOTHING);
	assert_int_equal(schedule_state_at(schedule, 0)->started, 1);
	/* The same again changes nothing: it is not due twice. */
	assert_told(schedule, "2026-11-22T01:00:00Z", TOLD("start nightly 2026-11-22T01:00:00Z 1"));
	put(schedule, &earlier, "2026-11-22T01:00:00Z");
	assert_told(schedule, "2026-11-22T01:00:30Z", NOTHING);
	schedule_free(schedule);
}

static void
test_a_reload_forgets_what_the_file_has_no_more(void **state)
{
	struct schedule *schedule = schedule_new();
	struct schedule_wish of_file = nightly;
	const char *now = "2026-11-20T12:00:00Z";

	(void)state;
	of_file.is_of_file = true;
	put(schedule, &of_file, now);
	put(schedule, &often, now);
	schedule_sweep(schedule);
	assert_int_equal(schedule_count(schedule), 2);
	schedule_sweep(schedule);
	assert_int_equal(schedule_count(schedule), 1);
	assert_int_equal(schedule_find(schedule, "often"), 0);
	assert_true(schedule_find(schedule, "nightly") == SIZE_MAX);
	assert_false(schedule_remove(schedule, "nightly"));
	assert_true(schedule_remove(schedule, "often"));
	schedule_free(schedule);
}

static void
test_what_comes_while_it_is_paused_is_nothing(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	put(schedule, &nightly, "2026-11-20T12:00:00Z");
	assert_true(schedule_pause(schedule, "nightly", true, at("2026-11-20T12:00:00Z")));
	assert_true(schedule_next_ns(schedule) == INT64_MAX);
	assert_told(schedule, "2026-11-22T09:00:00Z", NOTHING);
	assert_true(schedule_pause(schedule, "nightly", false, at("2026-11-22T09:00:00Z")));
	assert_told(schedule, "2026-11-22T09:00:00Z", NOTHING);
	assert_told(schedule, "2026-11-23T02:00:00Z", TOLD("start nightly 2026-11-23T02:00:00Z 1"));
	assert_false(schedule_pause(schedule, "nobody", true, 0));
	schedule_free(schedule);
}

static void
test_wall_time_may_be_set(void **state)
{
	struct schedule *schedule = schedule_new();

	(void)state;
	put(schedule, &nightly, "2026-11-20T12:00:00Z");
	assert_told(schedule, "2026-11-21T02:00:00Z", TOLD("start nightly 2026-11-21T02:00:00Z 1"));
	schedule_ended(schedule, "nightly");
	/* A little back: not due again. Far back: it was wrong before, and is due again. */
	assert_told(schedule, "2026-11-21T01:00:00Z", NOTHING);
	assert_told(schedule, "2026-11-21T02:00:00Z", NOTHING);
	assert_told(schedule, "2026-11-10T12:00:00Z", NOTHING);
	assert_told(schedule, "2026-11-11T02:00:00Z", TOLD("start nightly 2026-11-11T02:00:00Z 1"));
	schedule_free(schedule);
}

static void
test_jitter_is_always_the_same_of_a_name_and_spreads_names(void **state)
{
	struct schedule *schedule = schedule_new();
	int64_t first[2], again[2], least = INT64_MAX, most = 0;
	struct schedule_wish wish = nightly;
	char name[16];

	(void)state;
	wish.jitter_ns = 1800 * NS_PER_S;
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "entry-%d", i);
		wish.name = name;
		put(schedule, &wish, "2026-11-20T12:00:00Z");
		assert_int_equal(
			schedule_preview(schedule, schedule_find(schedule, name), at("2026-11-20T12:00:00Z"), first, 2),
			2);
		put(schedule, &wish, "2026-11-20T12:00:00Z");
		schedule_preview(schedule, schedule_find(schedule, name), at("2026-11-20T12:00:00Z"), again, 2);
		assert_memory_equal(first, again, sizeof(first));
		int64_t shift = first[0] - at("2026-11-21T02:00:00Z");

		assert_true(shift >= 0 && shift < wish.jitter_ns);
		assert_true(first[1] - first[0] == 86400 * NS_PER_S);
		least = shift < least ? shift : least;
		most = shift > most ? shift : most;
	}
	assert_true(least < 300 * NS_PER_S && most > 1500 * NS_PER_S);
	schedule_free(schedule);
}

static void
test_what_is_wrong_is_said_and_changes_nothing(void **state)
{
	static const struct {
		struct schedule_wish wish;
		const char *why;
	} wrong[] = {
		{{.name = "a b", .profile = "x", .every = "1h"}, "is no name"},
		{{.name = ".x", .profile = "x", .every = "1h"}, "is no name"},
		{{.name = "n", .profile = "../x", .every = "1h"}, "profile: write the name"},
		{{.name = "n", .every = "1h"}, "profile: write the name"},
		{{.name = "n", .profile = "x"}, "write one of cron"},
		{{.name = "n", .profile = "x", .every = "1h", .cron = "@daily"}, "write one of cron"},
		{{.name = "n", .profile = "x", .every = "soon"}, "every: 'soon' is not"},
		{{.name = "n", .profile = "x", .every = "1s"}, "every: write a time from 1m"},
		{{.name = "n", .profile = "x", .every = "1h", .time_zone = "UTC"}, "time_zone: 'every' counts"},
		{{.name = "n", .profile = "x", .cron = "61 * * * *"}, "cron: minute '61'"},
		{{.name = "n", .profile = "x", .cron = "@daily", .time_zone = "Mars"},
			"time_zone: 'Mars' is no time zone"},
		{{.name = "n", .profile = "x", .cron = "@daily", .jitter_ns = INT64_MAX}, "jitter: write"},
	};
	struct schedule *schedule = schedule_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error err = {0};

		assert_false(schedule_put(schedule, &wrong[i].wish, at("2026-11-20T12:00:00Z"), &err));
		if (strstr(err.message, wrong[i].why) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, wrong[i].why);
	}
	assert_int_equal(schedule_count(schedule), 0);
	schedule_free(schedule);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_time_is_handed_out_once),
		cmocka_unit_test(test_several_entries_come_in_the_order_of_their_times),
		cmocka_unit_test(test_what_has_not_ended_is_not_begun_again),
		cmocka_unit_test(test_one_may_wait_where_overlap_says_queue),
		cmocka_unit_test(test_missed_times_are_left_or_made_up_for_by_one_run),
		cmocka_unit_test(test_what_is_due_now_is_run_though_others_were_missed),
		cmocka_unit_test(test_a_long_absence_takes_no_long_time),
		cmocka_unit_test(test_a_restart_goes_on_where_the_daemon_was),
		cmocka_unit_test(test_other_times_have_missed_nothing),
		cmocka_unit_test(test_a_reload_forgets_what_the_file_has_no_more),
		cmocka_unit_test(test_what_comes_while_it_is_paused_is_nothing),
		cmocka_unit_test(test_wall_time_may_be_set),
		cmocka_unit_test(test_jitter_is_always_the_same_of_a_name_and_spreads_names),
		cmocka_unit_test(test_what_is_wrong_is_said_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
