#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "campaign/driver.h"
#include "plan/plan.h"

/* One run from its plan to its exit code: starts the target if the plan says so, watches it, drives the engine, lets
 * the judge look at every level as it closes, steers the load by what the judge says, and writes the results. */
struct campaign_options {
	const struct plan *plan;
	struct driver *driver;    /* what drives the load; freed by the campaign */
	const char *out_dir;      /* exactly there; NULL: below plan->output.dir */
	const char *events_path;  /* a copy of the event stream: a file, "-" for stdout; NULL: none */
	const char *control_path; /* control messages: a file or fifo, "-" for stdin; NULL: none */
	bool is_json;             /* result.json on stdout, and nothing else */
	bool is_quiet;            /* no live view; the report only if the run did not pass */
};

/* Returns the exit code (see README.md). What a person reads goes to stdout; the live view and warnings go to stderr.
 */
int campaign_run(const struct campaign_options *options);
