#include "campaign/restudy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "campaign/experiment_parts.h"
#include "report/rebuild.h"

struct restudied {
	char dir[PATH_MAX];
	struct plan_experiment *plan;
	struct against_run about;
	bool has_ended;
	int64_t duration_ns;
	struct study study;
	bool is_judged;
	struct study_end end;
};

static bool
has_result(const char *dir)
{
	char path[PATH_MAX + 160];

	snprintf(path, sizeof(path), "%s/" RESULT_FILE, dir);
	return access(path, F_OK) == 0;
}

/* The whole's own result, where there is one. */
static bool
read_whole(struct restudied *r, struct error *err)
{
	struct study *study = &r->study;
	struct stored_run whole;

	if (!has_result(r->dir)) {
		study->facts.was_interrupted = true;
		study->facts.signal = SIGKILL;
		return true;
	}
	if (!stored_open(&whole, r->dir, err))
		return false;

	r->has_ended = true;
	r->about = whole.about;
	r->duration_ns = whole.duration_ns > 0 ? whole.duration_ns : 0;
	study->facts.was_interrupted = strcmp(whole.about.status, "interrupted") == 0;
	study->facts.signal = whole.about.exit_code - 128;
	stored_close(&whole);
	return true;
}

static bool
load_plan(struct restudied *r, const struct plan_tables *tables, struct error *err)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/profile.yaml", r->dir);
	r->plan = experiment_load_file(path, NULL, 0, tables, err);
	if (r->plan == NULL)
		return false;
	if (r->plan->canary != NULL)
		return error_set(err,
			"'%s' is of a canary, whose stages were judged as they came; it has the documents that it wrote "
			"then, and brunt report takes each run in '%s/runs'",
			r->dir, r->dir);
	return r->plan->kind != EXPERIMENT_ONE_RUN ||
	       error_set(err, "%s: it asks for one run, and '%s/runs' holds several", path, r->dir);
}

static bool
read_runs(struct restudied *r, struct error *err)
{
	struct study *study = &r->study;

	for (size_t i = 0; i < study->runs_n; i++) {
		struct run_record *record = &study->runs[i];
		char dir[PATH_MAX + 128];
		struct stored_run run;

		snprintf(dir, sizeof(dir), "%s/%s", r->dir, record->dir);
		if (!has_result(dir))
			continue;
		if (!stored_open(&run, dir, err))
			return false;
		record->was_run = true;
		record->started_wall_ns = wall_of_text(run.about.started_at);
		study_take_run(study, record, &run);
		stored_close(&run);
	}
	return true;
}

/* Of one that was killed its journal has the beginning, and its runs how long they took. */
static void
read_beginning(struct restudied *r)
{
	const struct rebuild_events nothing = {0};
	char path[PATH_MAX + 16];
	struct rebuilt journal;
	struct error ignored = {0};

	snprintf(path, sizeof(path), "%s/events.ndjson", r->dir);
	if (rebuild_read(path, &r->plan->whole, &nothing, &journal, &ignored)) {
		snprintf(r->about.id, sizeof(r->about.id), "%s", journal.id);
		snprintf(r->about.started_at, sizeof(r->about.started_at), "%s", journal.started_at);
		summary_free(journal.summary);
	}
	for (size_t i = 0; i < r->study.runs_n; i++)
		r->duration_ns += r->study.runs[i].duration_ns;
}

static void
identify(struct restudied *r)
{
	if (!r->has_ended)
		read_beginning(r);
	r->study.identity = (struct run_identity){
		.id = r->about.id, .started_wall_ns = wall_of_text(r->about.started_at), .shards = 1};
}

static bool
read_all(struct restudied *r, const struct plan_tables *tables, struct error *err)
{
	if (!load_plan(r, tables, err) || !read_whole(r, err))
		return false;
	r->study.plan = r->plan;
	study_init_runs(&r->study);
	return read_runs(r, err);
}

struct restudied *
restudy(const char *dir, const struct plan_tables *tables, struct error *err)
{
	struct restudied *r = must_alloc(sizeof(*r));

	snprintf(r->dir, sizeof(r->dir), "%s", dir);
	if (!read_all(r, tables, err)) {
		restudied_free(r);
		return NULL;
	}
	identify(r);
	study_end_init(&r->end, &r->study);
	r->is_judged = true;
	r->end.report.duration_ns = r->duration_ns;
	r->end.report.results_dir = r->dir;
	return r;
}

void
restudied_free(struct restudied *r)
{
	if (r == NULL)
		return;
	if (r->is_judged)
		study_end_fini(&r->end);
	study_fini_runs(&r->study);
	experiment_free(r->plan);
	free(r);
}

const struct report *
restudied_report(const struct restudied *r)
{
	return &r->end.report;
}

const struct against_run *
restudied_about(const struct restudied *r)
{
	return r->has_ended ? &r->about : NULL;
}
