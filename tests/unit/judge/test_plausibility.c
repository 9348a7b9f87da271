/* Figures that cannot be true make a run inconclusive, never passed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "unit/judge/scripted_run.h"

static void
test_what_cannot_be_true_is_inconclusive(void **state)
{
	struct scripted_run run;
	struct verdict const *v;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100});
	assert_int_equal(conclude(&run)->exit_code, 0);
	run.summary->everything.counts.ok--;
	v = conclude(&run);
	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "do not add up"));
	run.summary->everything.counts.ok++;
	run.summary->target.gauges[GAUGE_MEMORY].min = -1;
	v = conclude(&run);
	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "memory was read as negative"));
	run.summary->target.gauges[GAUGE_MEMORY].min = 1;
	histogram_record(&run.summary->measured.histograms[METRIC_RESPONSE], 0);
	v = conclude(&run);
	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "0 ns"));
	run_fini(&run);
}

static void
test_client_that_failed_every_request_is_inconclusive(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_NO_FDS, 1000, 0}}});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "every request failed by the generator's own limits"));
	run_fini(&run);
}

static void
test_run_that_ended_before_any_answer_is_inconclusive(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100});
	struct counts *all = &run.summary->everything.counts;

	all->unfinished = all->ok;
	all->ok = 0;
	memset(all->by_status, 0, sizeof(all->by_status));
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "before a single request was answered"));
	run_fini(&run);
}

static void
test_run_without_requests_is_inconclusive(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.judge = judge_new(&run.plan);
	assert_int_equal(conclude(&run)->exit_code, 3);
	assert_true(has_reason(conclude(&run), "nothing was sent"));
	run_fini(&run);
}

static void
expect_implausible(void (*spoil)(struct summary *summary), const char *reason)
{
	struct scripted_run run;

	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100});
	assert_int_equal(conclude(&run)->exit_code, 0);
	spoil(run.summary);
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 3);
	assert_int_equal(v->status, VERDICT_INCONCLUSIVE);
	if (!has_reason(v, reason))
		fail_msg("'%s' is not among the reasons, the first of which is '%s'", reason, v->reasons[0]);
	run_fini(&run);
}

static void
lose_of_a_level(struct summary *summary)
{
	summary->levels[0].counts.ok -= 3;
}

static void
lose_of_a_request(struct summary *summary)
{
	summary->request_totals[0].failed++;
}

static void
lose_a_latency(struct summary *summary)
{
	summary->measured.counts.ok++;
	summary->levels[0].counts.ok++;
}

static void
lower_the_maximum(struct summary *summary)
{
	summary->measured.histograms[METRIC_SERVICE].max_ns = 1000;
}

static void
raise_the_sum(struct summary *summary)
{
	summary->measured.histograms[METRIC_RESPONSE].sum_ns *= 3;
}

static void
double_the_window(struct summary *summary)
{
	summary->measured_s *= 2;
}

static void
answer_too_often(struct summary *summary)
{
	summary->everything.counts.ok_in_window = summary->everything.counts.ok + 1;
}

static void
overheat(struct summary *summary)
{
	gauge_stats_add(&summary->target.gauges[GAUGE_CPU], 40);
}

static void
owe_memory(struct summary *summary)
{
	gauge_stats_init(&summary->self.gauges[GAUGE_MEMORY]);
	gauge_stats_add(&summary->self.gauges[GAUGE_MEMORY], -4096);
}

static void
test_every_account_is_held_against_another(void **state)
{
	(void)state;
	expect_implausible(lose_of_a_level, "the levels do not add up");
	expect_implausible(lose_of_a_request, "the requests do not add up");
	expect_implausible(lose_a_latency, "response times were measured of");
	expect_implausible(lower_the_maximum, "service: ");
	expect_implausible(raise_the_sum, "response: a mean of");
	expect_implausible(double_the_window, "were measured of a run of");
	expect_implausible(answer_too_often, "inside the windows than there were");
	expect_implausible(overheat, "the target's CPU was read as 4000%");
	expect_implausible(owe_memory, "the generator's memory was read as negative");
}

/* The profile forbids nothing: no failure rate, no objective. */
static void
test_target_that_never_answers_well_passes_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.plan.break_when =
		(struct plan_break_when){.error_rate = NAN, .timeout_rate = NAN, .memory = NAN, .cpu = NAN};
	run_play_on(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 1000, 0}}});
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->exit_code, 3);
	assert_true(has_reason(v, "not one of 1000 requests"));
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_true_is_inconclusive),
		cmocka_unit_test(test_client_that_failed_every_request_is_inconclusive),
		cmocka_unit_test(test_run_that_ended_before_any_answer_is_inconclusive),
		cmocka_unit_test(test_run_without_requests_is_inconclusive),
		cmocka_unit_test(test_every_account_is_held_against_another),
		cmocka_unit_test(test_target_that_never_answers_well_passes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
