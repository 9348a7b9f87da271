#pragma once

#include <uv.h>

#include "campaign/digest.h"
#include "fleet/merge.h"
#include "fleet/merger.h"
#include "fleet/stored_shard.h"

/* What merge.c (the course of it) and merge_check.c (what is merged, and what is to be said of it) share; nobody else
 * includes it. */
struct merge {
	const struct merge_options *options;
	struct stored_shard *shards;    /* options->dirs_n, in the order of their shards */
	uint32_t shards_n;              /* opened */
	uint32_t total;                 /* how many there were to be */
	struct stored_shard **by_index; /* total; NULL: missing */
	struct plan *plan;
	struct run_facts facts;
	struct shard_record *records; /* total */
	int64_t t0_wall_ns;           /* when their loads began, most of them; 0: none did */

	uv_loop_t loop;
	struct merger merger;
	struct digest digest;
	struct run_identity identity;
	char id[64];
	uint32_t declared_n;
	bool has_warmup_declared;
};

/* The plan of all of them; as far as figures depend on it, where the files or variables that it names are not here. */
struct plan *merge_load_plan(
	const struct stored_shard *shards, uint32_t n, const struct plan_tables *tables, struct error *err);
/* Opens what is to be merged. False with err set: it does not belong together. */
bool merge_open(struct merge *merge, struct error *err);
void merge_close(struct merge *merge);
/* Reads through the journals. False with err set: one of them cannot be read. */
bool merge_scan(struct merge *merge, struct error *err);
/* What became of each: as records, and for the judge. */
void merge_note_shards(struct merge *merge);
/* A level of the whole, as its shards said it: it ends where the last of them ended it. NULL: none has had it. */
bool merge_level(const struct merge *merge, uint32_t index, struct stored_level *level);
