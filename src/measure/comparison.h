#pragma once

#include "measure/arm.h"
#include "measure/canary.h"
#include "measure/run_record.h"
#include "measure/verdict.h"
#include "plan/experiment.h"

/* What comparing two arms found, as data: judge/ writes it, report/ reads it. */

/* Of the candidate against the baseline, by DEFINITIONS' bands. "Worse" is slower, or fewer per second. */
enum comparison_status {
	COMPARISON_NOISE,             /* within ±2%, or within the tolerance and not beyond the noise */
	COMPARISON_UNSURE,            /* beyond the tolerance, but not beyond the noise: too few samples to tell */
	COMPARISON_SMALL_REGRESSION,  /* beyond the noise, within the tolerance: investigate */
	COMPARISON_REGRESSION,        /* beyond the noise and the tolerance: fails where it is gated */
	COMPARISON_SMALL_IMPROVEMENT, /* beyond the noise, within the tolerance */
	COMPARISON_IMPROVEMENT,       /* beyond the noise and the tolerance */
	COMPARISON_NA,                /* an arm has no value */
	COMPARISON_STATUS_COUNT,
};
extern const char *const comparison_status_names[COMPARISON_STATUS_COUNT]; /* "small_regression" */

#define COMPARISON_NAME_MAX 96
#define COMPARISON_NOTE_MAX 160

/* One figure of the two arms. */
struct comparison_row {
	struct expr measure;            /* metric, stat, quantile and request alone */
	char name[COMPARISON_NAME_MAX]; /* "response.p95", "buy.ttft.p50", "error_rate": as an SLO would say it */
	double baseline, current;       /* in the metric's unit; NAN: n/a; INFINITY: above the timeout */
	uint64_t samples[2];            /* how many each value rests on: exchanges, or readings of a gauge */
	double delta, delta_rel;        /* current − baseline, and as a share of the baseline */
	double ci[2], ci_rel[2];        /* 95% intervals of the two; NAN: cannot be had */
	double p;                       /* of a difference as large as this if there were none; NAN */
	double tolerance;               /* a share of the baseline */
	bool is_wanted;                 /* the profile gates it */
	bool is_gated;                  /* … and the samples carry it */
	bool is_significant;            /* beyond the noise, Holm-corrected over the gated rows where it is one */
	enum comparison_status status;
	char note[COMPARISON_NOTE_MAX]; /* why it has no value, no interval or is not gated; empty: nothing to say */
};

struct comparison {
	const struct arm *baseline, *current;
	struct comparison_row *rows;
	size_t rows_n;
	double confidence;              /* 0.95 */
	uint64_t resamples;             /* 2,000 */
	size_t blocks_n[2];             /* that were resampled, at the least over all rows */
	double block_s;                 /* their length, at the most */
	char method[FINDING_TEXT_MAX];  /* how the intervals were made, in a sentence */
	char warning[FINDING_TEXT_MAX]; /* why they may be too narrow: one run per arm, few blocks; empty: nothing */
};

/* "Failed metrics: response.p95 +15.2% (threshold 10%), …": the regressions that are gated; empty: there is none.
 * Returns into. */
const char *comparison_failed_text(const struct comparison *comparison, char *into, size_t size);

/* An improvement(…) or speedup(…) goal. */
struct gate_verdict {
	struct slo_verdict slo;              /* as of any other SLO: by the estimate */
	const struct comparison *comparison; /* NULL: the arm it names was not measured */
	double ci[2];                        /* 95% interval of the value; NAN: cannot be had */
	bool is_inside;                      /* the interval lies wholly where the goal holds */
};

/* Everything about arms that a report shows beside its verdict. */
struct experiment {
	const struct arm *const *arms; /* the first is the baseline */
	size_t arms_n;
	const struct comparison *const *comparisons; /* one per further arm, in order */
	size_t comparisons_n;
	const struct gate_verdict *gates; /* plan->gates_n */
	size_t gates_n;
	const struct plan_experiment *plan; /* what was asked for; NULL: not known */
	const struct run_record *runs;      /* of all arms, in the order in which they ran */
	size_t runs_n;
	const struct canary_record *canary; /* whose stages the runs are; NULL: there is none */
};
