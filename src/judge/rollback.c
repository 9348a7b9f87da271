#include "judge/rollback.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "base/units.h"
#include "judge/beta.h"
#include "judge/sustained.h"

#define P95 0.95
#define SAMPLES_BEYOND 10 /* as a comparison gates percentiles: n (1 − q) of the baseline */

double
rollback_tail(uint64_t k, uint64_t n, double p)
{
	CHECK_OP(k, <=, n);
	if (k == 0)
		return 1;
	return beta_regularised((double)k, (double)(n - k) + 1, p); /* DLMF 8.17.5 */
}

static uint64_t
errors_of(const struct counts *counts)
{
	return counts->failed + counts->dropped + counts->unsent + counts->unfinished;
}

/* What a request meets whose process is gone, or goes. */
static uint64_t
crashes_of(const struct counts *counts)
{
	static const enum failure gone[] = {
		FAILURE_RESET, FAILURE_TRUNCATED, FAILURE_CONNECT_REFUSED, FAILURE_CONNECT_RESET};
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		n += counts->by_failure[gone[i]];
	return n;
}

static void
conclude(struct rollback_finding *finding, double p)
{
	finding->p = p;
	finding->status = finding->candidate > finding->limit && p < ROLLBACK_CHANCE ? ROLLBACK_HOLDS : ROLLBACK_FINE;
}

/* Of all errors, how many would be the candidate's if its rate were `factor` times the baseline's: of two Poisson
 * counts with given means the one is binomial given their sum (Przyborowski and Wilenski, "Homogeneity of results in
 * testing samples from Poisson series", 1940). So a first error, where the baseline has none, proves nothing by itself.
 */
static void
judge_errors(const struct rollback_sides *sides, double factor, struct rollback_finding *finding)
{
	const struct counts *b = &sides->baseline->measured.counts, *c = &sides->candidate->measured.counts;
	uint64_t of_c = errors_of(c), all = of_c + errors_of(b);
	double weight = factor * (double)c->scheduled;

	if (b->scheduled == 0 || c->scheduled == 0)
		return;
	finding->baseline = counts_error_rate(b);
	finding->candidate = counts_error_rate(c);
	finding->limit = factor * finding->baseline;
	conclude(finding, rollback_tail(of_c, all, weight / (weight + (double)b->scheduled)));
	snprintf(finding->text, sizeof(finding->text),
		"errors: %.3g%% of %.40s (%" PRIu64 " of %" PRIu64 "), %.3g%% of %.40s (%" PRIu64 " of %" PRIu64
		"): %s %.3g times as many",
		finding->candidate * 100, sides->candidate_name, of_c, c->scheduled, finding->baseline * 100,
		sides->baseline_name, errors_of(b), b->scheduled,
		finding->status == ROLLBACK_HOLDS ? "more than" : "not known to be more than", factor);
}

static uint64_t
slower_than(const struct tally *tally, int64_t limit_ns)
{
	uint64_t n = 0;

	for (size_t i = tally->words_n; i > 0; i--) {
		if (histogram_highest_at_ns(tally_place(tally->words[i - 1])) <= limit_ns)
			break;
		n += tally_count(tally->words[i - 1]);
	}
	return n;
}

/* How likely as many slow windows are, if half of them are slow in the long run. */
static double
chance_of_windows(const struct blocks *blocks, int64_t limit_ns)
{
	uint64_t told = 0, slow = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct block_cell *cell = &blocks->blocks[i].all;
		const struct tally *tally = &cell->tallies[METRIC_RESPONSE];
		uint64_t failed = errors_of(&cell->counts), n = tally->total + failed;

		told += n > 0;
		slow += (double)(slower_than(tally, limit_ns) + failed) > (1 - P95) * (double)n;
	}
	return rollback_tail(slow, told, 0.5);
}

/* The candidate's P95 is beyond a time where more than 5% of its requests are, those among them that failed. */
static void
judge_p95(const struct rollback_sides *sides, double factor, struct rollback_finding *finding)
{
	const struct cell *b = &sides->baseline->measured, *c = &sides->candidate->measured;
	const struct histogram *of_b = &b->histograms[METRIC_RESPONSE], *of_c = &c->histograms[METRIC_RESPONSE];
	uint64_t above_b = errors_of(&b->counts), above_c = errors_of(&c->counts), n = of_c->total + above_c;
	char limit[32], base[32];

	if (n == 0 || (double)(of_b->total + above_b) * (1 - P95) + 1e-9 < SAMPLES_BEYOND)
		return;
	int64_t base_ns = histogram_quantile_with_above_ns(of_b, P95, above_b);

	if (base_ns == INT64_MAX) /* among the failures, whose own rule there is */
		return;
	int64_t own_ns = histogram_quantile_with_above_ns(of_c, P95, above_c);
	int64_t limit_ns = histogram_highest_equivalent_ns((int64_t)(factor * (double)base_ns));
	uint64_t slow = n - histogram_count_until(of_c, limit_ns);

	finding->baseline = (double)base_ns;
	finding->candidate = own_ns == INT64_MAX ? INFINITY : (double)own_ns;
	finding->limit = factor * finding->baseline;
	conclude(finding, fmax(rollback_tail(slow, n, 1 - P95), chance_of_windows(sides->candidate->blocks, limit_ns)));
	snprintf(finding->text, sizeof(finding->text),
		"P95: %.3g%% of %.40s took longer than %s, %.3g times the P95 of %.40s (%s): %s 5%%",
		(double)slow / (double)n * 100, sides->candidate_name,
		units_time_text((int64_t)finding->limit, limit, sizeof(limit)), factor, sides->baseline_name,
		units_time_text(base_ns, base, sizeof(base)),
		finding->status == ROLLBACK_HOLDS ? "more than" : "not known to be more than");
}

/* A growth is 0 where it cannot be told from none: chance is in that already. */
static void
judge_memory(const struct rollback_sides *sides, double limit, struct rollback_finding *finding)
{
	struct sustained b, c;
	int64_t half_ns = sides->hold_ns / 2;

	if (sides->candidate->measured_s <
		ns_to_s(half_ns < ROLLBACK_MEMORY_AFTER_NS ? half_ns : ROLLBACK_MEMORY_AFTER_NS))
		return;
	sustained_find(&c, sides->plan, sides->candidate);
	sustained_find(&b, sides->plan, sides->baseline);
	finding->baseline = sustained_memory_growth(&b);
	finding->candidate = sustained_memory_growth(&c);
	finding->limit = limit;
	if (isnan(finding->candidate))
		return;
	finding->status = finding->candidate > limit ? ROLLBACK_HOLDS : ROLLBACK_FINE;
	snprintf(finding->text, sizeof(finding->text),
		"memory: that of %.60s grows by %.3g%%/h, where %.3g%%/h is the limit", sides->candidate_name,
		finding->candidate * 100, limit * 100);
}

static void
judge_crashes(const struct rollback_sides *sides, double limit, struct rollback_finding *finding)
{
	const struct counts *b = &sides->baseline->measured.counts, *c = &sides->candidate->measured.counts;
	uint64_t n = crashes_of(c);

	if (c->scheduled == 0)
		return;
	finding->baseline = b->scheduled > 0 ? (double)crashes_of(b) / (double)b->scheduled : NAN;
	finding->candidate = (double)n / (double)c->scheduled;
	finding->limit = limit;
	conclude(finding, rollback_tail(n, c->scheduled, limit));
	snprintf(finding->text, sizeof(finding->text),
		"crashes: %.3g%% of the requests to %.60s met a process that was gone (%" PRIu64 " of %" PRIu64
		"), where %.3g%% is the limit",
		finding->candidate * 100, sides->candidate_name, n, c->scheduled, limit * 100);
}

bool
rollback_judge(const struct plan_rollback *rules, const struct rollback_sides *sides, struct rollback_finding *into)
{
	const struct {
		double limit;
		void (*judge)(const struct rollback_sides *sides, double limit, struct rollback_finding *finding);
	} all[ROLLBACK_RULES_N] = {
		[ROLLBACK_ERRORS] = {rules->errors, judge_errors},
		[ROLLBACK_P95] = {rules->p95, judge_p95},
		[ROLLBACK_MEMORY_GROWTH] = {rules->memory_growth_per_h, judge_memory},
		[ROLLBACK_CRASH_RATE] = {rules->crash_rate, judge_crashes},
	};
	bool holds = false;

	for (size_t i = 0; i < ROLLBACK_RULES_N; i++) {
		into[i] = (struct rollback_finding){.status = isnan(all[i].limit) ? ROLLBACK_OFF : ROLLBACK_UNKNOWN,
			.baseline = NAN,
			.candidate = NAN,
			.limit = all[i].limit,
			.p = NAN};
		if (into[i].status == ROLLBACK_OFF || sides->baseline == NULL || sides->candidate == NULL)
			continue;
		all[i].judge(sides, all[i].limit, &into[i]);
		holds = holds || into[i].status == ROLLBACK_HOLDS;
	}
	return holds;
}
