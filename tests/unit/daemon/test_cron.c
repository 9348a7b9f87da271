#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"
#include "daemon/cron.h"
#include "unit/daemon/zones.h"

/* The next times after a moment, each as it is in UTC. */
static void
assert_times(const char *expression, const struct zone *zone, const char *after, const char *const *wanted)
{
	int64_t at_ns = wall_of_text(after);
	struct error err = {0};
	struct cron cron;
	char text[32];

	assert_true(at_ns != 0);
	if (!cron_parse(expression, &cron, &err))
		fail_msg("'%s': %s", expression, err.message);
	for (; *wanted != NULL; wanted++) {
		at_ns = cron_next_ns(&cron, zone, at_ns);
		if (strcmp(wall_text(at_ns, text, sizeof(text)), *wanted) != 0)
			fail_msg("'%s' is due at %s, not at %s", expression, text, *wanted);
	}
}

#define TIMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct zone *
utc(void)
{
	struct error err = {0};

	return zone_open("UTC", NULL, &err);
}

static void
test_each_field_restricts(void **state)
{
	struct zone *zone = utc();
	const char *after = "2026-11-22T23:17:31Z"; /* a Sunday */

	(void)state;
	assert_times("* * * * *", zone, after, TIMES("2026-11-22T23:18:00Z", "2026-11-22T23:19:00Z"));
	assert_times("17 23 * * *", zone, after, TIMES("2026-11-23T23:17:00Z"));
	assert_times("*/20 4-6/2 * * *", zone, after,
		TIMES("2026-11-23T04:00:00Z", "2026-11-23T04:20:00Z", "2026-11-23T04:40:00Z", "2026-11-23T06:00:00Z"));
	assert_times("0 2 * * mon-FRI", zone, "2026-11-27T02:00:00Z", TIMES("2026-11-30T02:00:00Z"));
	assert_times("0 3 * * fri-sun", zone, after,
		TIMES("2026-11-27T03:00:00Z", "2026-11-28T03:00:00Z", "2026-11-29T03:00:00Z", "2026-12-04T03:00:00Z"));
	assert_times("0 3 * * 7", zone, after, TIMES("2026-11-29T03:00:00Z"));
	assert_times("5,1,3 0 1 jan,Jul *", zone, after,
		TIMES("2027-01-01T00:01:00Z", "2027-01-01T00:03:00Z", "2027-01-01T00:05:00Z", "2027-07-01T00:01:00Z"));
	assert_times("0 0 29 2 *", zone, after, TIMES("2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"));
	assert_times("0 0 29 2 *", zone, "2096-03-01T00:00:00Z", TIMES("2104-02-29T00:00:00Z"));
	assert_times(" 0\t12  31 * * ", zone, after, TIMES("2026-12-31T12:00:00Z", "2027-01-31T12:00:00Z"));
	zone_close(zone);
}

static void
test_either_day_is_enough_where_both_are_restricted(void **state)
{
	struct zone *zone = utc();
	const char *after = "2026-11-22T23:17:31Z";

	(void)state;
	assert_times("0 0 25 * fri", zone, after,
		TIMES("2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z"));
	/* What begins with a * restricts, but is not such a restriction: both must be. */
	assert_times("0 0 */2 * fri", zone, after, TIMES("2026-11-27T00:00:00Z", "2026-12-11T00:00:00Z"));
	zone_close(zone);
}

static void
test_nicknames_stand_for_fields(void **state)
{
	struct zone *zone = utc();
	const char *after = "2026-11-22T23:17:31Z";

	(void)state;
	assert_times("@hourly", zone, after, TIMES("2026-11-23T00:00:00Z", "2026-11-23T01:00:00Z"));
	assert_times("@daily", zone, after, TIMES("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"));
	assert_times(" @Weekly ", zone, after, TIMES("2026-11-29T00:00:00Z"));
	assert_times("@monthly", zone, after, TIMES("2026-12-01T00:00:00Z"));
	assert_times("@yearly", zone, after, TIMES("2027-01-01T00:00:00Z"));
	zone_close(zone);
}

/* Berlin, 2026-03-29: at 02:00 it is 03:00 (01:00 UTC). */
static void
test_times_that_clocks_leave_out_are_due_when_they_jump(void **state)
{
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, RULE_BERLIN);
	const char *after = "2026-03-28T12:00:00Z";

	assert_times("30 2 * * *", zone, after, TIMES("2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
	assert_times("0,15,30 2 * * *", zone, after, /* all of them together */
		TIMES("2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"));
	assert_times("0 3 * * *", zone, after, TIMES("2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"));
	assert_times("59 1 * * *", zone, after, TIMES("2026-03-29T00:59:00Z", "2026-03-29T23:59:00Z"));
	/* By the clock as it is, there is no such time. */
	assert_times("*/30 2 * * *", zone, after, TIMES("2026-03-30T00:00:00Z"));
	assert_times("30 * * * *", zone, "2026-03-29T00:00:00Z", TIMES("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"));
	zone_close(zone);
	zones_fini(&zones);
}

/* Berlin, 2026-10-25: at 03:00 it is 02:00 again (01:00 UTC). */
static void
test_times_that_come_twice_are_due_once(void **state)
{
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, RULE_BERLIN);
	const char *after = "2026-10-24T12:00:00Z";

	assert_times("30 2 * * *", zone, after, TIMES("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
	assert_times("30 2 * * *", zone, "2026-10-25T00:45:00Z", TIMES("2026-10-26T01:30:00Z"));
	/* What begins with a * goes on by the clock. */
	assert_times("*/30 2 * * *", zone, after,
		TIMES("2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
			"2026-10-26T01:00:00Z"));
	assert_times("0 * * * *", zone, "2026-10-24T23:30:00Z",
		TIMES("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"));
	zone_close(zone);
	zone = zones_open(&zones, RULE_HAVANA); /* 2026-11-01: back at 01:00, to midnight */
	assert_times("30 0 * * *", zone, "2026-10-31T12:00:00Z", TIMES("2026-11-01T04:30:00Z", "2026-11-02T05:30:00Z"));
	assert_times("*/30 0 1 * *", zone, "2026-10-31T12:00:00Z",
		TIMES("2026-11-01T04:00:00Z", "2026-11-01T04:30:00Z", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z",
			"2026-12-01T05:00:00Z"));
	zone_close(zone);
	zones_fini(&zones);
}

static void
test_midnights_that_are_left_out_are_made_up_for(void **state)
{
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, RULE_HAVANA); /* 2026-03-08 begins at 01:00 */

	assert_times("@daily", zone, "2026-03-07T12:00:00Z", TIMES("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"));
	zone_close(zone);
	zone = zones_open(&zones, RULE_LORD_HOWE); /* half an hour: 02:00 is 02:30 on 2026-10-04 */
	assert_times("15 2 * * *", zone, "2026-10-03T12:00:00Z", TIMES("2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"));
	zone_close(zone);
	zones_fini(&zones);
}

/* By five hours: that is somebody who sets the clock right. */
static void
test_after_a_large_change_the_clock_on_the_wall_decides(void **state)
{
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, "AAA0BBB-5,M3.5.0,M10.5.0");

	assert_times("0 3 * * *", zone, "2026-03-28T12:00:00Z", TIMES("2026-03-29T22:00:00Z"));
	assert_times("0 23 * * *", zone, "2026-10-24T12:00:00Z",
		TIMES("2026-10-24T18:00:00Z", "2026-10-24T23:00:00Z", "2026-10-25T23:00:00Z"));
	zone_close(zone);
	zones_fini(&zones);
}

static void
test_every_is_even_since_1970(void **state)
{
	struct error err = {0};
	struct cron cron;
	char text[32];

	(void)state;
	assert_true(cron_set_every(&cron, 6 * 3600 * NS_PER_S, &err));
	int64_t at_ns = cron_next_ns(&cron, NULL, wall_of_text("2026-11-22T23:17:31Z"));

	assert_string_equal(wall_text(at_ns, text, sizeof(text)), "2026-11-23T00:00:00Z");
	at_ns = cron_next_ns(&cron, NULL, at_ns);
	assert_string_equal(wall_text(at_ns, text, sizeof(text)), "2026-11-23T06:00:00Z");
	assert_false(cron_set_every(&cron, NS_PER_S, &err));
}

static void
test_what_is_wrong_is_said_with_what_would_be_right(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {{"60 * * * *", "minute '60': write 0 to 59"}, {"* * * * 8", "day of the week '8': write 0 to 7"},
		{"* * * foo *", "1 to 12 or jan to dec"}, {"* 22-2 * * *", "write it as two, such as 22-23,0-4"},
		{"5/15 * * * *", "a step goes with a range or *"}, {"*/60 * * * *", "a step from 1 to 59"},
		{"0 0 30 2 *", "is never due"}, {"0 0 31 2,4,6 *", "is never due"}, {"* * * *", "write minute, hour"},
		{"* * * * * *", "write minute, hour"}, {"", "write minute, hour"}, {"@reboot", "is none of @hourly"},
		{"@daily x", "is none of @hourly"}, {"1, * * * *", "minute '1,'"}, {"-1 * * * *", "minute '-1'"},
		{"1-2-3 * * * *", "minute '1-2-3'"}, {"99999999999999999999 * * * *", "write 0 to 59"}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct error err = {0};
		struct cron cron;

		assert_false(cron_parse(wrong[i].text, &cron, &err));
		if (strstr(err.message, wrong[i].why) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, wrong[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_field_restricts),
		cmocka_unit_test(test_either_day_is_enough_where_both_are_restricted),
		cmocka_unit_test(test_nicknames_stand_for_fields),
		cmocka_unit_test(test_times_that_clocks_leave_out_are_due_when_they_jump),
		cmocka_unit_test(test_times_that_come_twice_are_due_once),
		cmocka_unit_test(test_midnights_that_are_left_out_are_made_up_for),
		cmocka_unit_test(test_after_a_large_change_the_clock_on_the_wall_decides),
		cmocka_unit_test(test_every_is_even_since_1970),
		cmocka_unit_test(test_what_is_wrong_is_said_with_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
