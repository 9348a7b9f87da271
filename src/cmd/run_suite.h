#pragma once

#include "cmd/run_arguments.h"
#include "plan/suite.h"

/* Everything that a run of it would refuse, of all its profiles before the first is run. */
bool run_suite_check(const struct plan_suite *suite, struct run_arguments *arguments, struct error *err);

/* Runs them; the exit code. */
int run_suite_go(const struct run_arguments *arguments, const struct plan_suite *suite);
