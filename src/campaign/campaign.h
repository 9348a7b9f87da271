#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "campaign/driver.h"
#include "plan/plan.h"

/* One run from its plan to its exit code: starts the target if the plan says so, watches it, drives the engine, lets
 * the judge look at every level as it closes, steers the load by what the judge says, and writes the results. */
struct run_facts;
struct document_list;
struct report;
struct blocks;
struct regression;

/* A run that is one of several: the experiment prints and compares, the run measures. */
struct campaign_part {
	const char *title;       /* "run 3 of 8: candidate", for the live view */
	int64_t after_ns;        /* how long the runs after it will take; 0: none, or not known */
	const char *results_dir; /* its directory's name in the end, as reports show it */
	FILE *events;            /* of the experiment; NULL: nobody wants a copy */
	bool copies_figures;     /* to it, in place of intervals */
	/* The run is over and judged. Everything but blocks, which the callee takes, is only lent. */
	void (*on_end)(
		void *context, const struct report *report, const struct run_facts *facts, struct blocks *blocks);
	void *context;
};

struct campaign_options {
	const struct plan *plan;
	const struct campaign_part *part;      /* NULL: a run of its own */
	bool is_side;                          /* of a split: whoever runs both judges their objectives */
	struct regression *regression;         /* what it is compared with; NULL: nothing. The caller's */
	struct driver *driver;                 /* what drives the load; freed by the campaign */
	const char *out_dir;                   /* exactly there; NULL: below plan->output.dir */
	const char *events_path;               /* a copy of the event stream: a file, "-" for stdout; NULL: none */
	bool copies_figures;                   /* to it, in place of intervals: see figures_event.h */
	const char *control_path;              /* control messages: a file or fifo, "-" for stdin; NULL: none */
	const struct document_list *documents; /* wanted beside the plan's; NULL: none */
	bool is_json;                          /* result.json on stdout, and nothing else */
	/* The i-th of n that send one load and are led by nobody: it steers nothing, says nothing of the target, and
	 * brunt merge judges all of them together. shards 0 or 1: it is the whole load. */
	uint32_t shard, shards;
	int64_t start_at_wall_ns; /* when the load is to begin; 0: as soon as possible */
	bool is_quiet;            /* no live view; the report only if the run did not pass */
};

/* Returns the exit code (see README.md). What a person reads goes to stdout; the live view and warnings go to stderr.
 */
int campaign_run(const struct campaign_options *options);

/* How long its load is to last; 0: that is not known beforehand. */
int64_t campaign_planned_ns(const struct plan *plan);
