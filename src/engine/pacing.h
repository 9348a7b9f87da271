#pragma once

#include <stdbool.h>

#include "measure/gauge.h"
#include "plan/plan.h"

/* Whether spinning is affordable. `auto` spins unless that would take CPU from somebody who needs it: the CPU quota is
 * below one core, others wait for the core that we spin on (our own run-queue wait shows it), or the watched target may
 * run on no other CPU than ours. Once relaxed, it stays so: the figures of one run are of one kind. */
struct pacing {
	enum plan_pacing wanted;
	bool is_relaxed;
	unsigned waited_n;  /* readings in a row that showed such a wait */
	const char *reason; /* in words, for the report */
};

#define PACING_RUN_WAIT_MAX 0.01
/* One reading may have met a passing job; this many in a row are somebody who stays. */
#define PACING_WAITED_READINGS 3

void pacing_init(struct pacing *pacing, enum plan_pacing wanted, bool shares_target_cpu);
void pacing_add_reading(struct pacing *pacing, const struct reading *self);
