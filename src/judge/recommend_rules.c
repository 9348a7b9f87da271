#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "judge/recommend.h"

/* The rules of recommendations.def that no expression can say. */

#define LOW_PER_S 100
#define LOW_BATCHED_PER_S 20
#define SLOW_START_SHARE 0.5 /* of the deadline */
#define FLAPS_MIN 3          /* times that it opened */
#define RETRIEVAL_NS (20 * NS_PER_MS)
#define PLATEAU_SHARE 0.95 /* of the best rate */
#define PLATEAU_FACTOR 1.5 /* so much more load brought less than the rest */

/* As a person would look for it. */
static bool
names(const char *name, const char *word)
{
	size_t n = strlen(word);

	for (; *name != '\0'; name++)
		if (strncasecmp(name, word, n) == 0)
			return true;
	return false;
}

bool
look_first_level_broke(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	const struct breaking_point *point = &verdict->breaking_point;

	if (!point->is_found || isfinite(point->max_sustainable))
		return false;
	snprintf(evidence, ADVICE_TEXT_MAX, "it broke at %.4g%s, and no lower level was tried or held",
		point->first_broken, view->plan->scenarios[0].load.in_users ? " users" : "/s");
	return true;
}

/* 0: nobody waited, or without a deadline. */
static int64_t
ready_deadline_ns(const struct plan *plan)
{
	if (plan->course != NULL && plan->course->ready.fetch.place.shown != NULL)
		return plan->course->ready.within_ns;
	return plan->target.process.command != NULL ? plan->target.process.ready_ns : 0;
}

bool
look_slow_start(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	int64_t within_ns = ready_deadline_ns(view->plan), took_ns = view->facts->ready_ns;
	char took[32], within[32];

	(void)verdict;
	if (within_ns <= 0 || (double)took_ns < SLOW_START_SHARE * (double)within_ns)
		return false;
	snprintf(evidence, ADVICE_TEXT_MAX, "it took %s until it was ready, of %s that it may take",
		units_time_text(took_ns, took, sizeof(took)), units_time_text(within_ns, within, sizeof(within)));
	return true;
}

/* The rate beyond which the target itself gave no more; NAN: the load asked for no more. */
static double
limit_per_s(const struct verdict *verdict, const struct judge_view *view)
{
	const struct summary *summary = view->summary;
	bool in_users = view->plan->scenarios[0].load.in_users;
	double achieved = summary_achieved_per_s(summary);

	if (view->is_stepped)
		return verdict->breaking_point.is_found ? verdict->breaking_point.max_goodput_per_s : NAN;
	if (in_users || summary->measured_s <= 0)
		return in_users ? achieved : NAN;
	double offered = (double)summary->measured.counts.scheduled / summary->measured_s;

	return achieved < 0.98 * offered ? achieved : NAN;
}

/* The average batch size that an exporter tells of; NAN: none does. */
static double
batch_size(const struct judge_view *view)
{
	const struct plan_scrape *scrape = &view->plan->scrape;

	for (size_t i = 0; i < scrape->n; i++)
		if (names(scrape->list[i].name, "batch") && view->summary->scraped.list[i].n > 0)
			return gauge_stats_avg(&view->summary->scraped.list[i]);
	return NAN;
}

bool
look_batching_too_low(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	double batch = batch_size(view), limit = limit_per_s(verdict, view);

	if (!(batch > 1) || !(limit < LOW_BATCHED_PER_S))
		return false;
	snprintf(evidence, ADVICE_TEXT_MAX, "%.3g/s at the most (under %d/s), with batches of %.2g on average", limit,
		LOW_BATCHED_PER_S, batch);
	return true;
}

bool
look_throughput_low(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	double limit = limit_per_s(verdict, view);

	if (!(limit < LOW_PER_S))
		return false;
	snprintf(evidence, ADVICE_TEXT_MAX, "%.3g/s at the most (under %d/s), where more was asked for", limit,
		LOW_PER_S);
	return true;
}

static bool
is_measured(const struct level_record *record)
{
	return record->verdict.status < LEVEL_INVALID && isfinite(record->achieved_per_s);
}

bool
look_plateau(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	const struct level_record *enough = NULL, *most = NULL;
	const char *unit = view->plan->scenarios[0].load.in_users ? " users" : "/s";
	double best = 0;

	(void)verdict;
	for (size_t i = 0; i < view->records_n; i++)
		if (is_measured(view->records[i])) {
			best = fmax(best, view->records[i]->achieved_per_s);
			if (most == NULL || view->records[i]->offered > most->offered)
				most = view->records[i];
		}
	for (size_t i = 0; i < view->records_n; i++)
		if (is_measured(view->records[i]) && view->records[i]->achieved_per_s >= PLATEAU_SHARE * best &&
			(enough == NULL || view->records[i]->offered < enough->offered))
			enough = view->records[i];
	if (enough == NULL || most == NULL || most->offered < PLATEAU_FACTOR * enough->offered || best <= 0)
		return false;
	snprintf(evidence, ADVICE_TEXT_MAX, "%.4g%s gave %.4g/s already; %.4g%s, %.4g/s", enough->offered, unit,
		enough->achieved_per_s, most->offered, unit, most->achieved_per_s);
	return true;
}

/* How often a figure rose from one row to the next: a state that opens, or a count of trips per second. */
static unsigned
rises(const struct series *series, size_t figure)
{
	unsigned n = 0;
	double last = NAN;

	for (size_t i = 0; i < series->n; i++) {
		double value = series->rows[i].scraped[figure];

		if (isnan(value))
			continue;
		n += value > last; /* false of the first */
		last = value;
	}
	return n;
}

bool
look_breaker_flaps(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	const struct plan_scrape *scrape = &view->plan->scrape;

	(void)verdict;
	for (size_t i = 0; i < scrape->n; i++) {
		unsigned n = names(scrape->list[i].name, "breaker") ? rises(&view->summary->series, i) : 0;

		if (n < FLAPS_MIN)
			continue;
		snprintf(evidence, ADVICE_TEXT_MAX, "%.100s rose %u times in %.0f s", scrape->list[i].figure.name, n,
			view->summary->measured_s);
		return true;
	}
	return false;
}

bool
look_retrieval_slow(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX])
{
	const struct plan *plan = view->plan;
	char p95[32];

	(void)verdict;
	for (size_t i = 0; i < plan->requests_n && !view->is_stepped; i++) {
		const char *name = plan->requests[i].name;
		const struct histogram *h = &view->summary->requests[i].histograms[METRIC_RESPONSE];
		bool is_one = names(name, "search") || names(name, "retriev") || names(name, "query");

		if (!is_one || !histogram_is_ready(h) || !histogram_shows(h->total, 0.95) ||
			histogram_quantile_ns(h, 0.95) <= RETRIEVAL_NS)
			continue;
		snprintf(evidence, ADVICE_TEXT_MAX, "%.100s: P95 %s (over 20ms)", name,
			units_time_text(histogram_quantile_ns(h, 0.95), p95, sizeof(p95)));
		return true;
	}
	return false;
}
