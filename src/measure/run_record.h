#pragma once

#include "measure/verdict.h"

/* One run of an experiment, as data: what is told of it beside the arm it belongs to. */
struct run_record {
	size_t arm;      /* index, the baseline being the first */
	bool was_run;    /* else the experiment ended before it */
	bool is_counted; /* what it measured is in its arm */
	char dir[96];    /* its results, below the experiment's: "runs/01-baseline" */
	enum verdict_status status;
	int exit_code;
	bool has_hook_failed;          /* `after` did: no matter of the target, so that it counts in a baseline, too */
	char reason[FINDING_TEXT_MAX]; /* the first one of its verdict */
	int64_t started_wall_ns, duration_ns;
	int64_t before_ns; /* how long `before` took; −1: there was none */
	int64_t ready_ns;  /* from start to ready; −1: nobody waited */
	uint64_t scheduled, ok;
};
