#include <math.h>

#include "base/check.h"
#include "judge/binomial.h"
#include "judge/records.h"

#define CONFIDENCE_LEVEL 0.95

static bool
broke_by(const struct level_record *broken, enum failure_mode mode)
{
	for (size_t i = 0; i < broken->verdict.findings_n; i++)
		if (broken->verdict.findings[i].mode == mode && broken->verdict.findings[i].weight == LEVEL_BROKEN)
			return true;
	return false;
}

/* A death first: all that comes after it fails, and the share of that tells only when in the level it died. */
static enum failure_mode
basis_of(const struct level_record *broken)
{
	static const enum failure_mode in_order[] = {FAILURE_MODE_OUT_OF_MEMORY, FAILURE_MODE_CRASH,
		FAILURE_MODE_HIGH_ERROR_RATE, FAILURE_MODE_TIMEOUT, FAILURE_MODE_RESOURCE_EXHAUSTION};

	for (size_t i = 0; i < ARRAY_LEN(in_order); i++)
		if (broke_by(broken, in_order[i]))
			return in_order[i];
	return FAILURE_MODE_NONE;
}

/* Counters that do not add up are said to be so elsewhere. */
static uint64_t
at_most(uint64_t k, uint64_t n)
{
	return k < n ? k : n;
}

static void
find_intervals(const struct level_record *record, double errors[2], double timeouts[2])
{
	const struct rule_errors none = {0}, *e = record != NULL ? &record->errors : &none;

	binomial_interval(at_most(e->failures, e->requests), e->requests, CONFIDENCE_LEVEL, errors);
	binomial_interval(at_most(e->timeouts, e->requests), e->requests, CONFIDENCE_LEVEL, timeouts);
}

void
confidence_find(struct break_confidence *confidence, const struct plan *plan, const struct level_record *broken,
	const struct level_record *sustained)
{
	enum failure_mode basis = basis_of(broken);
	const double *below = confidence->sustained_errors, *above = confidence->broken_errors;

	*confidence = (struct break_confidence){.level = CONFIDENCE_LEVEL, .rests_on = basis, .threshold = NAN};
	find_intervals(sustained, confidence->sustained_errors, confidence->sustained_timeouts);
	find_intervals(broken, confidence->broken_errors, confidence->broken_timeouts);
	if (basis == FAILURE_MODE_HIGH_ERROR_RATE)
		confidence->threshold = plan->break_when.error_rate;
	else if (basis == FAILURE_MODE_TIMEOUT) {
		confidence->threshold = plan->break_when.timeout_rate;
		below = confidence->sustained_timeouts;
		above = confidence->broken_timeouts;
	}
	/* False where either is NAN. */
	confidence->is_separated = below[1] < confidence->threshold && above[0] > confidence->threshold;
}
