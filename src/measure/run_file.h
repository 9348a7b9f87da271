#pragma once

#include <stddef.h>

#include "base/buf.h"

/* What a file of plan->files held when the run began: two runs of one profile send the same only where it was the same.
 */
struct run_file {
	const char *shown;
	char hash[17]; /* of its bytes, 16 hex digits (FNV-1a 64); empty: it has none that stay, as a pipe */
};

/* "files": [{file, hash}], into an object; nothing where there are none. */
void run_files_encode(struct buf *into, const struct run_file *files, size_t n);
