#include "judge/grade.h"
#include "judge/several.h"

#include <math.h>
#include <string.h>

#include "judge/compare.h"
#include "judge/metrics.h"
#include "judge/records.h"

/* Whether what this arm does decides anything. */
static bool
arm_gates(const struct experiment *experiment, size_t arm)
{
	bool has_baseline = experiment->plan == NULL || experiment->plan->kind == EXPERIMENT_ARMS;

	return arm > 0 || !has_baseline;
}

static const char *
arm_name(const struct experiment *experiment, size_t arm)
{
	return experiment->arms[arm]->name;
}

/* The first run of that status, and how many more there are. */
static bool
say_runs(struct verdict *verdict, const struct experiment *experiment, enum verdict_status status, const char *what)
{
	const struct run_record *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < experiment->runs_n; i++) {
		const struct run_record *run = &experiment->runs[i];

		if (!run->was_run || run->status != status ||
			(status == VERDICT_FAIL && !arm_gates(experiment, run->arm) && !run->has_hook_failed))
			continue;
		first = first == NULL ? run : first;
		n++;
	}
	if (n == 1)
		verdict_add_reason(verdict, "run %zu (%.40s) %s: %.160s", (size_t)(first - experiment->runs) + 1,
			arm_name(experiment, first->arm), what, first->reason);
	else if (n > 1)
		verdict_add_reason(verdict, "run %zu (%.40s), and %zu more, %s: %.150s",
			(size_t)(first - experiment->runs) + 1, arm_name(experiment, first->arm), n - 1, what,
			first->reason);
	return n > 0;
}

static void
say_not_run(struct verdict *verdict, const struct experiment *experiment)
{
	size_t done = 0;

	for (size_t i = 0; i < experiment->runs_n; i++)
		done += experiment->runs[i].was_run;
	if (done < experiment->runs_n)
		verdict_add_reason(verdict, "%zu of %zu runs took place", done, experiment->runs_n);
}

static void
set_status(struct slo_verdict *slo)
{
	slo->status = isnan(slo->value)                                                      ? SLO_NA
		      : !expr_holds(slo->expr, slo->value)                                   ? SLO_FAIL
		      : slo->expr->has_stretch && !expr_stretch_holds(slo->expr, slo->value) ? SLO_STRETCH_MISSED
											     : SLO_PASS;
}

/* Of two verdicts on one SLO, the one that weighs more. */
static bool
is_worse(const struct slo_verdict *a, const struct slo_verdict *b)
{
	static const int weights[] = {[SLO_PASS] = 0, [SLO_STRETCH_MISSED] = 1, [SLO_NA] = 2, [SLO_FAIL] = 3};

	return weights[a->status] > weights[b->status];
}

static void
say_slo(struct verdict *verdict, const struct experiment *experiment, const struct slo_verdict *slo, size_t arm)
{
	char value[64];
	int64_t timeout_ns = experiment->arms[arm]->plan->target.timeout_ns;

	if (slo->status == SLO_FAIL)
		verdict_add_reason(verdict, "missed '%s' in %.40s: it was %s", slo->expr->text,
			arm_name(experiment, arm),
			metric_value_text(slo->expr, slo->value, timeout_ns, value, sizeof(value)));
	else if (slo->status == SLO_NA)
		verdict_add_reason(verdict, "'%s' could not be judged in %.40s: too few samples", slo->expr->text,
			arm_name(experiment, arm));
}

/* What the SLOs came to: how many were to be judged, could be, and failed. */
struct slo_tally {
	size_t wanted, judged, failed;
};

/* In a stepped load, SLOs of levels are criteria within a run. */
static void
judge_slo(struct verdict *verdict, const struct experiment *experiment, const struct expr *expr,
	struct slo_verdict *worst, struct slo_tally *tally)
{
	*worst = (struct slo_verdict){.expr = expr, .value = NAN, .status = SLO_PASS};
	for (size_t i = 0, n = 0; i < experiment->arms_n; i++) {
		struct slo_verdict slo = {.expr = expr};

		if (!arm_gates(experiment, i) || experiment->arms[i]->runs_n == 0)
			continue;
		slo.value = compare_value(expr, experiment->arms[i]);
		set_status(&slo);
		say_slo(verdict, experiment, &slo, i);
		if (n++ == 0 || is_worse(&slo, worst))
			*worst = slo;
		tally->wanted++;
		tally->judged += slo.status != SLO_NA;
		tally->failed += slo.status == SLO_FAIL;
	}
	if (isnan(worst->value))
		worst->status = SLO_NA;
}

static struct slo_tally
judge_slos(struct verdict *verdict, const struct experiment *experiment, const struct plan *plan)
{
	struct slo_tally tally = {0};
	bool is_stepped = plan_is_stepped(plan);

	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;

		if (!is_stepped || expr->metric->is_of_the_run)
			judge_slo(verdict, experiment, expr, &verdict->slos[i], &tally);
		else
			verdict->slos[i] = (struct slo_verdict){.expr = expr, .value = NAN, .status = SLO_NA};
	}
	return tally;
}

/* How it ended is said before what came of it, in whose light it is read. */
static void
say_ending_first(struct verdict *verdict, const struct experiment *experiment, const struct run_facts *facts)
{
	struct verdict ending = {0};

	verdict_say_ending(&ending, facts);
	say_not_run(&ending, experiment);
	for (size_t i = 0; i < verdict->reasons_n; i++)
		verdict_add_reason(&ending, "%s", verdict->reasons[i]);
	memcpy(verdict->reasons, ending.reasons, sizeof(verdict->reasons));
	verdict->reasons_n = ending.reasons_n;
}

void
several_judge(struct verdict *verdict, const struct experiment *experiment, const struct plan *plan,
	const struct run_facts *facts, struct slo_verdict *slos)
{
	*verdict = (struct verdict){.slos = slos, .onset_ns = -1};
	bool is_inconclusive = say_runs(verdict, experiment, VERDICT_INCONCLUSIVE, "tells nothing");
	bool has_failed = say_runs(verdict, experiment, VERDICT_FAIL, "failed");
	struct slo_tally slo_tally = judge_slos(verdict, experiment, plan);

	has_failed = has_failed || slo_tally.failed > 0;
	is_inconclusive = is_inconclusive || (experiment->comparisons_n == 0 && plan->gates_n == 0 &&
						     slo_tally.wanted > 0 && slo_tally.judged == 0);
	verdict->exit_code = is_inconclusive ? EXIT_INCONCLUSIVE : has_failed ? EXIT_FAILED_GATE : EXIT_PASSED;
	verdict->status = is_inconclusive ? VERDICT_INCONCLUSIVE : has_failed ? VERDICT_FAIL : VERDICT_PASS;
	compare_conclude(verdict, experiment);
	say_ending_first(verdict, experiment, facts);
	verdict_set_ending(verdict, facts);
	grade_find(verdict, plan, plan_is_stepped(plan), experiment->gates);
	if (verdict->reasons_n == 0)
		verdict_add_reason(verdict, "%s", plan->slos_n > 0 ? "every SLO held" : "nothing broke");
}
