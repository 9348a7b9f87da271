#include "campaign/experiment_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "campaign/canary.h"
#include "campaign/conclude.h"
#include "judge/compare.h"
#include "judge/records.h"

/* Each arm that was measured against the baseline, where that was too. */
static size_t
compare_all(const struct study *study, struct comparison **comparisons)
{
	size_t n = 0;

	if (study->plan->kind != EXPERIMENT_ARMS || study->arms[0]->runs_n == 0)
		return 0;
	for (size_t i = 1; i < study->plan->arms_n; i++)
		if (study->arms[i]->runs_n > 0)
			comparisons[n++] = compare_arms(study->arms[0], study->arms[i], &study->plan->whole);
	return n;
}

/* A split of which one side measured nothing compares nothing, which is no pass. */
void
study_judge(const struct study *study, const struct experiment *experiment, struct slo_verdict *slos,
	struct verdict *verdict)
{
	const struct plan *plan = &study->plan->whole;

	several_judge(verdict, experiment, plan, &study->facts, slos);
	if (study->plan->order != ORDER_TOGETHER || experiment->comparisons_n > 0 || verdict->status != VERDICT_PASS)
		return;
	verdict->status = VERDICT_INCONCLUSIVE;
	verdict->exit_code = EXIT_INCONCLUSIVE;
	verdict_add_reason(verdict, "nothing was compared: one side of the split had no requests");
}

static void
judge_whole(const struct study *study, const struct experiment *experiment, struct slo_verdict *slos,
	struct verdict *verdict)
{
	study_judge(study, experiment, slos, verdict);
	if (study->canary != NULL)
		canary_conclude(verdict, study->canary);
}

void
study_end_init(struct study_end *end, const struct study *study)
{
	const struct plan *plan = &study->plan->whole;
	size_t arms_n = study->plan->arms_n;

	*end = (struct study_end){.comparisons = must_calloc(arms_n, sizeof(struct comparison *)),
		.slos = must_calloc(plan->slos_n + 1, sizeof(*end->slos))};
	size_t comparisons_n = compare_all(study, end->comparisons);
	const struct comparison *const *comparisons = (const struct comparison *const *)end->comparisons;

	end->gates = compare_gates(plan, comparisons, comparisons_n);
	end->experiment = (struct experiment){.arms = (const struct arm *const *)study->arms,
		.arms_n = arms_n,
		.comparisons = comparisons,
		.comparisons_n = comparisons_n,
		.gates = end->gates,
		.gates_n = plan->gates_n,
		.plan = study->plan,
		.runs = study->runs,
		.runs_n = study->runs_n,
		.canary = study->canary};
	end->report = (struct report){.plan = plan,
		.summary = study->summary,
		.verdict = &end->verdict,
		.identity = study->identity,
		.pacing = study->pacing,
		.workers = study->workers,
		.target_address = study->target_address,
		.experiment = &end->experiment};
	judge_whole(study, &end->experiment, end->slos, &end->verdict);
}

void
study_end_fini(struct study_end *end)
{
	for (size_t i = 0; i < end->experiment.comparisons_n; i++)
		compare_free(end->comparisons[i]);
	free(end->comparisons);
	free(end->gates);
	free(end->slos);
}

static void
study_write(struct study *study, struct study_end *end)
{
	struct error err = {0};
	char text[1400];

	event_encode_end(&study->events, &end->verdict, end->report.duration_ns);
	study_write_events(study);
	if (result_dir_finish(study->dir, &end->report, &err))
		return;
	log_error("%s", error_text(&err, text, sizeof(text)));
	study->facts.result_lost = true;
	snprintf(study->facts.error_text, sizeof(study->facts.error_text), "%.150s", err.message);
	judge_whole(study, &end->experiment, end->slos, &end->verdict);
	end->report.results_dir = NULL;
}

int
study_conclude(struct study *study)
{
	const struct printing printing = {.is_json = study->options->is_json,
		.is_quiet = study->options->is_quiet,
		.events_path = study->options->events_path};
	struct study_end end;

	study_end_init(&end, study);
	end.report.duration_ns = clock_now_ns(&monotonic_clock) - study->began_ns;
	end.report.results_dir = result_dir_path(study->dir);
	end.report.documents = study->options->documents;
	study_write(study, &end);
	if (!conclude_print(&end.report, &printing))
		log_warn("the report could not be printed: %s", strerror(errno));
	study_end_fini(&end);
	return end.verdict.exit_code;
}
