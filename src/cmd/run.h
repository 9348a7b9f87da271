#pragma once

#include "cmd/run_arguments.h"
#include "plan/experiment.h"

/* The runs that the profile and the flags ask for; the caller frees them. NULL: they cannot be run, and that was said.
 */
struct plan_experiment *run_arguments_load(struct run_arguments *arguments);

/* Runs them; the exit code. */
int run_arguments_go(struct run_arguments *arguments, const struct plan_experiment *experiment);
