#include <inttypes.h>
#include <math.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/records.h"

/* A tool that doubts itself first: figures that cannot be true make a run inconclusive, never passed. */

#define CPU_MOST 2.0      /* of what it may use: readings are of ticks, and a little may lie across their edge */
#define WINDOW_SLACK 1.01 /* of the run's time */

static void
check_counts(struct verdict *verdict, const struct counts *c)
{
	uint64_t client = counts_client_failures(c);
	uint64_t at_proxy = c->by_failure[FAILURE_PROXY_UNREACHABLE] + c->by_failure[FAILURE_PROXY_REFUSED] +
			    c->by_failure[FAILURE_PROXY_FAILED] + c->by_failure[FAILURE_PROXY_AUTH];

	if (c->scheduled == 0)
		verdict_add_reason(verdict, "nothing was sent: no request became due");
	else if (at_proxy > 0 && c->ok == 0 && at_proxy == client &&
		 client == c->failed + c->dropped + c->unsent + c->unfinished)
		verdict_add_reason(verdict, "every request failed at the proxy, which says nothing of the target");
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

/* What is counted twice, by level and by request, must come to the same. */
static void
check_sums(struct verdict *verdict, const struct summary *summary)
{
	struct counts by_level = {0}, by_request = {0};
	const struct counts *measured = &summary->measured.counts, *all = &summary->everything.counts;

	for (size_t i = 0; i < summary->levels_n; i++)
		counts_merge(&by_level, &summary->levels[i].counts);
	for (size_t i = 0; i < summary->plan->requests_n; i++)
		counts_merge(&by_request, &summary->request_totals[i]);
	if (by_level.ok != measured->ok || by_level.failed != measured->failed)
		verdict_add_reason(verdict,
			"the levels do not add up to what was measured: %" PRIu64 " and %" PRIu64 " ok, %" PRIu64
			" and %" PRIu64 " failed",
			by_level.ok, measured->ok, by_level.failed, measured->failed);
	if (by_request.ok != all->ok || by_request.failed != all->failed)
		verdict_add_reason(verdict,
			"the requests do not add up to the totals: %" PRIu64 " and %" PRIu64 " ok, %" PRIu64
			" and %" PRIu64 " failed",
			by_request.ok, all->ok, by_request.failed, all->failed);
	if (all->ok_in_window > all->ok)
		verdict_add_reason(verdict,
			"more answers were counted inside the windows than there were: %" PRIu64 " of %" PRIu64,
			all->ok_in_window, all->ok);
	if (summary->measured_s > ns_to_s(summary->last_ns) * WINDOW_SLACK)
		verdict_add_reason(verdict, "%.1f s were measured of a run of %.1f s", summary->measured_s,
			ns_to_s(summary->last_ns));
}

static void
check_distribution(struct verdict *verdict, enum metric metric, const struct histogram *h)
{
	static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	const char *name = metric_rows[metric].name;
	int64_t last_ns = h->min_ns, most_ns = histogram_highest_equivalent_ns(h->max_ns);
	double mean_ns = histogram_mean_ns(h);

	/* Both ends are exact, and so is the mean; percentiles are the upper ends of what shares their count. */
	if (h->min_ns > h->max_ns || mean_ns < (double)h->min_ns - 1 || mean_ns > (double)h->max_ns + 1)
		verdict_add_reason(verdict, "%s: a mean of %.0f between %" PRId64 " and %" PRId64 " cannot be", name,
			mean_ns, h->min_ns, h->max_ns);
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		int64_t value_ns = histogram_quantile_ns(h, quantiles[i]);

		if (value_ns >= last_ns && value_ns <= most_ns) {
			last_ns = value_ns;
			continue;
		}
		verdict_add_reason(verdict,
			"%s: P%g is %" PRId64 ", where the percentile below it is %" PRId64 " and the maximum %" PRId64,
			name, quantiles[i] * 100, value_ns, last_ns, h->max_ns);
		return;
	}
}

static void
check_latencies(struct verdict *verdict, const struct summary *summary)
{
	const struct histogram *response = &summary->measured.histograms[METRIC_RESPONSE];

	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct histogram *h = &summary->measured.histograms[m];

		if (histogram_is_ready(h) && h->total > 0)
			check_distribution(verdict, (enum metric)m, h);
	}
	if (!histogram_is_ready(response))
		return;
	if (response->total > 0 && response->min_ns <= 0)
		verdict_add_reason(verdict, "a response time of 0 ns was measured: no answer is that fast");
	if (response->total != summary->measured.counts.ok)
		verdict_add_reason(verdict, "%" PRIu64 " response times were measured of %" PRIu64 " good answers",
			response->total, summary->measured.counts.ok);
}

static void
check_gauges(struct verdict *verdict, const char *whose, const struct gauge_set *set)
{
	const struct gauge_stats *cpu = &set->gauges[GAUGE_CPU];

	for (int i = 0; i < GAUGE_COUNT; i++)
		if (set->gauges[i].n > 0 && set->gauges[i].min < 0)
			verdict_add_reason(verdict, "%s %s was read as negative (%g)", whose, gauge_rows[i].name,
				set->gauges[i].min);
	if (cpu->n > 0 && cpu->peak > CPU_MOST)
		verdict_add_reason(verdict, "%s CPU was read as %.0f%% of what it may use", whose, cpu->peak * 100);
}

void
plausibility_check(struct verdict *verdict, const struct judge_view *view)
{
	const struct summary *summary = view->summary;

	check_counts(verdict, &summary->everything.counts);
	check_sums(verdict, summary);
	check_latencies(verdict, summary);
	check_gauges(verdict, "the target's", &summary->target);
	check_gauges(verdict, "the generator's", &summary->self);
}
