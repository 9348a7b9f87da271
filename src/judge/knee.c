#include "judge/knee.h"

#include <math.h>
#include <stdio.h>

static void
find_ends(const double *values, size_t n, double ends[2])
{
	ends[0] = INFINITY;
	ends[1] = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		ends[0] = fmin(ends[0], values[i]);
		ends[1] = fmax(ends[1], values[i]);
	}
}

void
knee_find(struct knee *knee, const uint32_t *levels, const double *load, const double *p95_ns, size_t n)
{
	double loads[2], times[2];
	size_t at = 0;

	*knee = (struct knee){.load = NAN, .p95_ns = NAN, .difference = NAN};
	if (n < KNEE_LEVELS_MIN) {
		snprintf(knee->why_not, sizeof(knee->why_not), "it takes %d levels, and there were %zu",
			KNEE_LEVELS_MIN, n);
		return;
	}
	find_ends(load, n, loads);
	find_ends(p95_ns, n, times);
	if (times[1] < KNEE_RISE_MIN * times[0]) {
		snprintf(knee->why_not, sizeof(knee->why_not), "response P95 did not even double over the levels");
		return;
	}
	knee->difference = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		double below =
			(load[i] - loads[0]) / (loads[1] - loads[0]) - (p95_ns[i] - times[0]) / (times[1] - times[0]);

		if (below > knee->difference) {
			knee->difference = below;
			at = i;
		}
	}
	knee->level = levels[at];
	knee->load = load[at];
	knee->p95_ns = p95_ns[at];
	if (knee->difference <= 1 / (double)(n - 1))
		snprintf(knee->why_not, sizeof(knee->why_not), "response P95 rises evenly with the load");
}
