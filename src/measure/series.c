#include <math.h>
#include <string.h>

#include "base/check.h"
#include "measure/summary.h"

void
series_init(struct series *series, int64_t step_ns)
{
	CHECK_OP(step_ns, >, 0);
	*series = (struct series){.rows = must_calloc(SERIES_ROWS_MAX, sizeof(*series->rows)), .step_ns = step_ns};
}

void
series_fini(struct series *series)
{
	free(series->rows);
	*series = (struct series){0};
}

/* Intervals end shortly after a whole step, never much before it: the nearest step is theirs. */
static int64_t
step_of(const struct series *series, const struct series_row *row)
{
	return row->at_ns / series->step_ns + (row->at_ns % series->step_ns >= (series->step_ns + 1) / 2);
}

static void
keep_larger(int64_t *value, int64_t other)
{
	if (other > *value)
		*value = other;
}

/* A class that fills its counter stays at its most: what it adds up to is in the counts. */
static void
add_failures(uint32_t *failures, const uint32_t *more)
{
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		failures[i] = more[i] > UINT32_MAX - failures[i] ? UINT32_MAX : failures[i] + more[i];
}

static void
row_merge(struct series_row *into, const struct series_row *more)
{
	into->scheduled += more->scheduled;
	into->sent += more->sent;
	into->ok += more->ok;
	into->failed += more->failed;
	into->dropped += more->dropped;
	into->unsent += more->unsent;
	into->timeouts += more->timeouts;
	into->unconnected += more->unconnected;
	into->tokens += more->tokens;
	add_failures(into->failures, more->failures);
	keep_larger(&into->p50_ns, more->p50_ns);
	keep_larger(&into->p95_ns, more->p95_ns);
	keep_larger(&into->p99_ns, more->p99_ns);
	keep_larger(&into->max_ns, more->max_ns);
	keep_larger(&into->lateness_p99_ns, more->lateness_p99_ns);
	keep_larger(&into->ttft_p50_ns, more->ttft_p50_ns);
	keep_larger(&into->ttft_p95_ns, more->ttft_p95_ns);
	keep_larger(&into->itl_p95_ns, more->itl_p95_ns);
	into->offered = fmax(into->offered, more->offered);
	into->in_flight = fmax(into->in_flight, more->in_flight);
	for (size_t i = 0; i < GAUGE_COUNT; i++) {
		into->target[i] = fmax(into->target[i], more->target[i]);
		into->self[i] = fmax(into->self[i], more->self[i]);
	}
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		into->scraped[i] = fmax(into->scraped[i], more->scraped[i]);
	if (more->at_ns >= into->at_ns) {
		into->at_ns = more->at_ns;
		into->level = more->level;
	}
}

/* Pairs of steps become one; where rows were far apart there may be nothing to join, and the next doubling does. */
static void
series_double_step(struct series *series)
{
	size_t n = 0;

	CHECK_OP(series->step_ns, <, INT64_MAX / 2);
	series->step_ns *= 2;
	for (size_t i = 0; i < series->n; i++) {
		if (n > 0 && step_of(series, &series->rows[n - 1]) == step_of(series, &series->rows[i]))
			row_merge(&series->rows[n - 1], &series->rows[i]);
		else
			series->rows[n++] = series->rows[i];
	}
	series->n = n;
}

void
series_add(struct series *series, const struct series_row *row)
{
	while (series->n == SERIES_ROWS_MAX)
		series_double_step(series);
	/* Nearly always the last row is older; a shard's interval may come late. */
	size_t i = series->n;

	while (i > 0 && step_of(series, &series->rows[i - 1]) > step_of(series, row))
		i--;
	if (i > 0 && step_of(series, &series->rows[i - 1]) == step_of(series, row)) {
		row_merge(&series->rows[i - 1], row);
		return;
	}
	for (size_t k = series->n; k > i; k--)
		series->rows[k] = series->rows[k - 1];
	series->rows[i] = *row;
	series->n++;
}

void
series_coarsen(struct series *series, size_t rows_max)
{
	CHECK_OP(rows_max, >, 0);
	while (series->n > rows_max)
		series_double_step(series);
}

void
series_copy(struct series *into, const struct series *from)
{
	series_init(into, from->step_ns);
	into->n = from->n;
	memcpy(into->rows, from->rows, from->n * sizeof(*from->rows));
}
