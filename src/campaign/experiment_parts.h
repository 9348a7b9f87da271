#pragma once

#include <stdio.h>
#include <uv.h>

#include "base/buf.h"
#include "campaign/experiment.h"
#include "campaign/stored.h"
#include "judge/several.h"
#include "measure/comparison.h"
#include "report/reporter.h"

/* What experiment.c (its runs in turn), experiment_sides.c (its runs at once) and experiment_end.c (what they say
 * together) share; nobody else includes it. */
struct study {
	const struct experiment_options *options;
	const struct plan_experiment *plan;
	uv_loop_t loop; /* of signals alone: a run turns its own */
	uv_signal_t on_int, on_term;
	struct run_identity identity;
	char id[64];
	int64_t began_ns;
	struct result_dir *dir;
	struct buf events;
	FILE *events_copy; /* NULL: none */
	struct arm **arms; /* the baseline first */
	struct run_record *runs;
	size_t runs_n, current;
	struct summary *summary; /* counts of all runs together: figures are the arms' */
	struct run_facts facts;
	char target_address[160];
	const char *pacing;
	char pacing_of_sides[16];
	uint32_t workers;             /* of a run */
	struct sides *sides;          /* under way; NULL: none are */
	struct canary_record *canary; /* NULL: there is none */
};

/* Both sides of a split, once. */
struct study_round {
	size_t n; /* counted from 0: its runs are 2 n and 2 n + 1 */
	double share;
	int64_t load_ns;   /* how long it takes; 0: not known */
	const char *title; /* "round 1 of 2" */
	const struct sides_source *source;
};

/* Where an arm of the plan stands among the study's. */
static inline size_t
study_place(const struct plan_experiment *plan, size_t arm)
{
	return arm == plan->baseline ? 0 : arm < plan->baseline ? arm + 1 : arm;
}

/* Its arms, empty, and its runs, of which none was run; the plan is there. */
void study_init_runs(struct study *study);
void study_fini_runs(struct study *study);
void study_write_events(struct study *study);
/* What was sent, by whichever arm. */
void study_add_counts(struct study *study, const struct summary *run);
/* A run sees its own signals; those between two runs, and that there was one, are seen here. */
bool study_is_interrupted(struct study *study);
/* False: a further round would tell no more. */
bool study_run_round(struct study *study, const struct study_round *round);
/* All rounds of a split; the exit code. */
int study_go_together(struct study *study);
/* Empty ones in place of those that are there. */
void study_renew_arms(struct study *study);
/* What the runs and arms of the experiment come to. */
void study_judge(const struct study *study, const struct experiment *experiment, struct slo_verdict *slos,
	struct verdict *verdict);
/* A run that lies in a directory of its own: what it says of itself into its record, what it measured into its arm. */
void study_take_run(struct study *study, struct run_record *record, const struct stored_run *run);

/* What the runs say together; the report points into it and into the study. */
struct study_end {
	struct comparison **comparisons;
	struct slo_verdict *slos;
	struct gate_verdict *gates;
	struct experiment experiment;
	struct verdict verdict;
	struct report report;
};
void study_end_init(struct study_end *end, const struct study *study);
void study_end_fini(struct study_end *end);
/* Compares, judges, writes and prints; returns the exit code. */
int study_conclude(struct study *study);
