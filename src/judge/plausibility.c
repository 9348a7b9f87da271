#include <inttypes.h>

#include "judge/records.h"

/* A tool that doubts itself first: figures that cannot be true make a run inconclusive, never passed. */
static void
check_counts(struct verdict *verdict, const struct counts *c)
{
	uint64_t client = counts_client_failures(c);

	if (c->scheduled == 0)
		verdict_add_reason(verdict, "nothing was sent: no request became due");
	else if (client > 0 && c->ok == 0 && client == c->failed + c->dropped + c->unsent + c->unfinished)
		verdict_add_reason(verdict, "every request failed by the generator's own limits");
	else if (c->ok == 0 && c->unfinished > 0 && c->failed + c->dropped + c->unsent == 0)
		verdict_add_reason(verdict, "the run was ended before a single request was answered");
	if (!counts_identities_hold(c))
		verdict_add_reason(verdict,
			"the counters do not add up: scheduled %" PRIu64 ", sent %" PRIu64 ", ok %" PRIu64
			", failed %" PRIu64 ", unfinished %" PRIu64 ", dropped %" PRIu64 ", unsent %" PRIu64,
			c->scheduled, c->sent, c->ok, c->failed, c->unfinished, c->dropped, c->unsent);
}

void
plausibility_check(struct verdict *verdict, const struct judge_view *view)
{
	const struct summary *summary = view->summary;
	const struct histogram *response = &summary->measured.histograms[METRIC_RESPONSE];

	check_counts(verdict, &summary->everything.counts);
	if (histogram_is_ready(response) && response->total > 0 && response->min_ns <= 0)
		verdict_add_reason(verdict, "a response time of 0 ns was measured: no answer is that fast");
	for (int i = 0; i < GAUGE_COUNT; i++)
		if (summary->target.gauges[i].n > 0 && summary->target.gauges[i].min < 0)
			verdict_add_reason(verdict, "the target's %s was read as negative (%g)", gauge_rows[i].name,
				summary->target.gauges[i].min);
}
