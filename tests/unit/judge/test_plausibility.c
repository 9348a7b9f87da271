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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_true_is_inconclusive),
		cmocka_unit_test(test_client_that_failed_every_request_is_inconclusive),
		cmocka_unit_test(test_run_that_ended_before_any_answer_is_inconclusive),
		cmocka_unit_test(test_run_without_requests_is_inconclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
