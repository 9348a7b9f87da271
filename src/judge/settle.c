#include "judge/settle.h"

#include <stdlib.h>

#include "base/units.h"
#include "measure/histogram.h"

#define SETTLE_LATENCY_SHARE 0.1
#define SETTLE_LATENCY_NS NS_PER_MS
/* Beside chance: a tenth, and a few. */
#define SETTLE_IN_FLIGHT_SHARE 0.1
#define SETTLE_IN_FLIGHT_FEW 4
/* A median of fewer says nothing. */
#define SETTLE_RESPONSES_LEAST 10

void
settle_begin(struct settle *settle)
{
	*settle = (struct settle){.p50_ns = -1};
}

static bool
is_same(const struct settle *before, int64_t p50_ns, uint32_t in_flight)
{
	int64_t most_ns = (int64_t)(SETTLE_LATENCY_SHARE * (double)before->p50_ns);
	double grown = (double)before->in_flight * (1 + SETTLE_IN_FLIGHT_SHARE) + SETTLE_IN_FLIGHT_FEW;

	if (most_ns < SETTLE_LATENCY_NS)
		most_ns = SETTLE_LATENCY_NS;
	return llabs(p50_ns - before->p50_ns) <= most_ns && in_flight <= grown;
}

bool
settle_add(struct settle *settle, const struct summary *summary)
{
	const struct histogram *response = &summary->last.histograms[METRIC_RESPONSE];
	struct settle before = *settle;

	settle_begin(settle);
	if (response->total < SETTLE_RESPONSES_LEAST)
		return false;
	settle->p50_ns = histogram_quantile_ns(response, 0.5);
	settle->in_flight = summary->now.in_flight;
	return before.p50_ns >= 0 && is_same(&before, settle->p50_ns, settle->in_flight);
}
