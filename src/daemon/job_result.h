#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "daemon/history.h"
#include "daemon/ledger.h"

/* What came of a job, as its directory says: the result of its run (result.json; of a suite suite.json) where it wrote
 * one, whatever was heard of it; else how its process ended. Read by the desk. */

#define JOB_RESULT_REASON_MAX 400
#define JOB_RESULT_RESULT_MAX ((size_t)64 * 1024 * 1024)

struct job_result {
	char status[16]; /* the verdict's, or "refused", "crashed", "interrupted" */
	int exit_code;
	bool has_result;
	char reason[JOB_RESULT_REASON_MAX];
	struct buf reasons;    /* a JSON array of texts */
	char failure_mode[32]; /* "": none */
	struct ledger_figure figures[HISTORY_FIGURES_N];
	size_t figures_n;
	struct history_run run; /* for alerts and trends: is_lost where there is no result of a run */
	uint64_t bytes;         /* that its files take */
};

/* How its process ended: said where there is no result of its own. */
struct job_result_end {
	int exit_code;      /* −1: nobody knows (the daemon was gone) */
	const char *excess; /* why it was stopped by the operator's ceilings; NULL: it was not */
	bool was_finished;  /* it was cut off: the result was made of its journal */
	const char *said;   /* on stderr */
};

/* dir: of the job. */
void job_result_take(struct job_result *result, const char *dir, const struct job_result_end *end);
void job_result_fini(struct job_result *result);
