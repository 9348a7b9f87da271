#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"
#include "daemon/alert_book.h"
#include "unit/daemon/runs.h"

#define T0 (INT64_C(1790000000) * NS_PER_S)

/* What was told, a line each: "fired slow checkout 7". */
struct heard {
	char lines[16][192];
	size_t n;
	struct alert last;
};

static void
hear(void *context, const struct alert *alert, enum alert_news news)
{
	static const char *const names[] = {"nothing", "fired", "recovered", "fired quietly", "recovered quietly"};
	struct heard *heard = context;

	assert_true(news != ALERT_NO_NEWS && heard->n < ARRAY_LEN(heard->lines));
	snprintf(heard->lines[heard->n++], sizeof(heard->lines[0]), "%s %s %s %d", names[news], alert->rule,
		alert->name, (int)alert->number);
	heard->last = *alert;
}

struct world {
	struct alert_rules *rules;
	struct alert_book *book;
	struct heard heard;
	struct alert_ear ear;
};

static void
world_init(struct world *world, const struct alert_wish *wishes, size_t n)
{
	struct error err = {0};

	*world = (struct world){.rules = alert_rules_new(), .ear = {hear, &world->heard}};
	for (size_t i = 0; i < n; i++)
		assert_true(alert_rules_add(world->rules, &wishes[i], &err));
	world->book = alert_book_new(world->rules, 7);
}

static void
world_fini(struct world *world)
{
	alert_book_free(world->book);
	alert_rules_free(world->rules);
}

/* Wants exactly this line to have been told since the last time; NULL: none. */
static void
assert_heard(struct world *world, const char *line)
{
	assert_string_equal(world->heard.n > 0 ? world->heard.lines[0] : "nothing", line != NULL ? line : "nothing");
	assert_true(world->heard.n <= 1);
	world->heard.n = 0;
}

/* Second `at` of a run: its P95 in ms, −1: not known. */
static void
look(struct world *world, const char *id, int at, int p95_ms)
{
	const struct alert_run run = {id, "checkout"};
	struct moment moment;
	char json[64];

	snprintf(json, sizeof(json), p95_ms < 0 ? "{}" : "{\"p95_ns\": %d000000}", p95_ms);
	cJSON *figures = moment_of(&moment, json);

	alert_book_look(world->book, &run, &moment, T0 + at * NS_PER_S, T0 + (at + 1) * NS_PER_S, &world->ear);
	cJSON_Delete(figures);
}

static void
end(struct world *world, const struct history_run *run, int at)
{
	alert_book_run_ended(world->book, run, NULL, 0, T0 + at * NS_PER_S, &world->ear);
}

static const struct alert_wish slow = {.name = "slow",
	.when = "p95 > 100ms",
	.for_ns = 2 * NS_PER_S,
	.severity = ALERT_CRITICAL,
	.text = "look at it"};

static void
test_a_live_alert_fires_and_recovers(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &slow, 1);
	look(&world, "r1", 0, 50);
	look(&world, "r1", 1, 150);
	assert_heard(&world, NULL);
	look(&world, "r1", 2, 160);
	assert_heard(&world, "fired slow checkout 7");
	assert_true(world.heard.last.value == 160e6 && world.heard.last.threshold == 100e6);
	assert_true(world.heard.last.course.since_ns == T0 + NS_PER_S);
	assert_string_equal(world.heard.last.text, "p95 is 160ms (p95 > 100ms)");
	assert_string_equal(world.heard.last.advice, "look at it");
	assert_string_equal(world.heard.last.run, "r1");
	assert_int_equal(world.heard.last.severity, ALERT_CRITICAL);
	assert_int_equal(alert_book_firing(world.book), 1);
	look(&world, "r1", 3, -1); /* not known: it stays */
	assert_heard(&world, NULL);
	look(&world, "r1", 4, 60);
	assert_heard(&world, "recovered slow checkout 7");
	assert_true(world.heard.last.ended_ns == T0 + 5 * NS_PER_S);
	look(&world, "r1", 5, 200);
	look(&world, "r1", 6, 200);
	assert_heard(&world, "fired slow checkout 8");
	world_fini(&world);
}

static void
test_two_runs_are_not_mixed_up(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &slow, 1);
	for (int at = 0; at < 4; at++) {
		look(&world, "r1", at, 150);
		look(&world, "r2", at, 50);
	}
	assert_heard(&world, "fired slow checkout 7");
	assert_string_equal(world.heard.last.run, "r1");
	world_fini(&world);
}

static void
test_the_end_of_a_run_is_the_end_of_its_live_alerts(void **state)
{
	struct history_run run = run_of("checkout", "r1", VERDICT_FAIL);
	struct alert_wish cooling = slow;
	struct world world;

	(void)state;
	cooling.cooldown_ns = 60 * NS_PER_S;
	world_init(&world, &cooling, 1);
	look(&world, "r1", 0, 150);
	look(&world, "r1", 1, 150);
	assert_heard(&world, "fired slow checkout 7");
	end(&world, &run, 10);
	assert_heard(&world, "recovered slow checkout 7");
	/* The next run of that name inherits the cooldown. */
	look(&world, "r2", 20, 150);
	look(&world, "r2", 21, 150);
	assert_heard(&world, "fired quietly slow checkout 8");
	assert_string_equal(world.heard.last.run, "r2");
	look(&world, "r2", 22, 50);
	assert_heard(&world, "recovered quietly slow checkout 8");
	world_fini(&world);
}

static void
test_errors_that_rise_are_told_from_those_that_were_there(void **state)
{
	const struct alert_wish rising = {.name = "rising", .when = "p95 > 100ms", .rises = 2};
	struct world world;

	(void)state;
	world_init(&world, &rising, 1);
	for (int at = 0; at < 10; at++)
		look(&world, "r1", at, 150);             /* from the first: as it has always been … */
	assert_heard(&world, "fired rising checkout 7"); /* … but for the first, before which there was nothing */
	look(&world, "r1", 10, 50);
	world.heard.n = 0;
	look(&world, "r1", 11, 99);
	look(&world, "r1", 12, 101);
	assert_heard(&world, NULL);
	look(&world, "r1", 13, 300);
	assert_heard(&world, "fired rising checkout 8");
	look(&world, "r1", 14, 120); /* it has risen, and is still there */
	assert_heard(&world, NULL);
	look(&world, "r1", 15, 99);
	assert_heard(&world, "recovered rising checkout 8");
	world_fini(&world);
}

static void
test_a_verdict_fires_until_the_next_run_is_good(void **state)
{
	const char *words[] = {"fail"};
	const struct alert_wish failed = {.name = "failed", .on = {(void *)words, 1}};
	struct history_run bad = run_of("checkout", "r1", VERDICT_FAIL), good = run_of("checkout", "r4", VERDICT_PASS);
	struct history_run stopped = run_of("checkout", "r3", VERDICT_INTERRUPTED),
			   other = run_of("login", "r5", VERDICT_PASS);
	struct world world;

	(void)state;
	world_init(&world, &failed, 1);
	end(&world, &bad, 0);
	assert_heard(&world, "fired failed checkout 7");
	snprintf(bad.id, sizeof(bad.id), "r2");
	end(&world, &bad, 100);
	assert_heard(&world, NULL);
	end(&world, &other, 150);
	end(&world, &stopped, 200); /* whoever stops a run has not mended anything */
	assert_heard(&world, NULL);
	end(&world, &good, 300);
	assert_heard(&world, "recovered failed checkout 7");
	assert_string_equal(world.heard.last.run, "r2");
	world_fini(&world);
}

static void
test_figures_of_runs_that_say_nothing_are_passed_over(void **state)
{
	const struct alert_wish low = {.name = "low", .when = "max_sustainable_rate < 150/s", .is_over_run = true};
	struct history_run run = run_of("checkout", "r1", VERDICT_PASS);
	struct world world;

	(void)state;
	world_init(&world, &low, 1);
	run.figures[HISTORY_MAX_SUSTAINABLE_RATE] = 100;
	run.was_limited = true;
	end(&world, &run, 0);
	run.was_limited = false;
	run.status = VERDICT_INCONCLUSIVE;
	end(&world, &run, 1);
	assert_heard(&world, NULL);
	run.status = VERDICT_PASS;
	end(&world, &run, 2);
	assert_heard(&world, "fired low checkout 7");
	assert_string_equal(world.heard.last.text, "max_sustainable_rate is 100/s (max_sustainable_rate < 150/s)");
	run.figures[HISTORY_MAX_SUSTAINABLE_RATE] = 200;
	end(&world, &run, 3);
	assert_heard(&world, "recovered low checkout 7");
	world_fini(&world);
}

static void
test_what_is_unusual_is_so_among_the_runs_before(void **state)
{
	const struct alert_wish odd = {.name = "odd", .unusual = "power.avg"};
	struct history_run run = run_of("checkout", "r1", VERDICT_PASS);
	double before[12][HISTORY_FIGURES_N];
	struct world world;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		for (size_t k = 0; k < HISTORY_FIGURES_N; k++)
			before[i][k] = NAN;
		if (i % 4 != 3)
			before[i][HISTORY_POWER_AVG] = 100 + (double)(i % 3);
	}
	world_init(&world, &odd, 1);
	run.figures[HISTORY_POWER_AVG] = 150;
	alert_book_run_ended(world.book, &run, (const double(*)[HISTORY_FIGURES_N])before, 10, T0, &world.ear);
	assert_heard(&world, "fired odd checkout 7");
	assert_string_equal(world.heard.last.text, "power.avg is 150; in the 8 runs before it was 101");
	alert_book_run_ended(world.book, &run, (const double(*)[HISTORY_FIGURES_N])before, 9, T0, &world.ear);
	assert_heard(&world, NULL); /* seven of them are too few to say anything, also that it recovered */
	world_fini(&world);
}

static void
test_somebody_has_seen_it(void **state)
{
	struct world world;

	(void)state;
	world_init(&world, &slow, 1);
	look(&world, "r1", 0, 150);
	look(&world, "r1", 1, 150);
	assert_null(alert_book_acknowledge(world.book, 6, "eve", T0));
	const struct alert *alert = alert_book_acknowledge(world.book, 7, "ann", T0 + 5 * NS_PER_S);

	assert_non_null(alert);
	assert_string_equal(alert->acknowledged_by, "ann");
	world.heard.n = 0;
	look(&world, "r1", 2, 50);
	assert_heard(&world, "recovered slow checkout 7");
	assert_string_equal(world.heard.last.acknowledged_by, "ann");
	assert_null(alert_book_acknowledge(world.book, 7, "bob", T0));
	look(&world, "r1", 3, 150);
	look(&world, "r1", 4, 150);
	assert_heard(&world, "fired slow checkout 8");
	assert_string_equal(world.heard.last.acknowledged_by, ""); /* another one, that nobody has seen */
	world_fini(&world);
}

static void
test_a_restart_goes_on_with_what_fired(void **state)
{
	const char *words[] = {"fail"};
	const struct alert_wish failed = {.name = "failed", .on = {(void *)words, 1}};
	struct history_run bad = run_of("checkout", "r1", VERDICT_FAIL), good = run_of("checkout", "r2", VERDICT_PASS);
	struct world before, after;

	(void)state;
	world_init(&before, &failed, 1);
	end(&before, &bad, 0);
	world_init(&after, &failed, 1);
	assert_true(alert_book_restore(after.book, &before.heard.last));
	end(&after, &bad, 10);
	assert_heard(&after, NULL);
	end(&after, &good, 20);
	assert_heard(&after, "recovered failed checkout 7");
	end(&after, &bad, 30);
	assert_heard(&after, "fired failed checkout 8"); /* no number twice */
	world_fini(&before);
	world_fini(&after);
}

static void
test_a_restart_goes_on_with_cooldowns(void **state)
{
	struct alert_wish calm = slow;
	struct world world;

	(void)state;
	calm.for_ns = 0;
	calm.cooldown_ns = 100 * NS_PER_S;
	world_init(&world, &calm, 1);
	alert_book_cool(world.book, "slow", "checkout", T0);
	alert_book_cool(world.book, "slow", "checkout", T0 - 50 * NS_PER_S); /* an older one says nothing more */
	alert_book_cool(world.book, "no rule", "checkout", T0);
	look(&world, "r1", 10, 150);
	assert_heard(&world, "fired quietly slow checkout 7");
	look(&world, "r1", 98, 150);
	assert_heard(&world, NULL);

	struct world after;

	world_init(&after, &calm, 1);
	assert_true(alert_book_restore(after.book, &world.heard.last));
	alert_book_cool(after.book, "slow", "checkout", T0); /* it fires meanwhile, and is quiet yet */
	look(&after, "r1", 98, 150);
	assert_heard(&after, NULL);
	look(&after, "r1", 99, 150);
	assert_heard(&after, "fired slow checkout 7"); /* it was no flutter */
	world_fini(&world);
	world_fini(&after);
}

static void
test_a_rule_that_is_gone_leaves_nothing_firing(void **state)
{
	struct alert_rules *none = alert_rules_new();
	struct world world;

	(void)state;
	world_init(&world, &slow, 1);
	look(&world, "r1", 0, 150);
	look(&world, "r1", 1, 150);
	world.heard.n = 0;
	alert_book_set_rules(world.book, none, T0 + 3 * NS_PER_S, &world.ear);
	assert_heard(&world, "recovered slow checkout 7");
	look(&world, "r1", 4, 150);
	assert_heard(&world, NULL);
	assert_int_equal(alert_book_firing(world.book), 0);
	world_fini(&world);
	alert_rules_free(none);
}

static void
test_a_full_book_forgets_what_is_over_and_never_what_fires(void **state)
{
	const char *words[] = {"fail"};
	const struct alert_wish failed = {.name = "failed", .on = {(void *)words, 1}};
	struct world world;
	char name[32];

	(void)state;
	world_init(&world, &failed, 1);
	for (int i = 0; i < ALERTS_MAX + 10; i++) {
		snprintf(name, sizeof(name), "run-%d", i);
		struct history_run bad = run_of(name, "r", VERDICT_FAIL), good = run_of(name, "r", VERDICT_PASS);

		end(&world, &bad, i);
		if (i == 5)
			end(&world, &good, i);
		world.heard.n = 0;
	}
	assert_int_equal(alert_book_firing(world.book), ALERTS_MAX);
	world_fini(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_live_alert_fires_and_recovers),
		cmocka_unit_test(test_two_runs_are_not_mixed_up),
		cmocka_unit_test(test_the_end_of_a_run_is_the_end_of_its_live_alerts),
		cmocka_unit_test(test_errors_that_rise_are_told_from_those_that_were_there),
		cmocka_unit_test(test_a_verdict_fires_until_the_next_run_is_good),
		cmocka_unit_test(test_figures_of_runs_that_say_nothing_are_passed_over),
		cmocka_unit_test(test_what_is_unusual_is_so_among_the_runs_before),
		cmocka_unit_test(test_somebody_has_seen_it),
		cmocka_unit_test(test_a_restart_goes_on_with_what_fired),
		cmocka_unit_test(test_a_restart_goes_on_with_cooldowns),
		cmocka_unit_test(test_a_rule_that_is_gone_leaves_nothing_firing),
		cmocka_unit_test(test_a_full_book_forgets_what_is_over_and_never_what_fires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
