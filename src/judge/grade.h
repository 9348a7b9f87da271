#pragma once

#include "measure/comparison.h"
#include "measure/verdict.h"

/* How good a run was, by the share of its goals that were met; a missed stretch is a goal that was met. In a stepped
 * load the criteria of levels are no goals of the run. */
void grade_find(struct verdict *verdict, const struct plan *plan, bool is_stepped, const struct gate_verdict *gates);
