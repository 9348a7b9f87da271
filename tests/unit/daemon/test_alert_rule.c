#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"
#include "daemon/alert_rule.h"
#include "unit/daemon/runs.h"

static const struct alert_rule *
add(struct alert_rules *rules, const struct alert_wish *wish)
{
	struct error err = {0};

	if (!alert_rules_add(rules, wish, &err))
		fail_msg("%s", err.message);
	return alert_rules_find(rules, wish->name);
}

static enum alert_seen
seen_in(const struct alert_rule *rule, const char *json, struct alert_sight *sight)
{
	struct moment moment;
	cJSON *figures = moment_of(&moment, json);

	alert_rule_see_moment(rule, &moment, sight);
	cJSON_Delete(figures);
	return sight->seen;
}

static void
test_an_expression_holds_does_not_or_is_not_known(void **state)
{
	struct alert_rules *rules = alert_rules_new();
	const struct alert_rule *rule = add(rules, &(struct alert_wish){.name = "slow", .when = "p95 > 100ms"});
	struct alert_sight sight;

	(void)state;
	assert_int_equal(seen_in(rule, "{\"p95_ns\": 150000000}", &sight), ALERT_HOLDS);
	assert_true(sight.value == 150e6 && sight.threshold == 100e6);
	assert_string_equal(sight.text, "p95 is 150ms (p95 > 100ms)");
	assert_int_equal(seen_in(rule, "{\"p95_ns\": 90000000}", &sight), ALERT_HOLDS_NOT);
	assert_int_equal(seen_in(rule, "{\"p95_ns\": null}", &sight), ALERT_UNKNOWN);
	alert_rules_free(rules);
}

static void
test_unless_holds_where_what_is_wanted_does_not(void **state)
{
	struct alert_rules *rules = alert_rules_new();
	const struct alert_rule *rule =
		add(rules, &(struct alert_wish){.name = "range", .unless = "scraped.depth in 5..15"});
	struct alert_sight sight;

	(void)state;
	assert_int_equal(seen_in(rule, "{\"scraped\": {\"depth\": 10}}", &sight), ALERT_HOLDS_NOT);
	assert_int_equal(seen_in(rule, "{\"scraped\": {\"depth\": 20}}", &sight), ALERT_HOLDS);
	assert_true(sight.threshold == 15);
	assert_string_equal(sight.text, "scraped.depth is 20 (wanted: scraped.depth in 5..15)");
	assert_int_equal(seen_in(rule, "{\"scraped\": {\"depth\": 2}}", &sight), ALERT_HOLDS);
	assert_true(sight.threshold == 5);
	assert_int_equal(seen_in(rule, "{}", &sight), ALERT_UNKNOWN);
	alert_rules_free(rules);
}

static void
test_words_say_how_a_run_ended(void **state)
{
	struct alert_rules *rules = alert_rules_new();
	const char *words[] = {"crash", "timeout", "regression", "lost"};
	const struct alert_rule *rule = add(rules, &(struct alert_wish){.name = "bad", .on = {(void *)words, 4}});
	struct history_run run = run_of("n", "1", VERDICT_FAIL);
	struct alert_sight sight;

	(void)state;
	alert_rule_see_run(rule, &run, NULL, 0, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS_NOT);
	run.modes = BIT(FAILURE_MODE_TIMEOUT);
	snprintf(run.reason, sizeof(run.reason), "6%% timed out");
	alert_rule_see_run(rule, &run, NULL, 0, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS);
	assert_string_equal(sight.text, "too many requests timed out: 6% timed out");
	assert_true(isnan(sight.value));
	/* Who looks for the break, and finds it, is not alarmed by it. */
	run.status = VERDICT_PASS;
	alert_rule_see_run(rule, &run, NULL, 0, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS_NOT);
	run.has_regressed = true;
	alert_rule_see_run(rule, &run, NULL, 0, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS);
	history_take_lost(&run, "2", "n", 1);
	alert_rule_see_run(rule, &run, NULL, 0, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS);
	alert_rules_free(rules);
}

static void
test_unusual_is_far_from_what_it_was(void **state)
{
	const double before[] = {100, 101, 99, 102, 98, 100, 101, 99, 500};
	struct alert_rules *rules = alert_rules_new();
	const struct alert_rule *rule = add(rules, &(struct alert_wish){.name = "power", .unusual = "power.avg"});
	struct history_run run = run_of("n", "1", VERDICT_PASS);
	struct alert_sight sight;
	const struct {
		double value;
		size_t n;
		enum alert_seen seen;
	} cases[] = {{105, 9, ALERT_HOLDS_NOT}, {106, 9, ALERT_HOLDS}, {94, 9, ALERT_HOLDS}, {200, 7, ALERT_UNKNOWN},
		{NAN, 9, ALERT_UNKNOWN}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		run.figures[HISTORY_POWER_AVG] = cases[i].value;
		alert_rule_see_run(rule, &run, before, cases[i].n, &sight);
		assert_int_equal(sight.seen, cases[i].seen);
	}
	/* What never changed may change by a little. */
	const double same[] = {100, 100, 100, 100, 100, 100, 100, 100};

	run.figures[HISTORY_POWER_AVG] = 101;
	alert_rule_see_run(rule, &run, same, 8, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS_NOT);
	run.figures[HISTORY_POWER_AVG] = 103;
	alert_rule_see_run(rule, &run, same, 8, &sight);
	assert_int_equal(sight.seen, ALERT_HOLDS);
	assert_string_equal(sight.text, "power.avg is 103; in the 8 runs before it was 100");
	alert_rules_free(rules);
}

static void
test_a_rule_is_about_names_and_for_sinks(void **state)
{
	const char *profiles[] = {"retrieval-*", "search"}, *sinks[] = {"pager"};
	struct alert_rules *rules = alert_rules_new();
	const struct alert_rule *some = add(rules, &(struct alert_wish){.name = "a",
							   .when = "p95 > 1s",
							   .profiles = {(void *)profiles, 2},
							   .sinks = {(void *)sinks, 1}});
	const struct alert_rule *all = add(rules, &(struct alert_wish){.name = "b", .when = "p95 > 1s"});

	(void)state;
	assert_true(alert_rule_is_of(some, "retrieval-top10") && alert_rule_is_of(some, "search"));
	assert_false(alert_rule_is_of(some, "searches"));
	assert_true(alert_rule_is_of(all, "anything"));
	assert_true(alert_rule_has_sink(some, "pager") && !alert_rule_has_sink(some, "ops"));
	assert_true(alert_rule_has_sink(all, "ops"));
	alert_rules_free(rules);
}

static void
test_shipped_rules_are_there_and_may_be_changed(void **state)
{
	const char *const chosen[] = {"ttft_high", "errors_rising"}, *const odd[] = {"ttft_hihg"};
	struct alert_rules *rules = alert_rules_new();
	struct error err = {0};

	(void)state;
	add(rules, &(struct alert_wish){.name = "cpu_sustained", .when = "cpu > 50%", .severity = ALERT_INFO});
	assert_true(alert_rules_add_shipped(rules, NULL, 0, &err));
	assert_non_null(alert_rules_find(rules, "regression"));
	assert_non_null(alert_rules_find(rules, "crash_or_timeouts"));
	assert_null(alert_rules_find(rules, "ttft_high"));
	assert_string_equal(alert_rules_find(rules, "cpu_sustained")->wish.when, "cpu > 50%");
	assert_int_equal(alert_rules_find(rules, "crash_or_timeouts")->words,
		BIT(ALERT_WORD_CRASH) | BIT(ALERT_WORD_TIMEOUT) | BIT(ALERT_WORD_OUT_OF_MEMORY) | BIT(ALERT_WORD_LOST));
	alert_rules_free(rules);
	rules = alert_rules_new();
	assert_true(alert_rules_add_shipped(rules, chosen, 2, &err));
	assert_int_equal(alert_rules_count(rules), 2);
	assert_false(alert_rules_add_shipped(rules, odd, 1, &err));
	assert_non_null(strstr(err.message, "did you mean 'ttft_high'?"));
	alert_rules_free(rules);
}

/* Each of them, by its name: all rows of the table make a rule. */
static void
test_every_shipped_rule_is_right(void **state)
{
	static const char *const all[] = {
#define SHIPPED(name, there, severity, kind, what, for_s, rises, text) name,
#include "daemon/alert_shipped.def"
#undef SHIPPED
	};
	struct alert_rules *rules = alert_rules_new();
	struct error err = {0};

	(void)state;
	assert_true(alert_rules_add_shipped(rules, all, ARRAY_LEN(all), &err));
	assert_int_equal(alert_rules_count(rules), ARRAY_LEN(all));
	alert_rules_free(rules);
}

static void
test_what_is_wrong_is_said_with_what_would_be_right(void **state)
{
	const char *odd[] = {"regresion"};
	const struct {
		struct alert_wish wish;
		const char *why;
	} wrong[] = {
		{{.name = "x"}, "write one of when"},
		{{.name = "x", .when = "p95 > 1s", .unless = "p95 < 1s"}, "write one of when"},
		{{.name = "", .when = "p95 > 1s"}, "name: write up to 64"},
		{{.name = "x", .when = "cpuu > 50%"}, "when: 'cpuu' is no metric; did you mean 'cpu'?"},
		{{.name = "x", .when = "p95 > soon"}, "when: p95: 'soon' is not"},
		{{.name = "x", .when = "improvement(p95) > 5%"}, "no arms to compare"},
		{{.name = "x", .on = {(void *)odd, 1}}, "did you mean 'regression'?"},
		{{.name = "x", .unusual = "powr.avg"}, "unusual: 'powr.avg' is no metric"},
		{{.name = "x", .unusual = "power.avg", .for_ns = NS_PER_S}, "for and rises go with 'when'"},
		{{.name = "x", .when = "p95 > 1s", .is_over_run = true, .for_ns = NS_PER_S}, "for: a run that ended"},
		{{.name = "x", .unless = "p95 < 1s", .rises = 2}, "rises: it goes with 'when'"},
		{{.name = "x", .when = "p95 > 1s", .for_ns = -1}, "for: write a time"},
		{{.name = "taken", .when = "p95 > 1s"}, "there is a rule 'taken' already"},
	};
	struct alert_rules *rules = alert_rules_new();

	(void)state;
	add(rules, &(struct alert_wish){.name = "taken", .when = "cpu > 50%"});
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error err = {0};

		assert_false(alert_rules_add(rules, &wrong[i].wish, &err));
		if (strstr(err.message, wrong[i].why) == NULL)
			fail_msg("'%s' does not say '%s'", err.message, wrong[i].why);
	}
	assert_int_equal(alert_rules_count(rules), 1);
	alert_rules_free(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_expression_holds_does_not_or_is_not_known),
		cmocka_unit_test(test_unless_holds_where_what_is_wanted_does_not),
		cmocka_unit_test(test_words_say_how_a_run_ended),
		cmocka_unit_test(test_unusual_is_far_from_what_it_was),
		cmocka_unit_test(test_a_rule_is_about_names_and_for_sinks),
		cmocka_unit_test(test_shipped_rules_are_there_and_may_be_changed),
		cmocka_unit_test(test_every_shipped_rule_is_right),
		cmocka_unit_test(test_what_is_wrong_is_said_with_what_would_be_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
