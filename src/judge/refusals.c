#include "judge/refusals.h"

/* A restart that is over within a second or two leaves as many rows in which some were answered and some refused. */
#define ROWS_BESIDE_MIN 3

/* Rows [from, to) of the series. */
struct stretch {
	size_t from, to;
	uint64_t unconnected;
	bool is_silent; /* in a row of it nobody was answered */
};

static bool
is_of_level(const struct rule_context *context, const struct series_row *row)
{
	return row->at_ns > context->level->start_ns && row->at_ns <= context->level->end_ns;
}

/* The next one at or after row i; none: its unconnected are 0. */
static struct stretch
next_stretch(const struct rule_context *context, size_t i)
{
	const struct series *series = &context->summary->series;
	struct stretch stretch = {0};

	while (i < series->n && (!is_of_level(context, &series->rows[i]) || series->rows[i].unconnected == 0))
		i++;
	for (stretch.from = i; i < series->n && is_of_level(context, &series->rows[i]); i++) {
		if (series->rows[i].unconnected == 0)
			break;
		stretch.unconnected += series->rows[i].unconnected;
		stretch.is_silent = stretch.is_silent || series->rows[i].ok == 0;
	}
	stretch.to = i;
	return stretch;
}

/* A connect that got no answer began so much before it was given up. */
static int64_t
onset_of(const struct rule_context *context, const struct stretch *stretch, const struct refusals *refusals)
{
	const struct series *series = &context->summary->series;
	int64_t onset_ns = series->rows[stretch->from].at_ns - series->step_ns, start_ns = context->level->start_ns;

	if (refusals->timed_out > refusals->refused + refusals->reset)
		onset_ns -= context->plan->target.connect_timeout_ns;
	return onset_ns > start_ns ? onset_ns : start_ns;
}

static bool
touches(const struct series *series, const struct stretch *stretch, int64_t at_ns)
{
	int64_t from_ns = series->rows[stretch->from].at_ns - 2 * series->step_ns;

	return at_ns >= from_ns && at_ns <= series->rows[stretch->to - 1].at_ns + series->step_ns;
}

struct refusals
refusals_of(const struct rule_context *context, int64_t died_ns)
{
	const struct counts *c = &context->level->counts;
	const struct series *series = &context->summary->series;
	struct refusals refusals = {
		.refused = c->by_failure[FAILURE_CONNECT_REFUSED],
		.timed_out = c->by_failure[FAILURE_CONNECT_TIMEOUT],
		.reset = c->by_failure[FAILURE_CONNECT_RESET],
		.beside_onset_ns = -1,
		.death_onset_ns = -1,
	};
	struct stretch stretch = next_stretch(context, 0);
	size_t rows_beside = 0;

	for (; stretch.unconnected > 0; stretch = next_stretch(context, stretch.to)) {
		bool is_death = stretch.is_silent || (died_ns >= 0 && touches(series, &stretch, died_ns));
		int64_t *onset_ns = is_death ? &refusals.death_onset_ns : &refusals.beside_onset_ns;

		if (*onset_ns < 0)
			*onset_ns = onset_of(context, &stretch, &refusals);
		refusals.beside += is_death ? 0 : stretch.unconnected;
		rows_beside += is_death ? 0 : stretch.to - stretch.from;
	}
	refusals.is_answering_beside = rows_beside >= ROWS_BESIDE_MIN;
	return refusals;
}
