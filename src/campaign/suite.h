#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/suite.h"

/* The profiles of a suite, one after the other, each a `brunt run` of its own in a process of its own, so that whatever
 * becomes of one is a row and not the end; then one verdict and one report. */
struct suite_options {
	const struct plan_suite *plan;
	const char *out_dir;   /* exactly there; NULL: below plan->output.dir */
	const char *formats;   /* further reports of each run, as --format has them; NULL: none */
	const char *baselines; /* where they are saved; NULL: not said */
	uint32_t workers;      /* of each run; 0: it is not said */
	bool is_json;          /* suite.json on stdout, and nothing else */
	bool is_quiet;         /* no live views; the report only if the suite did not pass */
};

/* Returns the exit code. suite.json is there from the first moment, and written anew after each row, so that a suite
 * that was interrupted or killed leaves what it has. */
int suite_run(const struct suite_options *options);
