#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an earlier life of the daemon started in this data directory and what is still there, killed though it was:
 * runs, also those of which it had no time to write down that they had begun, and who was finishing one that was
 * killed. */

#define ORPHAN_ID_MAX 64
#define ORPHANS_MAX 64

struct orphan {
	int64_t pid;
	char id[ORPHAN_ID_MAX]; /* of the run */
	bool is_finisher;       /* it is not the run itself */
};

/* How many there are, ORPHANS_MAX at most. Reads the command lines of /proc. */
size_t orphans_find(const char *data, struct orphan into[ORPHANS_MAX]);
