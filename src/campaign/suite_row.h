#pragma once

#include "campaign/child.h"
#include "measure/suite_record.h"

/* What a run of a suite left, as a row: how its process ended, and what its result.json says. path: its directory. Sets
 * status, exit code, reason and requests; cuts row->dir to where something lies. */
void suite_row_conclude(struct suite_row *row, const char *path, const struct child *child);
