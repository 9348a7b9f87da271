#pragma once

#include "measure/verdict.h"
#include "plan/plan.h"

/* The results of shards that nobody led → one results directory, judged as one run: their intervals are merged tick by
 * tick, as those of workers are while a run lasts. */

/* A shard that began so much later or earlier than it was to, or than the others did, is named; beyond the second of
 * them nothing can be concluded: what all were to send at one moment came at two. */
#define MERGE_SKEW_TOLD_NS (100 * NS_PER_MS)
#define MERGE_SKEW_MOST_NS NS_PER_S

struct document_list;

struct merge_options {
	const char *const *dirs;
	uint32_t dirs_n;
	uint32_t expected;                /* how many shards there are; 0: as many as they say themselves, from 2 on */
	const char *out_dir;              /* exactly there; NULL: where a run of the profile would write */
	const char *baseline, *baselines; /* what the whole is compared with; NULL: what the profile says */
	const struct document_list *documents; /* wanted beside the plan's; NULL: none */
	bool is_json, is_quiet;
	const struct plan_tables *tables;
};

/* Returns the exit code: that of the verdict, or EXIT_USAGE where they cannot be merged, which was said. */
int merge_run(const struct merge_options *options);
