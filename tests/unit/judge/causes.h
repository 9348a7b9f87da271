#pragma once

#include "unit/judge/scripted_run.h"

#define NONE FAILURE_MODE_NONE
#define OOM FAILURE_MODE_OUT_OF_MEMORY
#define CRASH FAILURE_MODE_CRASH
#define TIMEOUT FAILURE_MODE_TIMEOUT
#define ERRORS FAILURE_MODE_HIGH_ERROR_RATE
#define CPU FAILURE_MODE_RESOURCE_EXHAUSTION
#define CONNECTIONS FAILURE_MODE_CONNECTION_LIMIT
#define SATURATION FAILURE_MODE_SATURATION
#define LATENCY FAILURE_MODE_LATENCY_DEGRADATION

/* Judges a healthy level and then this one, and checks the causes in order; the broken level starts at 10 s. */
static inline void
check_causes(struct step step, const enum failure_mode *wanted, size_t n, int64_t onset_s, int64_t slo_ns)
{
	struct scripted_run run;

	run_init(&run, "steps");
	if (slo_ns > 0)
		run_add_slo(&run, make_expr("response", 0.95, EXPR_LT, (double)slo_ns));
	assert_int_equal(run_play_on(&run, (struct step){.offered = 50}), LEVEL_OK);
	run_play_on(&run, step);
	const struct verdict *v = judge_run(run.judge, run.summary, &run.facts);

	for (size_t i = 0; i < v->causes_n; i++)
		print_message("%s from %.1f s on: %s\n", failure_mode_rows[v->causes[i]].name,
			(double)v->evidence[i]->onset_ns / 1e9, v->evidence[i]->text);
	assert_int_equal(v->causes_n, n);
	assert_int_equal(v->evidence_n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(v->causes[i], wanted[i]);
		assert_int_equal(v->evidence[i]->mode, wanted[i]);
		assert_true(strlen(v->evidence[i]->text) > 10);
	}
	assert_int_equal(v->failure_mode, n > 0 ? wanted[0] : NONE);
	assert_int_equal(v->onset_ns, n > 0 ? onset_s * NS_PER_S : -1);
	run_fini(&run);
}

#define STEP(...) ((struct step){.offered = 100, __VA_ARGS__})
#define CHECK_CAUSES(onset_s, step, ...)                                                                               \
	check_causes(step, (const enum failure_mode[]){__VA_ARGS__},                                                   \
		sizeof((enum failure_mode[]){__VA_ARGS__}) / sizeof(enum failure_mode), onset_s, 0)
/* Where P95 must stay below 20 ms. */
#define CHECK_MISSED(onset_s, step, ...)                                                                               \
	check_causes(step, (const enum failure_mode[]){__VA_ARGS__},                                                   \
		sizeof((enum failure_mode[]){__VA_ARGS__}) / sizeof(enum failure_mode), onset_s, 20 * NS_PER_MS)
