#include "daemon/past.h"

#include <math.h>

#include "base/check.h"

struct reading {
	struct past *past;
	size_t limit;
	int64_t from_ns, to_ns;
};

static void
take_figures(struct past_run *into, const struct ledger_figure *figures, size_t n)
{
	for (size_t i = 0; i < HISTORY_FIGURES_N; i++)
		into->figures[i] = NAN;
	for (size_t i = 0; i < n; i++) {
		int figure = history_find(figures[i].name);

		if (figure >= 0)
			into->figures[figure] = figures[i].value;
	}
}

static bool
take_run(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct reading *reading = context;
	struct past *past = reading->past;
	int64_t at_ns = run->started_ns > 0 ? run->started_ns : run->submitted_ns;

	if (at_ns < reading->from_ns || at_ns >= reading->to_ns)
		return true;
	struct past_run *into = &past->runs[past->n++];

	into->id = arena_strdup(&past->arena, run->id);
	into->status = arena_strdup(&past->arena, run->status);
	into->at_ns = at_ns;
	take_figures(into, figures, n);
	if (past->n == 1 && run->baseline != NULL)
		past->baseline = arena_strdup(&past->arena, run->baseline);
	return past->n < reading->limit;
}

static int
by_time(const void *a, const void *b)
{
	const struct past_run *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

bool
past_read(struct past *past, struct ledger *ledger, const char *name, size_t limit, int64_t from_ns, int64_t to_ns,
	struct error *err)
{
	struct reading reading = {.past = past, .limit = limit, .from_ns = from_ns, .to_ns = to_ns};
	const struct ledger_filter filter = {.name = name, .status = "pass,fail"};

	*past = (struct past){.runs = must_calloc(limit, sizeof(*past->runs))};
	arena_init(&past->arena);
	if (!ledger_list_runs(ledger, &filter, take_run, &reading, err))
		return false;
	qsort(past->runs, past->n, sizeof(*past->runs), by_time);
	return true;
}

void
past_fini(struct past *past)
{
	free(past->runs);
	arena_fini(&past->arena);
}

size_t
past_points(const struct past *past, enum history_figure figure, struct trend_point *into)
{
	size_t n = 0;

	for (size_t i = 0; i < past->n; i++)
		if (isfinite(past->runs[i].figures[figure]))
			into[n++] = (struct trend_point){.at_ns = past->runs[i].at_ns,
				.value = past->runs[i].figures[figure],
				.run = past->runs[i].id};
	return n;
}
