#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/advice.h"
#include "measure/curve.h"
#include "measure/sustained.h"
#include "plan/plan.h"

/* What the judge found, as data: written by judge/, read by report/ and by whoever else wants to know. See DEFINITIONS
 * in src/README.md for what each status means. */

enum level_status { LEVEL_OK, LEVEL_ERR, LEVEL_DEGR, LEVEL_BROKEN, LEVEL_INVALID, LEVEL_CUT };
extern const char *const level_status_names[]; /* "OK", "ERR", "DEGR", "BROKEN", "INVALID", "CUT" */

/* FAILURE_MODE_NONE … in the order of failure_mode.def */
enum failure_mode {
#define FAILURE_MODE(NAME, name, sentence, advice) FAILURE_MODE_##NAME,
#include "measure/failure_mode.def"
#undef FAILURE_MODE
	FAILURE_MODE_COUNT
};

struct failure_mode_row {
	const char *name;     /* "out_of_memory" */
	const char *sentence; /* what a person reads */
	const char *advice;   /* what to look at next */
};

extern const struct failure_mode_row failure_mode_rows[FAILURE_MODE_COUNT];

#define FINDING_TEXT_MAX 240
#define FINDINGS_PER_LEVEL_MAX 16
#define EXCERPT_ROWS_MAX 6

/* What the rows of the series around an onset show. */
struct excerpt {
	const char *of; /* "CPU", "in flight"; NULL: there is none */
	enum plan_unit unit;
	int64_t from_ns, step_ns;        /* the first row's start, and how long each is */
	double values[EXCERPT_ROWS_MAX]; /* NAN: not to be had */
	size_t n, onset;                 /* rows, and which of them it began in */
};

/* A rule that held, with its evidence. */
struct finding {
	const char *rule;         /* "error_rate", "cpu", "lateness": its name in rules.def */
	enum failure_mode mode;   /* FAILURE_MODE_NONE: not a cause of breaking */
	enum level_status weight; /* the status it asks for */
	int64_t onset_ns;         /* since T0, when it first held; −1: not known */
	double measured, threshold;
	char text[FINDING_TEXT_MAX]; /* the evidence in a sentence, with figures */
	const struct expr *expr;     /* of an objective or a threshold; NULL: of none */
	struct excerpt excerpt;
};

/* What a level of a search came to, by its windows (judge/windows.h). */
enum search_outcome {
	SEARCH_HELD,
	SEARCH_BROKE,
	SEARCH_VOID /* the generator's doing, or cut: says nothing of the target and moves no bracket */
};
extern const char *const search_outcome_names[]; /* "held", "broke", "void" */

struct level_verdict {
	uint32_t level;
	enum level_status status;
	bool is_trial; /* of a search */
	enum search_outcome trial;
	struct finding findings[FINDINGS_PER_LEVEL_MAX];
	size_t findings_n;
	bool slo_holds; /* every per-level SLO; true where there are none */
};

struct slo_verdict {
	const struct expr *expr;
	double value; /* NAN: n/a; INFINITY: above the timeout */
	enum {
		SLO_PASS,
		SLO_STRETCH_MISSED,
		SLO_FAIL,
		SLO_NA
	} status; /* PASS: the stretch holds too, where there is one */
};
extern const char *const slo_status_names[];

/* How sure a break is: exact binomial (Clopper–Pearson) intervals of what share of the requests failed, low to high, at
 * the best level sustained and at the first that broke. NAN: there is no such level. */
struct break_confidence {
	double level; /* 0.95; 0: nothing broke, so there is nothing to be sure of */
	/* What broke it: a rate (HIGH_ERROR_RATE, TIMEOUT), which intervals are about, or something that happened and
	 * is no matter of chance (CRASH, OUT_OF_MEMORY, RESOURCE_EXHAUSTION). */
	enum failure_mode rests_on;
	double threshold; /* that the rate crossed; NAN where it rests on none */
	double sustained_errors[2], broken_errors[2];
	double sustained_timeouts[2], broken_timeouts[2];
	bool is_separated; /* the rate's intervals lie on either side of the threshold */
};

/* Why a search is over. */
enum search_end {
	SEARCH_END_NONE,      /* it is not */
	SEARCH_END_FOUND,     /* as narrow as was wanted, and confirmed */
	SEARCH_END_MAX,       /* the highest level that it may try held */
	SEARCH_END_MIN,       /* the lowest broke */
	SEARCH_END_LIMIT,     /* its time is up, or the run was stopped */
	SEARCH_END_GENERATOR, /* what the generator can send */
	SEARCH_END_GONE,      /* the target ended, and did not come back */
	SEARCH_END_UNSTEADY   /* the same levels hold and break by turns: the interval is as wide as that makes it */
};
extern const char *const search_end_names[]; /* "none", "found", … */

struct breaking_point {
	bool is_stepped;                                   /* the load had levels to break at */
	bool is_found;                                     /* a level was BROKEN */
	int32_t max_sustainable_level, first_broken_level; /* −1: none */
	double max_sustainable, first_broken, safe;        /* per second or users; NAN: none */
	/* Bracket: [last good, first broken]; of a search, the 95% interval of where it breaks. NAN upper: not broken.
	 */
	double interval[2];
	double max_goodput_per_s;
	double error_rate_at_break;
	bool is_at_least; /* nothing broke, or a level below the break stayed INVALID: the rate is a lower bound */
	bool is_sudden;
	size_t levels_tested;
	int64_t recovered_after_ns; /* −1: did not recover; −2: not tested */
	/* Whether its memory came back: what it held last in the level that held before the break (where none did,
	 * idle, before any load), and once it had recovered, or in the end where it did not. NAN: nobody read it, or
	 * the recovery was not tested. */
	double memory_before, memory_after; /* bytes */
	bool has_memory_returned; /* after is at most a tenth, or 1 MiB, above before; false where either is NAN */
	struct break_confidence confidence;
	/* Of a search alone: */
	bool is_searched;
	bool is_at_most;            /* nothing held: the rate is an upper bound */
	bool is_confirmed;          /* max_sustainable held for as long as a confirmation takes */
	enum search_end search_end; /* why it is over */
	double median;              /* of where it breaks; NAN: only one side of the bracket was found */
};

/* What a load of the shape `spike` did to the response times of successes, by the rows of the series. */
struct spike_verdict {
	size_t spikes;        /* that began; 0: the load had none, and nothing below is known */
	int64_t base_p95_ns;  /* median of the rows before the first; −1: fewer than 3 */
	int64_t worst_p95_ns; /* of a row, in any spike or on the way back from it; −1: none */
	double overshoot;     /* worst over base; NAN: n/a */
	/* From a spike's end to the end of the first of 2 rows in a row without failures and no slower than it was
	 * before (within 1.1 × the base, 1 ms of it, or what 90% of the rows before kept to): after the first spike,
	 * and the slowest of all. −1: did not recover before the next spike or the load's end; −2: cannot be told. */
	int64_t recovered_after_ns, slowest_recovery_ns;
};

/* Exit codes of every command. Where several hold, the precedence is 2, 5, 128 + signal, 4, 3, 1, 0. */
enum exit_code {
	EXIT_PASSED = 0,
	EXIT_FAILED_GATE = 1,
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 3,
	EXIT_UNREACHABLE = 4,
	EXIT_INTERNAL = 5,
};

enum verdict_status { VERDICT_PASS, VERDICT_FAIL, VERDICT_INCONCLUSIVE, VERDICT_UNREACHABLE, VERDICT_INTERRUPTED };
extern const char *const verdict_status_names[];

#define VERDICT_REASONS_MAX 16

struct verdict {
	enum verdict_status status;
	int exit_code;
	char reasons[VERDICT_REASONS_MAX][FINDING_TEXT_MAX];
	size_t reasons_n;
	bool is_about_break[VERDICT_REASONS_MAX]; /* it says no more than breaking_point and evidence do */
	struct level_verdict *levels;             /* by level index; levels_n of them */
	size_t levels_n;
	struct slo_verdict *slos; /* plan->slos_n, in order */
	struct breaking_point breaking_point;
	struct spike_verdict spike;
	struct load_curve curve;
	struct sustained sustained;
	/* Causes by onset: the first leads; of the levels that broke, or, where none did, of the first that missed an
	 * SLO. Evidence points into the levels' findings. */
	enum failure_mode failure_mode; /* the leading one, or NONE */
	enum failure_mode causes[FAILURE_MODE_COUNT];
	size_t causes_n;
	const struct finding *evidence[FINDINGS_PER_LEVEL_MAX];
	size_t evidence_n;
	int64_t onset_ns; /* −1: none */
	bool is_generator_limited;
	struct scorecard score;
	struct advice advice[ADVICE_MAX];
	size_t advice_n;
	struct alert_record *alerts; /* plan->alerts_n, in order; NULL: nobody looked */
};
