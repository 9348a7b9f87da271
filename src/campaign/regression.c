#include "campaign/regression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "brunt_version.h"
#include "campaign/against.h"
#include "judge/compare.h"
#include "judge/records.h"
#include "measure/events.h"

struct regression {
	struct side baseline;
	struct plan compared; /* the run's own plan, with what can be compared; shares its memory */
	cJSON *profile;
	struct against_run about; /* the run */
	struct arm *current;
	struct comparison *comparison; /* NULL: as yet, or for good, there is none */
	const struct comparison *comparisons[1];
	const struct arm *arms[2];
	struct experiment experiment;
	struct against against;
	struct verdict verdict;
};

static bool
check(struct regression *r, struct error *err)
{
	const struct against_subject now = {&r->about, r->profile};
	int exit_code;

	if (!against_check_side(&r->against, &r->baseline, &exit_code, err))
		return false;
	if (r->baseline.n == 0)
		return true;
	const struct against_subject before = {&r->baseline.about[0], r->baseline.runs[0].profile};

	if (!against_check_alike(&r->against, &before, &now, err))
		return false;
	if (!side_has_same_names(r->baseline.plan, &r->compared)) {
		side_leave_names_out(&r->compared);
		against_note(&r->against, "requests, or what is scraped, differ: single ones are left out");
	}
	return true;
}

static void
tell_about(struct regression *r, const struct plan *plan)
{
	snprintf(r->about.dir, sizeof(r->about.dir), "%s", plan->path);
	snprintf(r->about.brunt, sizeof(r->about.brunt), "%s", BRUNT_VERSION);
	snprintf(r->about.version, sizeof(r->about.version), "%s",
		plan->target.version != NULL ? plan->target.version : "");
	snprintf(r->about.hash, sizeof(r->about.hash), "%s", plan->hash);
}

struct regression *
regression_new(const struct plan *plan, const char *baseline, const char *store_dir, const struct plan_tables *tables,
	struct error *err)
{
	struct regression *r = must_alloc(sizeof(*r));
	const char *what = baseline != NULL ? baseline : plan->regression.baseline;

	CHECK(what != NULL);
	r->compared = *plan;
	r->against.is_forced = plan->regression.is_forced;
	r->against.how_to_force = "--set regression.force=true";
	r->profile = cJSON_Parse(plan->effective_json);
	CHECK(r->profile != NULL);
	tell_about(r, plan);
	if (side_open(&r->baseline, "baseline", &what, 1, store_dir, tables, err) && check(r, err) &&
		side_read(&r->baseline, &r->compared, err))
		return r;
	error_place(err, baseline != NULL ? "--baseline" : "regression.baseline", 0, 0);
	regression_free(r);
	return NULL;
}

void
regression_free(struct regression *r)
{
	if (r == NULL)
		return;
	compare_free(r->comparison);
	arm_free(r->current);
	side_close(&r->baseline);
	cJSON_Delete(r->profile);
	free(r);
}

static void
compare(struct regression *r, struct summary *summary, const struct verdict *verdict)
{
	const struct side *baseline = &r->baseline;

	r->current = arm_new("current", &r->compared);
	arm_add_run(r->current, summary, summary_take_blocks(summary), verdict, -1);
	r->comparison = baseline->by_hand != NULL
				? compare_by_hand(baseline->arm, r->current, baseline->by_hand, &r->compared)
				: compare_arms(baseline->arm, r->current, &r->compared);
	r->comparisons[0] = r->comparison;
	r->arms[0] = baseline->arm;
	r->arms[1] = r->current;
	r->experiment =
		(struct experiment){.arms = r->arms, .arms_n = 2, .comparisons = r->comparisons, .comparisons_n = 1};
	r->against.baseline = side_about(baseline);
	r->against.current = (struct against_side){.name = "current", .runs = &r->about, .runs_n = 1};
	r->against.experiment = &r->experiment;
}

const struct verdict *
regression_judge(struct regression *r, struct summary *summary, const struct run_identity *identity,
	const char *results_dir, const struct verdict *verdict)
{
	bool is_whole = verdict->status != VERDICT_UNREACHABLE && verdict->status != VERDICT_INTERRUPTED &&
			summary->measured.counts.scheduled > 0;

	r->verdict = *verdict;
	snprintf(r->about.dir, sizeof(r->about.dir), "%s", results_dir != NULL ? results_dir : "");
	snprintf(r->about.id, sizeof(r->about.id), "%s", identity->id);
	wall_text(identity->started_wall_ns, r->about.started_at, sizeof(r->about.started_at));
	if (r->comparison == NULL && is_whole)
		compare(r, summary, verdict);
	if (r->comparison == NULL) {
		verdict_add_reason(&r->verdict, "it was not compared with its baseline: it is no whole run");
		return &r->verdict;
	}
	compare_conclude(&r->verdict, &r->experiment);
	against_say_unsure(&r->verdict, r->comparison);
	snprintf(r->about.status, sizeof(r->about.status), "%s", verdict_status_names[r->verdict.status]);
	r->about.exit_code = r->verdict.exit_code;
	return &r->verdict;
}

const struct against *
regression_against(const struct regression *r)
{
	return r != NULL && r->comparison != NULL ? &r->against : NULL;
}
