#pragma once

#include <stdbool.h>

#include "campaign/driver.h"
#include "campaign/sides.h"
#include "plan/experiment.h"

/* Several runs of one profile as one experiment: each arm or cell in its turn, or the two sides of a split at once,
 * each run a campaign of its own with its results below the experiment's; then what they say together. */
struct document_list;
struct experiment_options {
	const struct plan_experiment *plan; /* of more than one run */
	const char *out_dir;                /* exactly there; NULL: below plan->whole.output.dir */
	const char
		*events_path; /* a copy of the event stream, all runs one after the other: a file, "-" for stdout … */
	bool copies_figures;  /* … with figures in place of intervals */
	const struct document_list *documents; /* as of a campaign; each run writes them too */
	bool is_json, is_quiet;                /* as of a campaign */
	/* What drives a repeat of an arm, both counted from 0; freed by the run. */
	struct driver *(*driver_new)(void *context, size_t arm, size_t repeat);
	void *context;
	const struct sides_source *source; /* of a split, in place of drivers: its arms are processes */
};

/* Returns the exit code. */
int experiment_run(const struct experiment_options *options);
