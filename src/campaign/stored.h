#pragma once

#include <cjson/cJSON.h>

#include "measure/against.h"
#include "plan/plan.h"

/* A run that is over, as it lies in its results directory. */
struct stored_run {
	struct against_run about;
	char result[PATH_MAX];         /* its result.json */
	char events[PATH_MAX];         /* its journal */
	char reason[FINDING_TEXT_MAX]; /* the first of its verdict */
	cJSON *profile;                /* the effective one */
	bool is_experiment;            /* of several runs, which lie below it */
	int64_t duration_ns;
	int64_t before_ns, ready_ns; /* how long `before` took, and from start to ready; −1: there was none */
	char address[160];           /* of the target */
	char pacing[16];
	bool has_hook_failed; /* `after` or `beside` did */
};

#define STORED_RESULT_CEILING ((size_t)64 * 1024 * 1024)

/* path: a results directory, or the result.json in one, also renamed. Sets dir and result; false with err set where it
 * is neither. Whether there is a result.json in the directory is not looked at. */
bool stored_find(const char *path, char dir[PATH_MAX], char result[PATH_MAX], struct error *err);

/* By what stands at its beginning. */
bool stored_is_result(const char *path);

/* Reads all but the journal; false with err set and nothing to close. */
bool stored_open(struct stored_run *run, const char *path, struct error *err);
void stored_close(struct stored_run *run);

/* Its profile as far as figures depend on it: whatever is only sent (bodies, headers, data) or done (hooks, actions) is
 * left out, so that neither its files nor its secrets are wanted. NULL with err set. */
struct plan *stored_plan(const struct stored_run *run, const struct plan_tables *tables, struct error *err);

/* Its measured phases, added to an arm whose plan has the same requests. */
bool stored_add_to(const struct stored_run *run, struct arm *arm, struct error *err);
