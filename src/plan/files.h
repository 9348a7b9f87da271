#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/yaml.h"

/* Files that a profile names. */

/* Where `path`, as written in this node, points to: relative paths start at the file that holds the node, those of a
 * --set and of standard input at the working directory. */
const char *files_resolve(struct arena *arena, const struct plan_node *node, const char *path);

/* The bytes of a file that the node names, NUL-ended, in the arena. */
bool files_read(struct arena *arena, const struct plan_node *node, const char *path, size_t ceiling, const char **bytes,
	size_t *length, struct error *err);
