#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/recovery.h"

/* One character per second: '.' all held, 'x' it did not, ' ' nothing ended. */
static void
play(struct spells *spells, const char *seconds)
{
	spells_init(spells);
	for (size_t i = 0; seconds[i] != '\0'; i++)
		if (seconds[i] != ' ')
			spells_add(spells, (int64_t)i * NS_PER_S, seconds[i] == '.');
}

static void
find(const char *seconds, const double *at_s, struct action_record *records, size_t n)
{
	static struct spells spells;

	play(&spells, seconds);
	for (size_t i = 0; i < n; i++)
		records[i] = (struct action_record){
			.started_ns = at_s[i] < 0 ? -1 : s_to_ns(at_s[i]), .recovered_after_ns = -1};
	recovery_find(&spells, records, n);
}

static void
assert_recovered(const char *seconds, double at_s, double after_s)
{
	struct action_record record;

	find(seconds, &at_s, &record, 1);
	assert_int_equal(record.recovery, RECOVERY_DONE);
	assert_int_equal(record.recovered_after_ns, s_to_ns(after_s));
}

static void
test_recovery_ends_with_the_last_interval_that_failed(void **state)
{
	(void)state;
	assert_recovered("..xx....", 2, 2);
	assert_recovered("..xx....", 2.5, 1.5);
	assert_recovered("...x....", 2, 2); /* its effect came later */
}

static void
test_one_good_interval_alone_is_no_recovery(void **state)
{
	(void)state;
	assert_recovered("..x.x.x...", 2, 5);
}

static void
test_intervals_that_say_nothing_are_passed_over(void **state)
{
	(void)state;
	assert_recovered("..x  . .....", 2, 3);
}

static void
test_what_never_failed_needs_no_recovery(void **state)
{
	(void)state;
	double at_s = 5;
	struct action_record record;

	find("........", &at_s, &record, 1);
	assert_int_equal(record.recovery, RECOVERY_NOT_NEEDED);
	find(".xx.....", &at_s, &record, 1); /* over and done with before */
	assert_int_equal(record.recovery, RECOVERY_NOT_NEEDED);
}

static void
test_what_fails_to_the_end_did_not_recover(void **state)
{
	(void)state;
	double at_s = 2;
	struct action_record record;

	find("...xxxx", &at_s, &record, 1);
	assert_int_equal(record.recovery, RECOVERY_NOT_SEEN);
	find("...xxx.", &at_s, &record, 1); /* one good interval does not tell */
	assert_int_equal(record.recovery, RECOVERY_NOT_SEEN);
	assert_int_equal(record.recovered_after_ns, -1);
}

static void
test_what_begins_after_the_next_action_is_that_ones(void **state)
{
	(void)state;
	struct action_record records[3];

	find("......xx....", (const double[]){2, 5, 9}, records, 3);
	assert_int_equal(records[0].recovery, RECOVERY_NOT_NEEDED);
	assert_int_equal(records[1].recovery, RECOVERY_DONE);
	assert_int_equal(records[1].recovered_after_ns, 3 * NS_PER_S);
	assert_int_equal(records[2].recovery, RECOVERY_NOT_NEEDED);
}

/* A worker is killed and, while all still fails, started again: both are told from where they stand. */
static void
test_one_spell_may_be_two_actions(void **state)
{
	(void)state;
	struct action_record records[2];

	find("..xxxx....", (const double[]){2, 4}, records, 2);
	assert_int_equal(records[0].recovered_after_ns, 4 * NS_PER_S);
	assert_int_equal(records[1].recovered_after_ns, 2 * NS_PER_S);
}

static void
test_of_an_action_that_was_never_begun_nothing_is_told(void **state)
{
	(void)state;
	struct action_record records[2];

	find("..xx....", (const double[]){1, -1}, records, 2);
	assert_int_equal(records[0].recovery, RECOVERY_DONE);
	assert_int_equal(records[1].recovery, RECOVERY_UNKNOWN);
}

static void
test_more_spells_than_there_is_room_for_draw_the_last_one_out(void **state)
{
	(void)state;
	static struct spells spells;

	spells_init(&spells);
	for (int64_t i = 0; i < 3 * (SPELLS_MAX + 10); i++)
		spells_add(&spells, i * NS_PER_S, i % 3 != 0);
	assert_int_equal(spells.n, SPELLS_MAX);
	assert_int_equal(spells.list[0].to_ns, NS_PER_S);
	assert_int_equal(spells.list[SPELLS_MAX - 1].from_ns, 3 * (SPELLS_MAX - 1) * NS_PER_S);
	assert_int_equal(spells.list[SPELLS_MAX - 1].to_ns, (3 * (SPELLS_MAX + 9) + 1) * NS_PER_S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recovery_ends_with_the_last_interval_that_failed),
		cmocka_unit_test(test_one_good_interval_alone_is_no_recovery),
		cmocka_unit_test(test_intervals_that_say_nothing_are_passed_over),
		cmocka_unit_test(test_what_never_failed_needs_no_recovery),
		cmocka_unit_test(test_what_fails_to_the_end_did_not_recover),
		cmocka_unit_test(test_what_begins_after_the_next_action_is_that_ones),
		cmocka_unit_test(test_one_spell_may_be_two_actions),
		cmocka_unit_test(test_of_an_action_that_was_never_begun_nothing_is_told),
		cmocka_unit_test(test_more_spells_than_there_is_room_for_draw_the_last_one_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
