#include "campaign/canary.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/announce.h"
#include "campaign/experiment_parts.h"
#include "judge/compare.h"
#include "judge/records.h"
#include "judge/rollback.h"
#include "measure/events.h"
#include "report/escape.h"
#include "report/rebuild.h"

#define SETTING_MAX 64
#define SETTINGS_OF_STAGE 3

/* A stage under way. */
struct watch {
	struct study *study;
	const struct plan_canary *plan;
	struct canary_stage_record *record;
	struct rebuild_follow *follows[2]; /* of the baseline and the candidate */
	uv_timer_t timer;
	const char *title;
	int64_t said_ns; /* of the stage: when it was last told how it goes */
	bool is_closed, has_held;
};

/* A stage may take a day: whoever waits for it hears of it this often. */
#define WATCH_SAID_EVERY_NS (60 * NS_PER_S)

/* By what both have written so far. A journal that cannot be read is found so when the stage is over. */
static void
look(struct watch *watch)
{
	struct rollback_sides sides = {.baseline_name = watch->study->arms[0]->name,
		.candidate_name = watch->study->arms[1]->name,
		.plan = &watch->study->plan->whole,
		.hold_ns = watch->record->hold_ns};
	struct error err = {0};

	for (int i = 0; i < 2; i++)
		if (!rebuild_follow_look(watch->follows[i], &err))
			return;
	sides.baseline = rebuild_follow_summary(watch->follows[0]);
	sides.candidate = rebuild_follow_summary(watch->follows[1]);
	watch->record->checks++;
	watch->has_held = rollback_judge(&watch->plan->rollback_when, &sides, watch->record->rules);
}

static const char *
p95_text(const struct summary *summary, char *into, size_t size)
{
	const struct cell *cell = &summary->measured;

	if (!histogram_is_ready(&cell->histograms[METRIC_RESPONSE]) || cell->counts.ok == 0)
		return "n/a";
	return units_time_text(histogram_quantile_ns(&cell->histograms[METRIC_RESPONSE], 0.95), into, size);
}

/* Of both sides, as it came to so far. */
static void
say(struct watch *watch)
{
	const struct summary *sides[2];
	char took[32], hold[32], p95[2][32];

	for (int i = 0; i < 2; i++)
		sides[i] = rebuild_follow_summary(watch->follows[i]);
	if (watch->study->options->is_quiet || sides[0] == NULL || sides[1] == NULL ||
		sides[1]->last_ns < watch->said_ns + WATCH_SAID_EVERY_NS)
		return;
	watch->said_ns = sides[1]->last_ns;
	log_info("%s: %s of %s · P95 %s, %s %s · errors %.3g%%, %s %.3g%%", watch->title,
		units_time_text(watch->said_ns, took, sizeof(took)),
		units_time_text(watch->record->hold_ns, hold, sizeof(hold)), p95_text(sides[1], p95[1], sizeof(p95[1])),
		watch->study->arms[0]->name, p95_text(sides[0], p95[0], sizeof(p95[0])),
		counts_error_rate(&sides[1]->measured.counts) * 100, watch->study->arms[0]->name,
		counts_error_rate(&sides[0]->measured.counts) * 100);
}

static void
on_check(uv_timer_t *timer)
{
	struct watch *watch = timer->data;

	if (watch->has_held)
		return;
	look(watch);
	say(watch);
	if (watch->has_held && watch->study->sides != NULL)
		sides_signal(watch->study->sides, SIGINT);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	*(bool *)handle->data = true;
}

static void
watch_start(
	struct watch *watch, struct study *study, size_t stage, const char *title, struct canary_stage_record *record)
{
	const struct plan_canary *plan = study->plan->canary;
	uint64_t every_ms = (uint64_t)(plan->check_ns / NS_PER_MS);

	*watch = (struct watch){.study = study, .plan = plan, .record = record, .title = title};
	for (size_t i = 0; i < 2; i++) {
		const struct run_record *run = &study->runs[2 * stage + i];
		char path[PATH_MAX + 160];

		snprintf(path, sizeof(path), "%s/%s.partial/events.ndjson", result_dir_working(study->dir), run->dir);
		watch->follows[run->arm] = rebuild_follow_new(path, study->arms[run->arm]->plan);
	}
	CHECK_OP(uv_timer_init(&study->loop, &watch->timer), ==, 0);
	watch->timer.data = watch;
	CHECK_OP(uv_timer_start(&watch->timer, on_check, every_ms, every_ms), ==, 0);
}

/* The last look, at all that there is. */
static void
watch_stop(struct watch *watch)
{
	if (!watch->has_held)
		look(watch);
	watch->timer.data = &watch->is_closed;
	uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
	while (!watch->is_closed)
		uv_run(&watch->study->loop, UV_RUN_ONCE);
	for (int i = 0; i < 2; i++)
		rebuild_follow_free(watch->follows[i]);
}

/* What the sides are told beside what the profile says: this stage, and that they are of no canary themselves. */
struct stage_source {
	struct sides_source source;
	char texts[SETTINGS_OF_STAGE][SETTING_MAX];
	const char **settings;
};

static void
stage_source_init(struct stage_source *own, const struct sides_source *source, const struct plan_canary_stage *stage)
{
	size_t n = source->settings_n;

	own->source = *source;
	own->settings = must_calloc(n + SETTINGS_OF_STAGE, sizeof(*own->settings));
	if (n > 0)
		memcpy(own->settings, source->settings, n * sizeof(*own->settings));
	snprintf(own->texts[0], SETTING_MAX, "canary=null");
	snprintf(own->texts[1], SETTING_MAX, "split.percent=%.10g%%", stage->share * 100);
	snprintf(own->texts[2], SETTING_MAX, "load.steady.for=%lldns", (long long)stage->hold_ns);
	for (size_t i = 0; i < SETTINGS_OF_STAGE; i++)
		own->settings[n + i] = own->texts[i];
	own->source.settings = own->settings;
	own->source.settings_n = n + SETTINGS_OF_STAGE;
}

static void
run_stage(struct study *study, size_t n, struct canary_stage_record *record, bool *has_held)
{
	const struct plan_canary *plan = study->plan->canary;
	struct stage_source source;
	struct watch watch;
	char title[64];
	const struct study_round round = {
		.n = n, .share = record->share, .load_ns = record->hold_ns, .title = title, .source = &source.source};
	int64_t began_ns = clock_now_ns(&monotonic_clock);

	snprintf(title, sizeof(title), "stage %zu of %zu", n + 1, plan->stages_n);
	stage_source_init(&source, study->options->source, &plan->stages[n]);
	watch_start(&watch, study, n, title, record);
	study_run_round(study, &round);
	watch_stop(&watch);
	free(source.settings);
	record->took_ns = clock_now_ns(&monotonic_clock) - began_ns;
	*has_held = watch.has_held;
}

/* What the sides came to, compared as any two arms are. */
static struct verdict
judge_stage(struct study *study, size_t n)
{
	const struct plan *plan = &study->plan->whole;
	bool is_whole = study->arms[0]->runs_n > 0 && study->arms[1]->runs_n > 0;
	struct comparison *comparison = is_whole ? compare_arms(study->arms[0], study->arms[1], plan) : NULL;
	const struct comparison *comparisons[] = {comparison};
	struct gate_verdict *gates = compare_gates(plan, comparisons, is_whole);
	struct slo_verdict *slos = must_calloc(plan->slos_n + 1, sizeof(*slos));
	const struct experiment experiment = {.arms = (const struct arm *const *)study->arms,
		.arms_n = 2,
		.comparisons = comparisons,
		.comparisons_n = is_whole,
		.gates = gates,
		.gates_n = plan->gates_n,
		.plan = study->plan,
		.runs = &study->runs[2 * n],
		.runs_n = 2};
	struct verdict verdict;

	study_judge(study, &experiment, slos, &verdict);
	verdict.slos = NULL; /* only what it came to is wanted */
	compare_free(comparison);
	free(gates);
	free(slos);
	return verdict;
}

static void
note_figures(const struct study *study, struct canary_stage_record *record)
{
	for (int i = 0; i < 2; i++) {
		const struct cell *cell = &study->arms[i]->measured;
		uint64_t above = cell->counts.scheduled - cell->counts.ok;
		int64_t p95_ns =
			histogram_is_ready(&cell->histograms[METRIC_RESPONSE]) && cell->counts.ok > 0
				? histogram_quantile_with_above_ns(&cell->histograms[METRIC_RESPONSE], 0.95, above)
				: -1;

		record->errors[i] = counts_error_rate(&cell->counts);
		record->p95[i] = p95_ns < 0 ? NAN : p95_ns == INT64_MAX ? INFINITY : (double)p95_ns;
	}
}

static const char *
rule_that_holds(const struct canary_stage_record *record)
{
	for (size_t i = 0; i < ROLLBACK_RULES_N; i++)
		if (record->rules[i].status == ROLLBACK_HOLDS)
			return record->rules[i].text;
	return "";
}

static enum canary_state
decide(struct study *study, struct canary_stage_record *record, bool has_held, const struct verdict *verdict)
{
	const char *why = verdict->reasons_n > 0 ? verdict->reasons[0] : "";

	if (has_held) {
		snprintf(record->reason, sizeof(record->reason), "%s", rule_that_holds(record));
		return CANARY_ROLLED_BACK;
	}
	if (study->facts.was_interrupted)
		return CANARY_INTERRUPTED;
	if (verdict->status == VERDICT_PASS)
		return CANARY_PROMOTED;
	snprintf(record->reason, sizeof(record->reason), "%s", why);
	return verdict->status == VERDICT_FAIL && study->plan->canary->rolls_back_regressions ? CANARY_ROLLED_BACK
											      : CANARY_HELD;
}

/* Done after what was decided; a promotion that fails is none. */
static void
tell(struct study *study, struct canary_stage_record *record)
{
	const struct plan_canary *plan = study->plan->canary;
	bool is_promotion = record->state == CANARY_PROMOTED;
	const struct announcement what = {.event = is_promotion ? "promote" : "rollback",
		.name = study->plan->whole.name,
		.from = record->share,
		.to = is_promotion ? record->next_share : 0,
		.reason = record->reason};

	if (!is_promotion && record->state != CANARY_ROLLED_BACK)
		return;
	announce(&study->loop, is_promotion ? &plan->promote : &plan->rollback, &what, &record->told);
	if (!record->told.has_failed || !is_promotion)
		return;
	record->state = CANARY_HELD;
	snprintf(record->reason, sizeof(record->reason), "promote: %.224s", record->told.text);
}

static void
say_stage(const struct study *study, const struct canary_stage_record *record)
{
	char next[32] = "", clean[2 * FINDING_TEXT_MAX];

	if (study->options->is_quiet)
		return;
	if (record->state == CANARY_PROMOTED)
		snprintf(next, sizeof(next), " to %.4g%%", record->next_share * 100);
	log_info("%.4g%% is %s%s%s%s", record->share * 100, canary_state_words[record->state], next,
		record->reason[0] != '\0' ? ": " : "", escape_text(record->reason, clean, sizeof(clean)));
}

/* The profile, as the sides will read it, is the one that was checked: a canary may take days. */
static bool
is_unchanged(const struct sides_source *source, struct canary_stage_record *record)
{
	struct error err = {0};

	if (source->is_unchanged(source->context, &err))
		return true;
	record->state = CANARY_HELD;
	snprintf(record->reason, sizeof(record->reason), "the profile is not what it was: %.180s", err.message);
	return false;
}

static void
note_moment(struct study *study, size_t n, enum canary_moment moment)
{
	event_encode_stage(&study->events, n + 1, study->canary->stages_n, moment, &study->canary->stages[n]);
	study_write_events(study);
}

static void
take_stage(struct study *study, size_t n)
{
	struct canary_stage_record *record = &study->canary->stages[n];
	bool has_held;

	if (n > 0 && !is_unchanged(study->options->source, record))
		return;
	study_renew_arms(study);
	note_moment(study, n, CANARY_BEGINS);
	run_stage(study, n, record, &has_held);
	note_figures(study, record);
	if (has_held) /* that it went away is why: its part in the verdict is the rollback */
		study->facts.was_unreachable = false;
	const struct verdict verdict = judge_stage(study, n);

	record->state = decide(study, record, has_held, &verdict);
	note_moment(study, n, CANARY_DECIDED);
	tell(study, record);
	note_moment(study, n, CANARY_TOLD);
	say_stage(study, record);
}

static bool
says_its_reason(const struct canary_stage_record *stage)
{
	return stage->state == CANARY_ROLLED_BACK || (stage->state == CANARY_HELD && stage->took_ns < 0) ||
	       stage->told.has_failed;
}

static void
say_course(struct verdict *verdict, const struct canary_record *canary)
{
	size_t at = 0;

	while (at + 1 < canary->stages_n && canary->stages[at].state == CANARY_PROMOTED)
		at++;
	const struct canary_stage_record *stage = &canary->stages[at];

	if (canary->state == CANARY_PROMOTED)
		verdict_add_reason(verdict, "promoted to 100%% after %zu stages", canary->stages_n);
	else
		verdict_add_reason(verdict, "%s at %.4g%%, stage %zu of %zu%s%.180s", canary_state_words[canary->state],
			stage->share * 100, at + 1, canary->stages_n, says_its_reason(stage) ? ": " : "",
			says_its_reason(stage) ? stage->reason : "");
	if (stage->state == CANARY_ROLLED_BACK && stage->told.has_failed)
		verdict_add_reason(verdict, "the rollback itself failed: %.180s", stage->told.text);
}

/* How it ended outweighs what the rules say: a result that is lost, a signal, a target that is not there. */
static bool
is_of_figures(const struct verdict *verdict)
{
	return verdict->exit_code == EXIT_PASSED || verdict->exit_code == EXIT_FAILED_GATE ||
	       verdict->exit_code == EXIT_INCONCLUSIVE;
}

static void
set_status(struct verdict *verdict, enum verdict_status status, int exit_code)
{
	verdict->status = status;
	verdict->exit_code = exit_code;
}

void
canary_conclude(struct verdict *verdict, const struct canary_record *canary)
{
	struct verdict said = {.reasons_n = 0};
	bool has_failed = canary->state == CANARY_ROLLED_BACK;

	for (size_t i = 0; i < canary->stages_n; i++)
		has_failed = has_failed || canary->stages[i].told.has_failed;
	say_course(&said, canary);
	for (size_t i = 0; i < verdict->reasons_n; i++)
		verdict_add_reason(&said, "%s", verdict->reasons[i]);
	memcpy(verdict->reasons, said.reasons, sizeof(verdict->reasons));
	verdict->reasons_n = said.reasons_n;
	if (has_failed && is_of_figures(verdict))
		set_status(verdict, VERDICT_FAIL, EXIT_FAILED_GATE);
	else if (canary->state != CANARY_PROMOTED && verdict->status == VERDICT_PASS)
		set_status(verdict, VERDICT_INCONCLUSIVE, EXIT_INCONCLUSIVE);
}

static void
canary_init(struct canary_record *canary, const struct plan_canary *plan)
{
	*canary = (struct canary_record){
		.stages = must_calloc(plan->stages_n, sizeof(*canary->stages)), .stages_n = plan->stages_n};
	for (size_t i = 0; i < plan->stages_n; i++) {
		canary->stages[i] = (struct canary_stage_record){.share = plan->stages[i].share,
			.next_share = canary_next_share(plan, i),
			.hold_ns = plan->stages[i].hold_ns,
			.took_ns = -1,
			.p95 = {NAN, NAN},
			.errors = {NAN, NAN}};
		for (size_t r = 0; r < ROLLBACK_RULES_N; r++)
			canary->stages[i].rules[r] = (struct rollback_finding){
				.status = ROLLBACK_UNKNOWN, .baseline = NAN, .candidate = NAN, .limit = NAN, .p = NAN};
	}
}

int
study_go_canary(struct study *study)
{
	struct canary_record canary;
	size_t n = 0;

	canary_init(&canary, study->plan->canary);
	study->canary = &canary;
	do {
		take_stage(study, n);
		canary.state = canary.stages[n].state;
		canary.share = canary.state == CANARY_PROMOTED      ? canary.stages[n].next_share
			       : canary.state == CANARY_ROLLED_BACK ? 0
								    : canary.stages[n].share;
	} while (canary.state == CANARY_PROMOTED && ++n < canary.stages_n && !study_is_interrupted(study));
	if (canary.state == CANARY_PROMOTED && n < canary.stages_n)
		canary.state = CANARY_INTERRUPTED;
	study_is_interrupted(study);
	int exit_code = study_conclude(study);

	free(canary.stages);
	return exit_code;
}
