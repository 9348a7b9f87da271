/* How objectives stand while a run lasts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/judge/scripted_run.h"

static struct slo_verdict slos[SLOS_MAX];

static void
init(struct scripted_run *run, const char *shape)
{
	run_init(run, shape);
	run_add_slo(run, make_expr("response", 0.95, EXPR_LE, 20e6));
	run->slos[0].expr.has_stretch = true;
	run->slos[0].expr.stretch = 4e6;
	run_add_slo(run, make_expr("error_rate", 0, EXPR_LT, 0.01));
	run_add_slo(run, make_expr("max_sustainable_rate", 0, EXPR_GE, 50));
}

static void
test_in_a_stepped_load_they_are_of_the_level_that_goes_on(void **state)
{
	struct scripted_run run;

	(void)state;
	init(&run, "steps");
	run_play(&run, (struct step){.offered = 100});
	judge_stand(run.judge, run.summary, slos);
	assert_int_equal(slos[0].status, SLO_STRETCH_MISSED);
	assert_int_equal(slos[1].status, SLO_PASS);
	summary_settle_level(run.summary, 0);
	run_play(&run, (struct step){.offered = 10, .latency_ns = 50 * NS_PER_MS, .bad = {{FAILURE_STATUS, 2, 0}}});
	judge_stand(run.judge, run.summary, slos);
	assert_int_equal(slos[0].status, SLO_FAIL);
	assert_true(slos[0].value > 49e6 && slos[0].value < 51e6);
	assert_int_equal(slos[1].status, SLO_FAIL);
	assert_true(fabs(slos[1].value - 0.02) < 1e-9); /* of its 100 requests, not of all 1,100 */
	run_fini(&run);
}

static void
test_what_is_not_known_yet_is_not_told(void **state)
{
	struct scripted_run run;

	(void)state;
	init(&run, "steps");
	run_play_on(&run, (struct step){.offered = 100});
	judge_stand(run.judge, run.summary, slos); /* the level was judged, and its histograms are gone */
	assert_int_equal(slos[0].status, SLO_NA);
	run_idle(&run, 0.1);
	judge_stand(run.judge, run.summary, slos); /* between levels */
	for (size_t i = 0; i < 3; i++)             /* the last of them is the whole run's */
		assert_int_equal(slos[i].status, SLO_NA);
	run_fini(&run);
}

static void
test_in_every_other_load_they_are_of_all_so_far(void **state)
{
	struct scripted_run run;

	(void)state;
	init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 100});
	run_play(&run, (struct step){.offered = 100, .bad = {{FAILURE_STATUS, 10, 0}}});
	judge_stand(run.judge, run.summary, slos);
	assert_true(fabs(slos[1].value - 0.005) < 1e-9);
	assert_int_equal(slos[1].status, SLO_PASS);
	run_idle(&run, 0.1);
	judge_stand(run.judge, run.summary, slos);
	assert_true(fabs(slos[1].value - 0.005) < 1e-9);
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_a_stepped_load_they_are_of_the_level_that_goes_on),
		cmocka_unit_test(test_what_is_not_known_yet_is_not_told),
		cmocka_unit_test(test_in_every_other_load_they_are_of_all_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
