#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The regular files below a directory; links are not followed, names with control characters are left out. */

#define FOLDER_DEPTH_MAX 4
#define FOLDER_FILES_MAX 5000

/* path: relative to the directory, "runs/01-baseline/result.json". False ends the walk. */
typedef bool folder_file_fn(void *context, const char *path, uint64_t bytes);
/* In no order. False: it is not there. */
bool folder_walk(const char *directory, folder_file_fn *each, void *context);

uint64_t folder_bytes(const char *directory); /* that its files take together */

/* Opens a file below it for reading, whatever the path looks like: no part of it is "..", none is a link, and it is a
 * regular file. −1: there is none such. */
int folder_open(const char *directory, const char *path, uint64_t *bytes);
