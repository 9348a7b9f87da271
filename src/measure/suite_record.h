#pragma once

#include "measure/verdict.h"

/* A suite's course, as data: a row for each of its profiles, whether or not it has been run, and what they come to. It
 * is true at every moment: rows that nobody has begun say so. */

#define SUITE_NAME_MAX 65 /* as of every name, and its NUL */
#define SUITE_TEXT_MAX 256

enum suite_status { SUITE_PASS, SUITE_FAIL, SUITE_INCONCLUSIVE, SUITE_SKIP, SUITE_NOT_RUN, SUITE_STATUSES_N };
extern const char *const suite_status_names[]; /* "pass", …, "not_run" */
extern const char *const suite_status_words[]; /* for people: "passed", …, "not run" */

/* Why a row was not run. */
enum suite_cause {
	SUITE_CAUSE_NONE,         /* it was */
	SUITE_CAUSE_NOT_BEGUN,    /* its turn has not come */
	SUITE_CAUSE_CONDITION,    /* its only_if does not hold */
	SUITE_CAUSE_NEED,         /* what it needs did not pass */
	SUITE_CAUSE_NEED_SKIPPED, /* what it needs was skipped, or not run for the same reason: nothing is wrong with it
				   */
	SUITE_CAUSE_LIMIT,        /* the suite's time was up */
	SUITE_CAUSE_INTERRUPTED,
	SUITE_CAUSES_N
};
extern const char *const suite_cause_names[];

struct suite_row {
	char name[SUITE_NAME_MAX], category[SUITE_TEXT_MAX], profile[SUITE_TEXT_MAX];
	enum suite_status status;
	enum suite_cause cause;
	int exit_code;                 /* that it has as a run of its own; −1: it was not run */
	char reason[FINDING_TEXT_MAX]; /* empty where it passed */
	char dir[96];                  /* its results, below the suite's; empty: there are none */
	int64_t began_ns, took_ns;     /* since the suite began; −1: it was not run */
	uint64_t requests;             /* scheduled */
	struct scorecard score;        /* of its goals; nothing met of nothing: it was not run, or sets none */
};

struct suite_counts {
	size_t by_status[SUITE_STATUSES_N];
};

struct suite_record {
	char name[SUITE_NAME_MAX], id[64];
	int64_t started_wall_ns, took_ns;
	double pass_rate; /* that is wanted */
	int64_t limit_ns; /* 0: none */
	struct suite_row *rows;
	size_t rows_n;
	bool has_ended; /* every row had its turn, or was passed over for a reason */
	int signal;     /* that ended it; 0: none */
	bool is_lost;   /* its own results could not all be written */
	/* What they come to: suite_judge. */
	enum verdict_status status;
	int exit_code;
	char reasons[VERDICT_REASONS_MAX][FINDING_TEXT_MAX];
	size_t reasons_n;
	const char *effective_json; /* of its profile; NULL: not known */
};

/* Of one category; NULL: of all. */
struct suite_counts suite_count(const struct suite_record *record, const char *category);
size_t suite_counts_total(const struct suite_counts *counts);
/* The share of what was judged (pass or fail) that passed; NAN: nothing was. */
double suite_counts_share(const struct suite_counts *counts);

/* Whether no row before this one has its category: each category is told once, in the order of the rows. */
bool suite_row_opens_category(const struct suite_record *record, size_t row);
