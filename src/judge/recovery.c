#include "judge/recovery.h"

#include <math.h>
#include <string.h>

#include "judge/metrics.h"
#include "judge/rule.h"

void
spells_init(struct spells *spells)
{
	spells->n = 0;
	spells->good_from_ns = -1;
}

static bool
is_open(const struct spells *spells)
{
	return spells->n > 0 && spells->list[spells->n - 1].to_ns == INT64_MAX;
}

void
spells_add(struct spells *spells, int64_t start_ns, bool holds)
{
	if (!holds) {
		spells->good_from_ns = -1;
		if (is_open(spells))
			return;
		if (spells->n == SPELLS_MAX)
			spells->list[SPELLS_MAX - 1].to_ns = INT64_MAX;
		else
			spells->list[spells->n++] = (struct spell){.from_ns = start_ns, .to_ns = INT64_MAX};
	} else if (spells->good_from_ns < 0)
		spells->good_from_ns = start_ns;
	else if (is_open(spells))
		spells->list[spells->n - 1].to_ns = spells->good_from_ns;
}

/* What a single interval can tell: no figure of the whole run, and none of one request. */
static bool
can_be_told(const struct expr *expr)
{
	return expr->of == EXPR_OF_RUN && expr->request < 0 && !expr->metric->is_of_the_run;
}

enum interval_state
recovery_look(const struct plan *plan, const struct summary *summary)
{
	const struct counts *counts = &summary->last.counts;
	bool has_drained = counts->ok_in_window < counts->ok; /* after the load's end rates sink of themselves */
	bool has_error_slo = false;

	if (counts->ok + counts->failed + counts->dropped + counts->unsent == 0)
		return INTERVAL_IDLE;
	for (size_t i = 0; i < plan->slos_n; i++) {
		const struct expr *expr = &plan->slos[i].expr;
		bool is_told = can_be_told(expr) && !(has_drained && expr->metric->unit == UNIT_RATE);
		double value = is_told ? metric_value_last(expr, summary) : NAN;

		has_error_slo = has_error_slo || (can_be_told(expr) && strcmp(expr->metric->name, "error_rate") == 0);
		if (!isnan(value) && !expr_holds(expr, value))
			return INTERVAL_FAILS;
	}
	return !has_error_slo && counts_interval_error_rate(counts) > RULE_ERR_ERROR_RATE ? INTERVAL_FAILS
											  : INTERVAL_HOLDS;
}

static void
recovery_of(const struct spells *spells, struct action_record *record, int64_t until_ns)
{
	record->recovery = RECOVERY_NOT_NEEDED;
	for (size_t i = 0; i < spells->n; i++) {
		const struct spell *spell = &spells->list[i];

		if (spell->to_ns <= record->started_ns)
			continue;
		if (spell->from_ns >= until_ns)
			return;
		record->recovery = spell->to_ns == INT64_MAX ? RECOVERY_NOT_SEEN : RECOVERY_DONE;
		record->recovered_after_ns = spell->to_ns == INT64_MAX ? -1 : spell->to_ns - record->started_ns;
		return;
	}
}

void
recovery_find(const struct spells *spells, struct action_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool has_next = i + 1 < n && records[i + 1].started_ns >= 0;

		if (records[i].started_ns >= 0)
			recovery_of(spells, &records[i], has_next ? records[i + 1].started_ns : INT64_MAX);
	}
}
