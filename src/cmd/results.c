#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/rejudge.h"
#include "cmd/results.h"
#include "cmd/tables.h"

struct results {
	char dir[PATH_MAX];
	struct plan *plan;
	bool is_judged;
	struct rejudged rejudged;
	struct report report;
};

static struct run_identity
identity_of(const struct rebuilt *rebuilt)
{
	struct tm tm = {0};
	bool has_start = strptime(rebuilt->started_at, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL;

	return (struct run_identity){
		.id = rebuilt->id, .started_wall_ns = has_start ? (int64_t)timegm(&tm) * NS_PER_S : 0, .shards = 1};
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

	snprintf(path, sizeof(path), "%s/runs", results->dir);
	if (access(path, R_OK) == 0)
		return error_set(err,
			"'%s' is of an experiment; what its runs measured lies in '%s', each of which brunt report takes",
			results->dir, path);
	snprintf(path, sizeof(path), "%s/profile.yaml", results->dir);
	if (access(path, F_OK) != 0)
		return error_set(
			err, "'%s' is no results directory of a run: there is no profile.yaml in it", results->dir);
	results->plan = plan_load_file(path, NULL, 0, cmd_tables(), err);
	if (results->plan == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/events.ndjson", results->dir);
	results->is_judged = rejudge(&results->rejudged, path, results->plan, err);
	return results->is_judged;
}

/* What only the run itself knew (an action that failed, a target that did not come back) is not in its journal. */
static void
say_difference(const struct rejudged *rejudged)
{
	const struct rebuilt *rebuilt = &rejudged->rebuilt;

	if (rebuilt->has_end && rebuilt->exit_code != rejudged->verdict->exit_code)
		log_warn(
			"by its journal alone this run is judged %s, exit %d; it knew more itself and ended as %s, exit %d: "
			"see result.json",
			verdict_status_names[rejudged->verdict->status], rejudged->verdict->exit_code, rebuilt->status,
			rebuilt->exit_code);
}

struct results *
results_read(const char *dir, struct error *err)
{
	struct results *results = must_alloc(sizeof(*results));

	snprintf(results->dir, sizeof(results->dir), "%s", dir);
	if (!read_again(results, err)) {
		results_free(results);
		return NULL;
	}
	results->report = report_of(results);
	say_difference(&results->rejudged);
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
	if (results->plan != NULL)
		plan_free(results->plan);
	free(results);
}
