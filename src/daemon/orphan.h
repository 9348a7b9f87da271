#pragma once

#include <stddef.h>
#include <stdint.h>

/* Runs that an earlier life of the daemon started in this data directory and that are still there, killed though it
 * was: also those of which it had no time to write down that they had begun. */

#define ORPHAN_ID_MAX 64
#define ORPHANS_MAX 64

struct orphan {
	int64_t pid;
	char id[ORPHAN_ID_MAX]; /* of the run */
};

/* How many there are, ORPHANS_MAX at most. Reads the command lines of /proc. */
size_t orphans_find(const char *data, struct orphan into[ORPHANS_MAX]);
