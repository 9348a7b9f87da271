#pragma once

#include "base/buf.h"
#include "plan/plan.h"

/* What a scenario's flow asks for: its steps, its requests, how many sessions at once, and what they keep. Nothing
 * where it has none. */
void check_print_flow(const struct plan *plan, const struct plan_scenario *scenario, struct buf *out);
