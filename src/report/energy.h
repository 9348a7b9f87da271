#pragma once

#include "measure/summary.h"

/* What the measured load cost in energy, above what the target's machine draws without any: whoever on that machine
 * makes it, brunt too where it runs there. */
struct energy {
	/* Averages; NAN: not available. What a command told holds whatever it measures, and nothing is added to it. */
	double cpu_w, cpu_idle_w, gpu_w, gpu_idle_w, told_w, told_idle_w;
	bool is_idle_subtracted; /* of all that is available */
	double joules, per_request_j,
		per_token_j; /* per success, and token of one; NAN: not available, or there was none */
};

bool energy_of(const struct summary *summary, struct energy *energy); /* false: nothing is available */
