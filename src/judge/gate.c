#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "judge/compare.h"
#include "judge/metrics.h"
#include "judge/records.h"

/* The comparison that a gate is about: of the arm that it names, or of the only one. */
static const struct comparison *
comparison_of(const struct expr *expr, const struct comparison *const *comparisons, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (expr->arm == NULL ? n == 1 : strcmp(comparisons[i]->current->name, expr->arm) == 0)
			return comparisons[i];
	return NULL;
}

static const struct comparison_row *
row_of(const struct comparison *comparison, const struct expr *expr)
{
	for (size_t i = 0; comparison != NULL && i < comparison->rows_n; i++)
		if (expr_is_same_measure(&comparison->rows[i].measure, expr))
			return &comparison->rows[i];
	return NULL;
}

/* From the relative change, current / baseline − 1. */
static double
value_of(const struct expr *expr, double delta_rel)
{
	bool is_higher_better = expr->metric->is_higher_better;

	if (expr->of == EXPR_IMPROVEMENT)
		return is_higher_better ? delta_rel : -delta_rel;
	return is_higher_better ? 1 + delta_rel : delta_rel > -1 ? 1 / (1 + delta_rel) : INFINITY;
}

static bool
is_inside(const struct expr *expr, const double ci[2])
{
	return expr_holds(expr, ci[0]) && expr_holds(expr, ci[1]);
}

static void
judge_gate(struct gate_verdict *gate, const struct expr *expr, const struct comparison *const *comparisons, size_t n)
{
	*gate = (struct gate_verdict){.slo = {.expr = expr, .value = NAN, .status = SLO_NA},
		.comparison = comparison_of(expr, comparisons, n),
		.ci = {NAN, NAN}};
	const struct comparison_row *row = row_of(gate->comparison, expr);

	if (row == NULL || isnan(row->delta_rel))
		return;
	double a = value_of(expr, row->ci_rel[0]), b = value_of(expr, row->ci_rel[1]);

	gate->slo.value = value_of(expr, row->delta_rel);
	gate->ci[0] = fmin(a, b);
	gate->ci[1] = fmax(a, b);
	gate->is_inside = is_inside(expr, gate->ci);
	gate->slo.status = !expr_holds(expr, gate->slo.value)                                ? SLO_FAIL
			   : expr->has_stretch && !expr_stretch_holds(expr, gate->slo.value) ? SLO_STRETCH_MISSED
											     : SLO_PASS;
}

struct gate_verdict *
compare_gates(const struct plan *plan, const struct comparison *const *comparisons, size_t comparisons_n)
{
	struct gate_verdict *gates = must_calloc(plan->gates_n + 1, sizeof(*gates));

	for (size_t i = 0; i < plan->gates_n; i++)
		judge_gate(&gates[i], &plan->gates[i].expr, comparisons, comparisons_n);
	return gates;
}

/* What was to be judged, what of it could be, and what of that did not hold. */
struct tally_of_gates {
	size_t wanted, judged, failed;
};

static struct tally_of_gates
count_gates(const struct experiment *experiment)
{
	struct tally_of_gates gates = {0};

	for (size_t c = 0; c < experiment->comparisons_n; c++)
		for (size_t i = 0; i < experiment->comparisons[c]->rows_n; i++) {
			const struct comparison_row *row = &experiment->comparisons[c]->rows[i];

			gates.wanted += row->is_wanted;
			gates.judged += row->is_gated;
			gates.failed += row->is_gated && row->status == COMPARISON_REGRESSION;
		}
	for (size_t i = 0; i < experiment->gates_n; i++) {
		gates.wanted++;
		gates.judged += experiment->gates[i].slo.status != SLO_NA;
		gates.failed += experiment->gates[i].slo.status == SLO_FAIL;
	}
	return gates;
}

static void
say_regression(struct verdict *verdict, const struct comparison *comparison, const struct comparison_row *row)
{
	int64_t timeout_ns = comparison->current->plan->target.timeout_ns;
	char baseline[64], current[64], change[96] = "";

	if (!row->is_gated || row->status != COMPARISON_REGRESSION)
		return;
	if (isfinite(row->delta_rel) && !isfinite(row->ci_rel[0]))
		snprintf(change, sizeof(change), ", %+.1f%% (tolerance %.3g%%)", row->delta_rel * 100,
			row->tolerance * 100);
	else if (isfinite(row->delta_rel))
		snprintf(change, sizeof(change), ", %+.1f%% (95%% CI %+.1f%% to %+.1f%%, tolerance %.3g%%)",
			row->delta_rel * 100, row->ci_rel[0] * 100, row->ci_rel[1] * 100, row->tolerance * 100);
	verdict_add_reason(verdict, "regression of %s in %.40s: %s where %.40s had %s%s", row->name,
		comparison->current->name,
		metric_value_text(&row->measure, row->current, timeout_ns, current, sizeof(current)),
		comparison->baseline->name,
		metric_value_text(&row->measure, row->baseline, timeout_ns, baseline, sizeof(baseline)), change);
}

/* "it was 12.5% (95% CI 8% to 16%)" */
static void
say_missed(struct verdict *verdict, const struct gate_verdict *gate)
{
	enum plan_unit unit = expr_unit(gate->slo.expr);
	char value[64], low[64], high[64], ci[160] = "";

	if (isfinite(gate->ci[0]) && isfinite(gate->ci[1]))
		snprintf(ci, sizeof(ci), " (95%% CI %s to %s)", expr_value_text(unit, gate->ci[0], low, sizeof(low)),
			expr_value_text(unit, gate->ci[1], high, sizeof(high)));
	verdict_add_reason(verdict, "missed '%s': it was %s%s", gate->slo.expr->text,
		expr_value_text(unit, gate->slo.value, value, sizeof(value)), ci);
}

static void
say_gates(struct verdict *verdict, const struct experiment *experiment)
{
	for (size_t c = 0; c < experiment->comparisons_n; c++)
		for (size_t i = 0; i < experiment->comparisons[c]->rows_n; i++)
			say_regression(verdict, experiment->comparisons[c], &experiment->comparisons[c]->rows[i]);
	for (size_t i = 0; i < experiment->gates_n; i++) {
		const struct gate_verdict *gate = &experiment->gates[i];

		if (gate->slo.status == SLO_FAIL)
			say_missed(verdict, gate);
		else if (gate->slo.status == SLO_NA)
			verdict_add_reason(verdict, "'%s' could not be judged: %s", gate->slo.expr->text,
				gate->comparison == NULL ? "the arm was not measured" : "an arm has no value");
	}
}

static bool
any_slo_was_judged(const struct verdict *verdict, const struct experiment *experiment)
{
	for (size_t i = 0; verdict->slos != NULL && i < experiment->arms[0]->plan->slos_n; i++)
		if (verdict->slos[i].status != SLO_NA)
			return true;
	return false;
}

/* Exit 3 outweighs 1: what was inconclusive stays so. A verdict that passed and does so no longer gives up its reason.
 */
static void
set_outcome(struct verdict *verdict, enum verdict_status status, int exit_code)
{
	if (verdict->status == VERDICT_PASS) {
		verdict->reasons_n = 0;
		memset(verdict->is_about_break, 0, sizeof(verdict->is_about_break));
	}
	verdict->status = status;
	verdict->exit_code = exit_code;
}

void
compare_conclude(struct verdict *verdict, const struct experiment *experiment)
{
	struct tally_of_gates gates = count_gates(experiment);
	bool is_blank = gates.wanted > 0 && gates.judged == 0 && !any_slo_was_judged(verdict, experiment);

	if (gates.failed > 0 && (verdict->status == VERDICT_PASS || verdict->status == VERDICT_FAIL))
		set_outcome(verdict, VERDICT_FAIL, EXIT_FAILED_GATE);
	else if (is_blank && verdict->status == VERDICT_PASS)
		set_outcome(verdict, VERDICT_INCONCLUSIVE, EXIT_INCONCLUSIVE);
	say_gates(verdict, experiment);
	if (is_blank)
		verdict_add_reason(
			verdict, "of %zu figures to compare none has samples enough to be gated", gates.wanted);
	else if (gates.judged > 0 && gates.failed == 0)
		verdict_add_reason(verdict, "no regression%s: %zu of %zu figures could be judged",
			experiment->gates_n > 0 ? ", and no goal between arms missed" : "", gates.judged, gates.wanted);
}
