#include "campaign/experiment_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/campaign.h"
#include "campaign/rejudge.h"
#include "campaign/stored.h"

/* An experiment whose two arms run at once: rounds of two processes, each of which leaves a run like any other; what
 * they left is read back, as a comparison of earlier runs reads it. */

#define PARTIAL ".partial"

static enum verdict_status
status_by_name(const char *name)
{
	for (int i = VERDICT_PASS; i <= VERDICT_INTERRUPTED; i++)
		if (strcmp(name, verdict_status_names[i]) == 0)
			return (enum verdict_status)i;
	return VERDICT_INCONCLUSIVE;
}

static void
say_reason(struct run_record *record, const char *text)
{
	record->status = VERDICT_INCONCLUSIVE;
	record->exit_code = EXIT_INCONCLUSIVE;
	snprintf(record->reason, sizeof(record->reason), "%.*s", (int)sizeof(record->reason) - 1, text);
}

/* What it measured goes into its arm. */
static void
take_measured(struct study *study, struct run_record *record, const struct stored_run *run)
{
	struct arm *arm = study->arms[record->arm];
	struct rejudged rejudged;
	struct error err = {0};

	if (!rejudge(&rejudged, run->events, arm->plan, &err)) {
		say_reason(record, err.message);
		return;
	}
	struct summary *summary = rejudged.rebuilt.summary;

	record->scheduled = summary->everything.counts.scheduled;
	record->ok = summary->everything.counts.ok;
	study_add_counts(study, summary);
	record->is_counted = record->status != VERDICT_UNREACHABLE && summary->measured.counts.scheduled > 0;
	if (record->is_counted)
		arm_add_run(arm, summary, summary_take_blocks(summary), rejudged.verdict, run->ready_ns);
	rejudged_fini(&rejudged);
}

static void
take_facts(struct study *study, const struct run_record *record)
{
	struct run_facts *facts = &study->facts;

	if (record->status == VERDICT_UNREACHABLE) {
		facts->was_unreachable = true;
		snprintf(facts->unreachable_text, sizeof(facts->unreachable_text), "%s", record->reason);
	}
	if (record->exit_code == EXIT_INTERNAL) {
		facts->internal_error = true;
		snprintf(facts->error_text, sizeof(facts->error_text), "%.150s", record->reason);
	}
}

void
study_take_run(struct study *study, struct run_record *record, const struct stored_run *run)
{
	record->status = status_by_name(run->about.status);
	record->exit_code = run->about.exit_code;
	snprintf(record->reason, sizeof(record->reason), "%s", run->reason);
	record->duration_ns = run->duration_ns;
	record->before_ns = run->before_ns;
	record->ready_ns = run->ready_ns;
	record->has_hook_failed = run->has_hook_failed;
	snprintf(study->target_address, sizeof(study->target_address), "%s", run->address);
	snprintf(study->pacing_of_sides, sizeof(study->pacing_of_sides), "%s", run->pacing);
	study->pacing = study->pacing_of_sides;
	take_measured(study, record, run);
	take_facts(study, record);
}

/* A side that has no result is told by how its process ended, and by what lies there. */
static void
take_no_result(const struct study *study, struct run_record *record, const struct child *child)
{
	char text[80], partial[PATH_MAX + 128], reason[160];

	snprintf(partial, sizeof(partial), "%s/%s" PARTIAL, result_dir_working(study->dir), record->dir);
	if (access(partial, F_OK) == 0)
		snprintf(record->dir + strlen(record->dir), sizeof(record->dir) - strlen(record->dir), PARTIAL);
	snprintf(reason, sizeof(reason), "its process %s, and left no result",
		child_fate_text(child, text, sizeof(text)));
	say_reason(record, child->exit_status == EXIT_USAGE ? "it was refused, as was said above" : reason);
}

static void
take_side(struct study *study, size_t i, const struct child *child)
{
	struct run_record *record = &study->runs[i];
	char dir[PATH_MAX + 128];
	struct stored_run run;
	struct error err = {0};

	record->was_run = true;
	snprintf(dir, sizeof(dir), "%s/%s", result_dir_working(study->dir), record->dir);
	if (!stored_open(&run, dir, &err)) {
		take_no_result(study, record, child);
		return;
	}
	study_take_run(study, record, &run);
	stored_close(&run);
}

static void
say_round(const struct study *study, const struct study_round *round)
{
	const char *names[] = {study->arms[0]->name, study->arms[1]->name};
	char load[32];

	if (study->options->is_quiet)
		return;
	log_info("%s: %.4g%% of the keys to %s, %.4g%% to %s%s%s", round->title, (1 - round->share) * 100, names[0],
		round->share * 100, names[1], round->load_ns > 0 ? ", for " : "",
		round->load_ns > 0 ? units_time_text(round->load_ns, load, sizeof(load)) : "");
}

static void
tell_round(struct study *study, size_t first, bool is_over)
{
	for (size_t i = first; i < first + 2; i++) {
		const struct run_record *record = &study->runs[i];

		if (!is_over || record->was_run)
			event_encode_part(&study->events, i + 1, study->runs_n, study->arms[record->arm]->name,
				record->dir, is_over ? record : NULL);
	}
	study_write_events(study);
}

bool
study_run_round(struct study *study, const struct study_round *round)
{
	char dirs[2][PATH_MAX + 128];
	struct side_order orders[2];
	struct sides sides;
	struct error err = {0};
	int64_t started_wall_ns = wall_now_ns();
	size_t first = 2 * round->n;

	for (size_t i = 0; i < 2; i++) {
		bool is_candidate = study->runs[first + i].arm != 0;

		snprintf(dirs[i], sizeof(dirs[i]), "%s/%s", result_dir_working(study->dir), study->runs[first + i].dir);
		orders[i] = (struct side_order){.arm = experiment_arm_of(study->plan, first + i),
			.repeat = round->n,
			.dir = dirs[i],
			.is_wanted = is_candidate ? round->share > 0 : round->share < 1};
	}
	say_round(study, round);
	tell_round(study, first, false);
	study->sides = &sides;
	bool is_started = sides_run(&sides, &study->loop, round->source, orders, &err);

	study->sides = NULL;
	for (size_t i = 0; i < 2; i++) {
		study->runs[first + i].started_wall_ns = sides.children[i].is_started ? started_wall_ns : 0;
		if (sides.children[i].is_started)
			take_side(study, first + i, &sides.children[i]);
	}
	if (!is_started) {
		study->facts.internal_error = true;
		snprintf(study->facts.error_text, sizeof(study->facts.error_text), "%.150s", err.message);
	}
	tell_round(study, first, true);
	return is_started && !study->facts.was_unreachable && !study->facts.internal_error;
}

int
study_go_together(struct study *study)
{
	const struct plan *whole = &study->plan->whole;
	size_t rounds_n = (size_t)study->plan->repeats;
	char title[64];

	for (size_t n = 0; n < rounds_n && !study_is_interrupted(study); n++) {
		const struct study_round round = {.n = n,
			.share = whole->split.share,
			.load_ns = campaign_planned_ns(whole),
			.title = title,
			.source = study->options->source};

		snprintf(title, sizeof(title), "round %zu of %zu", n + 1, rounds_n);
		if (!study_run_round(study, &round))
			break;
	}
	study_is_interrupted(study);
	return study_conclude(study);
}
