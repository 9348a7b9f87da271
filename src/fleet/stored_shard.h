#pragma once

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "measure/events.h"

/* A shard's results as they lie in its directory: what its journal says of it, and its intervals, one by one. */
struct stored_level {
	bool is_known;
	int64_t start_ns, end_ns; /* as it was said last; INT64_MAX: by a count that was never reached */
	double offered;
};

struct stored_shard {
	char dir[PATH_MAX], events[PATH_MAX];
	FILE *journal;
	char *line;
	size_t line_size, line_number;

	/* As it announced itself. */
	char id[64], hash[17], brunt[64], started_at[32];
	cJSON *files; /* [{file, hash}]; NULL: it was made of none */
	uint32_t shard, shards;
	int64_t start_at_wall_ns, began_wall_ns; /* 0: not said; it never began */
	struct stored_level warmup, *levels;
	uint32_t levels_n;
	int64_t last_ns;  /* end of its last interval */
	int64_t drain_ns; /* when its load was over; −1: its journal ends before */
	bool has_end;     /* else it was killed, or goes on */
	char status[16];
	int exit_code;

	/* Of its result.json, where there is one. */
	bool has_result;
	char reason[FINDING_TEXT_MAX], address[160], pacing[16];
};

/* path: a results directory, also one that a killed run left (….partial). Reads who it is, no more; false with err set,
 * and nothing to close. */
bool stored_shard_open(struct stored_shard *shard, const char *path, struct error *err);
void stored_shard_close(struct stored_shard *shard);

/* Reads the journal through, once it is known that the plan is its own; then stands before its first interval. */
bool stored_shard_scan(struct stored_shard *shard, const struct plan *plan, struct error *err);

/* The next interval. False: there is none, or err is set. */
bool stored_shard_next(struct stored_shard *shard, const struct plan *plan, struct interval *into, struct error *err);

/* A file of the profile's that held something else for the one than for the other; NULL: none did, as far as is known.
 */
const char *stored_shard_other_file(const struct stored_shard *one, const struct stored_shard *other);

/* How the profiles of two differ, in words; both have a result.json. */
void stored_shard_difference(const struct stored_shard *one, const struct stored_shard *other, char *into, size_t size);
