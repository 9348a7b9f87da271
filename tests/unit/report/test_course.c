#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "unit/report/document.h"
#include "unit/report/fixture.h"
#include "unit/report/page.h"

/* What was done around a load and beside it, as it is reported; and arms and their runs. */

static const struct plan_action actions[] = {
	{.name = "KILL to target", .at_ns = 2 * NS_PER_S, .kind = ACTION_SIGNAL},
	{.name = "systemctl start \033[2Jllm", .at_ns = 4 * NS_PER_S, .kind = ACTION_RUN},
	{.name = "POST /admin/reload", .at_ns = 9 * NS_PER_S, .kind = ACTION_FETCH},
	{.name = "too late", .at_ns = 60 * NS_PER_S, .kind = ACTION_RUN},
};

static const struct plan_probe probes[] = {{.name = "/health"}, {.name = "http://127.0.0.1:9000/never"}};

static struct action_record action_records[] = {
	{.action = &actions[0],
		.state = ACTION_DONE,
		.started_ns = 2 * NS_PER_S,
		.ended_ns = 2 * NS_PER_S + 40000,
		.recovery = RECOVERY_DONE,
		.recovered_after_ns = 3 * NS_PER_S},
	{.action = &actions[1],
		.state = ACTION_FAILED,
		.started_ns = 4 * NS_PER_S,
		.ended_ns = 5 * NS_PER_S,
		.text = "ended with exit status 3",
		.recovery = RECOVERY_NOT_SEEN,
		.recovered_after_ns = -1},
	{.action = &actions[2],
		.state = ACTION_CUT,
		.started_ns = 9 * NS_PER_S,
		.ended_ns = 10 * NS_PER_S,
		.recovery = RECOVERY_NOT_NEEDED,
		.recovered_after_ns = -1},
	{.action = &actions[3], .state = ACTION_WAITING, .started_ns = -1, .ended_ns = -1, .recovered_after_ns = -1},
};

static struct probe_change changes[] = {
	{.at_ns = 0, .status = 200, .failure = FAILURE_COUNT},
	{.at_ns = 2100 * NS_PER_MS, .failure = FAILURE_TLS_EXPIRED},
	{.at_ns = 4900 * NS_PER_MS, .status = 503, .failure = FAILURE_COUNT},
	{.at_ns = 5200 * NS_PER_MS, .status = 200, .failure = FAILURE_COUNT},
};

static struct probe_record probe_records[] = {
	{.probe = &probes[0], .polls = 120, .changes = changes, .changes_n = 4, .words = "certificate has expired"},
	{.probe = &probes[1]},
};

static const struct chronicle chronicle = {
	.before = {.was_run = true, .took_ns = 210 * NS_PER_MS},
	.beside = {.was_run = true, .took_ns = 12 * NS_PER_S},
	.after = {.was_run = true, .has_failed = true, .took_ns = 80 * NS_PER_MS, .text = "ended with exit status 9"},
	.ready_after_ns = 1230 * NS_PER_MS,
	.ready_polls = 12,
	.actions = action_records,
	.actions_n = 4,
	.probes = probe_records,
	.probes_n = 2,
};

static void
test_what_was_done_around_a_load_is_reported(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);

	(void)state;
	report.chronicle = &chronicle;
	char *wide = rendered(&report, 100, false), *narrow = rendered(&report, 60, false), *json = written(&report);

	assert_golden("course_100.txt", wide);
	assert_fits(wide, 100);
	assert_fits(narrow, 60);
	assert_null(strstr(wide, "\033"));
	assert_golden_document("course.json", json);
	free(wide);
	free(narrow);
	free(json);
	summary_free(summary);
}

static void
test_where_nothing_was_asked_for_nothing_is_said(void **state)
{
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 1);
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, summary, &verdict);
	const struct chronicle nothing = {.ready_after_ns = -1};

	(void)state;
	report.chronicle = &nothing;
	char *text = rendered(&report, 100, false), *json = written(&report);

	assert_null(strstr(text, "Around the load"));
	assert_null(strstr(json, "\"lifecycle\""));
	assert_null(strstr(json, "\"actions\""));
	assert_null(strstr(json, "\"probes\""));
	free(text);
	free(json);
	summary_free(summary);
}

/* Cells of a matrix: what the second measured is twice what the first did, and the third was never run. */
static void
test_cells_stand_side_by_side_with_their_runs(void **state)
{
	static const char *const keys[] = {"load.concurrency.users", "target.command"};
	static const char *const shown[3][2] = {{"1", "serve"}, {"2", "serve"}, {"2", "serve --with-very-long-flags"}};
	static const char *const brief[3][2] = {{"1", "serve"}, {"2", "serve"}, {"2", "#2 …h-very-long-flags"}};
	struct plan plan = fixture_plan();
	struct summary *summary = fixture_summary(&plan, 0);
	struct verdict verdict = {.status = VERDICT_FAIL, .exit_code = 1, .onset_ns = -1};
	struct report report = fixture_report(&plan, summary, &verdict);
	struct plan_arm cells[3];
	struct plan_experiment asked = {
		.kind = EXPERIMENT_MATRIX, .repeats = 1, .arms = cells, .arms_n = 3, .keys_n = 2};
	struct run_record runs[3] = {
		{.arm = 0,
			.was_run = true,
			.dir = "runs/01-a",
			.status = VERDICT_PASS,
			.before_ns = -1,
			.ready_ns = -1},
		{.arm = 1,
			.was_run = true,
			.dir = "runs/02-b",
			.status = VERDICT_FAIL,
			.exit_code = 1,
			.reason = "crash: \033[2J it is gone",
			.before_ns = NS_PER_S,
			.ready_ns = 2 * NS_PER_S},
		{.arm = 2, .before_ns = -1, .ready_ns = -1},
	};
	struct arm *arms[3];

	(void)state;
	asked.keys = (const char **)(void *)keys;
	for (size_t i = 0; i < 3; i++) {
		cells[i] = (struct plan_arm){.name = brief[i][1],
			.plan = &plan,
			.shown = (const char **)(void *)shown[i],
			.brief = (const char **)(void *)brief[i]};
		arms[i] = arm_new(brief[i][1], &plan);
	}
	for (size_t i = 0; i < 2; i++) {
		arms[i]->measured_s = 10;
		arms[i]->measured.counts.ok_in_window = 1000 * (i + 1);
	}
	const struct experiment experiment = {
		.arms = (const struct arm *const *)arms, .arms_n = 3, .plan = &asked, .runs = runs, .runs_n = 3};

	report.experiment = &experiment;
	char *wide = rendered(&report, 100, false), *narrow = rendered(&report, 60, false), *json = written(&report);

	assert_golden("cells_100.txt", wide);
	assert_fits(wide, 100);
	assert_fits(narrow, 60);
	assert_null(strstr(wide, "\033"));
	assert_golden_document("cells.json", json);
	free(wide);
	free(narrow);
	free(json);
	for (size_t i = 0; i < 3; i++)
		arm_free(arms[i]);
	summary_free(summary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_done_around_a_load_is_reported),
		cmocka_unit_test(test_where_nothing_was_asked_for_nothing_is_said),
		cmocka_unit_test(test_cells_stand_side_by_side_with_their_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
