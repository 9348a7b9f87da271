#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"
#include "daemon/zone_rule.h"
#include "unit/daemon/zones.h"

static int64_t
at(const char *text)
{
	return wall_of_text(text) / NS_PER_S;
}

static void
test_a_footer_says_how_clocks_go_on(void **state)
{
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, RULE_BERLIN);

	assert_int_equal(zone_offset_s(zone, at("2026-01-01T12:00:00Z")), 3600);
	assert_int_equal(zone_offset_s(zone, at("2026-03-29T00:59:59Z")), 3600);
	assert_int_equal(zone_offset_s(zone, at("2026-03-29T01:00:00Z")), 7200);
	assert_int_equal(zone_offset_s(zone, at("2026-10-25T00:59:59Z")), 7200);
	assert_int_equal(zone_offset_s(zone, at("2026-10-25T01:00:00Z")), 3600);
	zone_close(zone);
	zone = zones_open(&zones, RULE_LORD_HOWE); /* in the south summer is around the new year */
	assert_int_equal(zone_offset_s(zone, at("2026-01-01T12:00:00Z")), 39600);
	assert_int_equal(zone_offset_s(zone, at("2026-07-01T12:00:00Z")), 37800);
	zone_close(zone);
	zone = zones_open(&zones, "<-03>3");
	assert_int_equal(zone_offset_s(zone, at("2026-07-01T12:00:00Z")), -10800);
	zone_close(zone);
	zones_fini(&zones);
}

static void
test_spans_make_up_the_whole_time(void **state)
{
	struct zone_span spans[8];
	struct zones zones;

	(void)state;
	zones_init(&zones);
	struct zone *zone = zones_open(&zones, RULE_BERLIN);
	int64_t from = at("2026-01-01T00:00:00Z"), to = at("2027-01-01T00:00:00Z");

	assert_int_equal(zone_spans(zone, from, to, spans, 8), 3);
	assert_int_equal(spans[0].from_s, from);
	assert_int_equal(spans[0].to_s, at("2026-03-29T01:00:00Z"));
	assert_int_equal(spans[1].from_s, spans[0].to_s);
	assert_int_equal(spans[1].to_s, at("2026-10-25T01:00:00Z"));
	assert_int_equal(spans[1].offset_s, 7200);
	assert_int_equal(spans[2].to_s, to);
	assert_int_equal(zone_spans(zone, from, to, spans, 2), 2);
	zone_close(zone);
	zones_fini(&zones);
}

static void
test_rules_name_days_in_three_ways(void **state)
{
	struct zone_rule rule;

	(void)state;
	/* J60 is March 1 in every year, 59 only in some. */
	assert_true(zone_rule_parse("AAA0BBB,J60/0,J300/0", 20, &rule));
	assert_int_equal(zone_rule_next_s(&rule, at("2028-01-01T00:00:00Z")), at("2028-03-01T00:00:00Z"));
	assert_int_equal(zone_rule_next_s(&rule, at("2027-01-01T00:00:00Z")), at("2027-03-01T00:00:00Z"));
	assert_true(zone_rule_parse("AAA0BBB,59/0,299/0", 18, &rule));
	assert_int_equal(zone_rule_next_s(&rule, at("2028-01-01T00:00:00Z")), at("2028-02-29T00:00:00Z"));
	assert_int_equal(zone_rule_next_s(&rule, at("2027-01-01T00:00:00Z")), at("2027-03-01T00:00:00Z"));
	/* Hours may be beyond the day, on either side. */
	assert_true(zone_rule_parse("EET-2EEST,M3.4.4/50,M10.4.4/-1:30", 33, &rule));
	assert_int_equal(zone_rule_next_s(&rule, at("2027-01-01T00:00:00Z")), at("2027-03-27T00:00:00Z"));
	assert_int_equal(zone_rule_next_s(&rule, at("2027-06-01T00:00:00Z")), at("2027-10-27T19:30:00Z"));
}

static void
test_what_is_no_rule_is_refused(void **state)
{
	static const char *const wrong[] = {"", "C1", "CET", "CET-", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1:60",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,J0,J10",
		"CET-1CEST,M3.5.0,M10.5.0x", "<+01-1", "CET-168"};
	struct zone_rule rule;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (zone_rule_parse(wrong[i], strlen(wrong[i]), &rule))
			fail_msg("'%s' was taken", wrong[i]);
}

static void
assert_refused(const char *name, const char *directory, const char *why)
{
	struct error err = {0};

	assert_null(zone_open(name, directory, &err));
	if (strstr(err.message, why) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, why);
}

static void
test_what_is_no_zone_is_refused(void **state)
{
	unsigned char bytes[256];
	struct zones zones;

	(void)state;
	zones_init(&zones);
	assert_refused("../../etc/passwd", zones.directory, "is no time zone");
	assert_refused("/etc/localtime", zones.directory, "is no time zone");
	assert_refused("", zones.directory, "is no time zone");
	assert_refused("Mars/Olympus", zones.directory, "is no time zone that this machine knows");
	size_t length = zones_compose(RULE_BERLIN, bytes);

	for (size_t cut = 0; cut < length; cut++) { /* a torn file is never read as a whole one */
		zones_write(&zones, "Torn", bytes, cut);
		assert_refused("Torn", zones.directory, "cannot be read");
	}
	bytes[35] = 9; /* transitions that are not there */
	zones_write(&zones, "Torn", bytes, length);
	assert_refused("Torn", zones.directory, "cannot be read");
	zones_fini(&zones);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_footer_says_how_clocks_go_on),
		cmocka_unit_test(test_spans_make_up_the_whole_time),
		cmocka_unit_test(test_rules_name_days_in_three_ways),
		cmocka_unit_test(test_what_is_no_rule_is_refused),
		cmocka_unit_test(test_what_is_no_zone_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
