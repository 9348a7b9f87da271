#include <inttypes.h>
#include <math.h>

#include "judge/rule.h"

static bool
row_fails(const struct series_row *row, double threshold)
{
	uint64_t failures = row->failed + row->dropped + row->unsent;
	uint64_t requests = counts_due_or_ended(row->scheduled, row->ok + failures);

	return requests > 0 && (double)failures > threshold * (double)requests;
}

/* The class that most of them are of. */
static enum failure
most_frequent(const struct counts *counts)
{
	enum failure most = 0;

	for (int i = 1; i < FAILURE_COUNT; i++)
		if (counts->by_failure[i] > counts->by_failure[most])
			most = (enum failure)i;
	return most;
}

static void
error_rate_look(const struct rule_context *context, struct level_verdict *verdict)
{
	const struct level_summary *level = context->level;
	struct rule_errors errors = rule_errors_of(level);
	double break_at = context->plan->break_when.error_rate;
	struct finding finding = {.rule = "error_rate", .measured = errors.error_rate};

	if (errors.error_rate > break_at && rule_is_enough(&errors, errors.failures, level)) {
		finding.mode = FAILURE_MODE_HIGH_ERROR_RATE;
		finding.weight = LEVEL_BROKEN;
		finding.threshold = break_at;
	} else if (errors.error_rate > RULE_DEGR_ERROR_RATE && rule_is_enough(&errors, errors.failures, level)) {
		finding.weight = LEVEL_DEGR;
		finding.threshold = RULE_DEGR_ERROR_RATE;
	} else if (errors.error_rate > RULE_ERR_ERROR_RATE) {
		finding.weight = LEVEL_ERR;
		finding.threshold = RULE_ERR_ERROR_RATE;
	} else
		return;
	finding.onset_ns = rule_onset_ns(context, row_fails, finding.threshold);
	enum failure most = most_frequent(&level->counts);

	rule_say(rule_add(verdict, &finding),
		"error rate %.1f%% > %.1f%%: %" PRIu64 " of %" PRIu64 " requests failed, most (%" PRIu64 ") as %s: %s",
		errors.error_rate * 100, finding.threshold * 100, errors.failures, errors.requests,
		level->counts.by_failure[most], failure_rows[most].counter, failure_rows[most].sentence);
}

const struct rule error_rate_rule = {
	.name = "error_rate",
	.help = "too many requests failed, were dropped or never sent",
	.look = error_rate_look,
};
