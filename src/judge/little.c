#include "judge/little.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"

/* Two clocks look at each end of an exchange: the integral stops when the loop has read an answer, the exchange's own
 * times when the kernel had it. */
#define ACCOUNTS_APART 0.05
#define EXCHANGE_APART_S 200e-6

static double
sum_s(const struct level_summary *level, enum metric metric)
{
	const struct histogram *h = &level->live->histograms[metric];

	return h->total > 0 ? histogram_mean_ns(h) * (double)h->total / 1e9 : 0;
}

static double
longest_s(const struct level_summary *level)
{
	const struct histogram *h = level->live->histograms;

	return fmax(0, ns_to_s(h[METRIC_RESPONSE].max_ns > h[METRIC_FAILED].max_ns ? h[METRIC_RESPONSE].max_ns
										   : h[METRIC_FAILED].max_ns));
}

/* What was under way without ever being sent: for as long as it may have been. */
static double
unsent_s(const struct counts *c, const struct plan_target *target)
{
	uint64_t connecting = counts_unconnected(c) + c->by_failure[FAILURE_UNREACHABLE] +
			      c->by_failure[FAILURE_CONNECT_FAILED] + c->by_failure[FAILURE_TLS_TIMEOUT] +
			      c->by_failure[FAILURE_TLS_HANDSHAKE] + c->by_failure[FAILURE_TLS_ALERT];

	return (double)connecting * ns_to_s(target->connect_timeout_ns) +
	       (double)c->by_failure[FAILURE_QUEUE_TIMEOUT] * ns_to_s(target->timeout_ns);
}

/* Where much was cancelled or never ended, its times are in no histogram. */
static bool
is_whole(const struct level_summary *level)
{
	const struct counts *c = &level->counts;

	return level->live != NULL && histogram_is_ready(&level->live->histograms[METRIC_RESPONSE]) && !level->is_cut &&
	       level->window_s > 0 && c->ok > 0 && c->unfinished == 0 && c->by_failure[FAILURE_CANCELLED] == 0 &&
	       c->by_failure[FAILURE_LOOP_GAP] == 0;
}

void
little_find(struct little *little, const struct level_summary *level, const struct plan *plan)
{
	const struct counts *c = &level->counts;

	*little = (struct little){.in_flight = level->in_flight_avg, .least = NAN, .most = NAN, .slack = NAN};
	little->is_checked = is_whole(level);
	if (!little->is_checked)
		return;
	double failed = sum_s(level, METRIC_FAILED), late = sum_s(level, METRIC_LATENESS);

	little->least = sum_s(level, METRIC_SERVICE) / level->window_s;
	little->most = fmax(little->least,
		(sum_s(level, METRIC_RESPONSE) + failed + unsent_s(c, &plan->target) - late) / level->window_s);
	/* What was under way at either edge lies in part outside, by as long as the longest took. */
	little->slack = ACCOUNTS_APART * fmax(little->in_flight, little->most) +
			EXCHANGE_APART_S * (double)c->scheduled / level->window_s +
			2 * (double)level->in_flight_peak * fmin(longest_s(level), level->window_s) / level->window_s;
	little->holds =
		little->in_flight >= little->least - little->slack && little->in_flight <= little->most + little->slack;
}
