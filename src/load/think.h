#pragma once

#include <stdint.h>

#include "plan/flow.h"

/* How long the n-th session of a scenario thinks once its step number `position` (over the whole session, from 0) was
 * answered: drawn from the seed, so that a run repeats it. A day at most. */
int64_t think_ns(const struct plan_think *think, uint64_t seed, uint64_t n, uint64_t position);
