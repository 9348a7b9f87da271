#pragma once

#include "cmd/run_arguments.h"
#include "plan/suite.h"

/* The runs that the profile and the flags ask for, or NULL and the suite that they do; the caller frees it. Both NULL:
 * they cannot be run, and that was said. */
struct plan_experiment *run_arguments_load(struct run_arguments *arguments, struct plan_suite **suite);

/* What needs nothing but the plans and the flags. */
bool run_arguments_check(
	const struct plan_experiment *experiment, const struct run_arguments *arguments, struct error *err);

/* Runs them; the exit code. */
int run_arguments_go(struct run_arguments *arguments, const struct plan_experiment *experiment);
