#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "judge/records.h"
#include "load/params.h"

/* What a spike did to the response times, second by second, and how long they took to come back. */

#define BACK_FACTOR 1.1   /* of the P95 before, … */
#define BACK_NS NS_PER_MS /* … or so much above it: what a server of microseconds may do at any time, … */
#define USUAL_SHARE 0.9   /* … or what so many of the rows before kept to: not to be told from them is to be back */
#define BACK_ROWS 2       /* in a row: one good second may be luck */
#define BASE_ROWS_MIN 3   /* fewer say nothing about what is normal */

/* Intervals end shortly after a whole step: this share of one lies over the edge of a window without being outside. */
#define EDGE_SHARE 0.1

struct rows {
	const struct series *series;
	int64_t edge_ns;
	int64_t end_ns; /* of the load, as far as it ran */
};

static bool
is_inside(const struct rows *rows, const struct series_row *row, int64_t from_ns, int64_t to_ns)
{
	return row->at_ns - rows->series->step_ns >= from_ns - rows->edge_ns && row->at_ns <= to_ns + rows->edge_ns;
}

static int
compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* What is normal, by the rows' P95. */
struct normal {
	int64_t base_ns; /* median; −1: too few rows */
	int64_t most_ns; /* a row above it is not back */
};

static struct normal
find_normal(const struct rows *rows, int64_t from_ns, int64_t to_ns)
{
	int64_t p95s_ns[SERIES_ROWS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < rows->series->n; i++) {
		const struct series_row *row = &rows->series->rows[i];

		if (row->p95_ns >= 0 && is_inside(rows, row, from_ns, to_ns))
			p95s_ns[n++] = row->p95_ns;
	}
	if (n < BASE_ROWS_MIN)
		return (struct normal){-1, -1};
	qsort(p95s_ns, n, sizeof(p95s_ns[0]), compare_ns);
	int64_t base_ns = n % 2 == 1 ? p95s_ns[n / 2] : p95s_ns[n / 2 - 1] + (p95s_ns[n / 2] - p95s_ns[n / 2 - 1]) / 2;
	int64_t usual_ns = p95s_ns[(size_t)ceil(USUAL_SHARE * (double)n) - 1];
	double back_ns = fmax(BACK_FACTOR * (double)base_ns, (double)(base_ns + BACK_NS));

	return (struct normal){base_ns, (int64_t)fmax(back_ns, (double)usual_ns)};
}

/* Times count from the due time, and so hold our own lateness: a row that would be back without it says nothing of the
 * target. */
static bool
is_ours(const struct series_row *row, int64_t most_ns)
{
	return row->p95_ns > most_ns && row->lateness_p99_ns > 0 && row->p95_ns - row->lateness_p99_ns <= most_ns &&
	       row->failed + row->dropped + row->unsent == 0;
}

static bool
is_back(const struct series_row *row, int64_t most_ns)
{
	return row->p95_ns >= 0 && row->p95_ns <= most_ns && row->failed + row->dropped + row->unsent == 0;
}

/* From the spike's end to the end of the first row from which on all is as before; −1: not before to_ns, −2: cannot be
 * told. */
static int64_t
recovery_ns(const struct rows *rows, const struct normal *normal, int64_t from_ns, int64_t to_ns)
{
	int64_t first_ns = -1;
	size_t n = 0, good = 0;

	for (size_t i = 0; normal->base_ns >= 0 && i < rows->series->n; i++) {
		const struct series_row *row = &rows->series->rows[i];

		if (!is_inside(rows, row, from_ns, to_ns < rows->end_ns ? to_ns : rows->end_ns) ||
			is_ours(row, normal->most_ns))
			continue;
		n++;
		good = is_back(row, normal->most_ns) ? good + 1 : 0;
		if (good == 1)
			first_ns = row->at_ns;
		if (good == BACK_ROWS)
			return first_ns - from_ns;
	}
	/* A load that was stopped on the way might have seen it come back. */
	return n < BACK_ROWS || rows->end_ns < to_ns - rows->edge_ns ? -2 : -1;
}

/* Of the rows that have a part in the stretch; −1: none has a P95. */
static int64_t
worst_p95_ns(const struct rows *rows, int64_t from_ns, int64_t to_ns)
{
	int64_t worst_ns = -1;

	for (size_t i = 0; i < rows->series->n; i++) {
		const struct series_row *row = &rows->series->rows[i];

		if (row->at_ns > from_ns + rows->edge_ns &&
			row->at_ns - rows->series->step_ns < to_ns - rows->edge_ns && row->p95_ns > worst_ns)
			worst_ns = row->p95_ns;
	}
	return worst_ns;
}

/* Not to recover is worse than any time, and a time is worse than not to know. */
static int64_t
slower_ns(int64_t a_ns, int64_t b_ns)
{
	if (a_ns == -1 || b_ns == -1)
		return -1;
	return a_ns > b_ns ? a_ns : b_ns;
}

static void
add_spike(struct spike_verdict *verdict, const struct rows *rows, const struct normal *normal, int64_t start_ns,
	int64_t end_ns, int64_t next_ns)
{
	int64_t recovered_ns = recovery_ns(rows, normal, end_ns, next_ns);
	int64_t worst_ns = worst_p95_ns(rows, start_ns, recovered_ns >= 0 ? end_ns + recovered_ns : next_ns);

	if (verdict->spikes++ == 0)
		verdict->recovered_after_ns = recovered_ns;
	verdict->slowest_recovery_ns = slower_ns(verdict->slowest_recovery_ns, recovered_ns);
	verdict->worst_p95_ns = worst_ns > verdict->worst_p95_ns ? worst_ns : verdict->worst_p95_ns;
}

void
spike_find(struct spike_verdict *verdict, const struct judge_view *view)
{
	const struct plan_chosen *shape = &view->plan->scenarios[0].load.shape;
	const struct summary *summary = view->summary;
	int64_t from_ns = summary->measured_from_ns;

	*verdict = (struct spike_verdict){.base_p95_ns = -1,
		.worst_p95_ns = -1,
		.overshoot = NAN,
		.recovered_after_ns = -2,
		.slowest_recovery_ns = -2};
	if (view->facts->was_unreachable || from_ns < 0 || shape->choice == NULL ||
		strcmp(shape->choice->name, "spike") != 0)
		return;
	const struct spike *spike = shape->params;
	struct rows rows = {.series = &summary->series,
		.edge_ns = (int64_t)(EDGE_SHARE * (double)summary->series.step_ns),
		.end_ns = summary->measured_to_ns};
	int64_t start_ns = from_ns + spike->before_ns;

	struct normal normal = find_normal(&rows, from_ns, start_ns);
	verdict->base_p95_ns = normal.base_ns;
	for (uint64_t i = 0; i < spike->repeat && start_ns < rows.end_ns; i++, start_ns += spike->every_ns) {
		int64_t end_ns = start_ns + spike->during_ns;
		bool is_last = i + 1 == spike->repeat;

		add_spike(verdict, &rows, &normal, start_ns, end_ns,
			is_last ? end_ns + spike->after_ns : start_ns + spike->every_ns);
	}
	if (verdict->base_p95_ns > 0 && verdict->worst_p95_ns >= 0)
		verdict->overshoot = (double)verdict->worst_p95_ns / (double)verdict->base_p95_ns;
}
