#include "judge/refusals.h"

/* A restart that is over within a second or two leaves as many rows in which some were answered and some refused. */
#define ROWS_BESIDE_MIN 3

static bool
row_has_unsent(const struct series_row *row, double threshold)
{
	return (double)row->unsent > threshold;
}

static bool
is_answering_beside(const struct rule_context *context)
{
	const struct series *series = &context->summary->series;
	size_t rows = 0;

	for (size_t i = 0; i < series->n; i++) {
		const struct series_row *row = &series->rows[i];

		if (row->at_ns <= context->level->start_ns || row->at_ns > context->level->end_ns || row->unsent == 0)
			continue;
		if (row->ok == 0)
			return false;
		rows++;
	}
	return rows >= ROWS_BESIDE_MIN;
}

/* A connect that got no answer began so much before it was given up. */
static int64_t
find_onset_ns(const struct rule_context *context, const struct refusals *refusals)
{
	int64_t onset_ns = rule_onset_ns(context, row_has_unsent, 0), start_ns = context->level->start_ns;

	if (onset_ns < 0 || refusals->timed_out <= refusals->refused + refusals->reset)
		return onset_ns;
	onset_ns -= context->plan->target.connect_timeout_ns;
	return onset_ns > start_ns ? onset_ns : start_ns;
}

struct refusals
refusals_of(const struct rule_context *context)
{
	const struct counts *c = &context->level->counts;
	struct refusals refusals = {
		.refused = c->by_failure[FAILURE_CONNECT_REFUSED],
		.timed_out = c->by_failure[FAILURE_CONNECT_TIMEOUT],
		.reset = c->by_failure[FAILURE_CONNECT_RESET],
		.is_answering_beside = is_answering_beside(context),
	};

	refusals.onset_ns = find_onset_ns(context, &refusals);
	return refusals;
}
