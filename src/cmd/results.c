#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/rejudge.h"
#include "campaign/restudy.h"
#include "cmd/results.h"
#include "cmd/tables.h"

struct results {
	char dir[PATH_MAX];
	struct plan *plan;
	bool is_judged;
	struct rejudged rejudged;
	struct restudied *restudied; /* of an experiment; NULL: it is one run */
	struct report report;
};

static struct run_identity
identity_of(const struct rebuilt *rebuilt)
{
	return (struct run_identity){.id = rebuilt->id,
		.started_wall_ns = wall_of_text(rebuilt->started_at),
		.shard = rebuilt->shard,
		.shards = rebuilt->shards};
}

static struct report
report_of(const struct results *results)
{
	const struct rebuilt *rebuilt = &results->rejudged.rebuilt;

	return (struct report){.plan = results->plan,
		.summary = rebuilt->summary,
		.verdict = results->rejudged.verdict,
		.identity = identity_of(rebuilt),
		.duration_ns = rebuilt->last_ns,
		.pacing = "not known",
		.results_dir = results->dir};
}

static bool
read_again(struct results *results, struct error *err)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/profile.yaml", results->dir);
	if (access(path, F_OK) != 0)
		return error_set(
			err, "'%s' is no results directory of a run: there is no profile.yaml in it", results->dir);
	results->plan = plan_load_file(path, NULL, 0, cmd_tables(), err);
	if (results->plan == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/events.ndjson", results->dir);
	results->is_judged = rejudge(&results->rejudged, path, results->plan, err);
	if (results->is_judged)
		results->report = report_of(results);
	return results->is_judged;
}

static bool
is_of_several(const char *dir)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/runs", dir);
	return access(path, R_OK) == 0;
}

static bool
read_several_again(struct results *results, struct error *err)
{
	results->restudied = restudy(results->dir, cmd_tables(), err);
	if (results->restudied == NULL)
		return false;
	results->report = *restudied_report(results->restudied);
	return true;
}

/* What only the run itself knew (an action that failed, a target that did not come back) is not in its journal. */
static void
say_difference(const struct results *results)
{
	const struct rebuilt *rebuilt = &results->rejudged.rebuilt;
	const struct against_run *about = results->restudied != NULL ? restudied_about(results->restudied) : NULL;
	const struct verdict *verdict = results->report.verdict;
	bool has_end = about != NULL || rebuilt->has_end;
	int exit_code = about != NULL ? about->exit_code : rebuilt->exit_code;

	if (has_end && exit_code != verdict->exit_code)
		log_warn(
			"by its journal alone this run is judged %s, exit %d; it knew more itself and ended as %s, exit %d: "
			"see result.json",
			verdict_status_names[verdict->status], verdict->exit_code,
			about != NULL ? about->status : rebuilt->status, exit_code);
}

struct results *
results_read(const char *dir, struct error *err)
{
	struct results *results = must_alloc(sizeof(*results));

	snprintf(results->dir, sizeof(results->dir), "%s", dir);
	if (!(is_of_several(dir) ? read_several_again(results, err) : read_again(results, err))) {
		results_free(results);
		return NULL;
	}
	say_difference(results);
	return results;
}

const struct report *
results_report(const struct results *results)
{
	return &results->report;
}

void
results_free(struct results *results)
{
	if (results == NULL)
		return;
	if (results->is_judged)
		rejudged_fini(&results->rejudged);
	restudied_free(results->restudied);
	if (results->plan != NULL)
		plan_free(results->plan);
	free(results);
}
