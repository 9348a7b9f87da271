#include "measure/blocks.h"

#include <string.h>

#include "base/check.h"
#include "base/units.h"

struct blocks *
blocks_new(int64_t interval_ns, const bool *is_kept, uint32_t requests_n)
{
	struct blocks *blocks = must_alloc(sizeof(*blocks));

	CHECK_OP(interval_ns, >, 0);
	/* One more than is kept: the one that is being filled. */
	blocks->blocks = must_calloc(BLOCKS_MAX + 1, sizeof(*blocks->blocks));
	blocks->interval_ns = blocks->length_ns = interval_ns;
	blocks->requests_n = requests_n;
	blocks->is_kept = must_calloc(requests_n + 1, sizeof(*blocks->is_kept));
	for (uint32_t i = 0; is_kept != NULL && i < requests_n; i++)
		blocks->is_kept[i] = is_kept[i];
	return blocks;
}

static void
block_cell_init(struct block_cell *cell)
{
	cell->counts = (struct counts){0};
	for (size_t m = 0; m < METRIC_COUNT; m++)
		tally_init(&cell->tallies[m]);
}

static void
block_cell_fini(struct block_cell *cell)
{
	for (size_t m = 0; m < METRIC_COUNT; m++)
		tally_fini(&cell->tallies[m]);
}

static void
block_cell_add(struct block_cell *into, const struct cell *more)
{
	counts_merge(&into->counts, &more->counts);
	for (size_t m = 0; m < METRIC_COUNT; m++)
		if (histogram_is_ready(&more->histograms[m]))
			tally_add(&into->tallies[m], &more->histograms[m]);
}

static void
block_cell_merge(struct block_cell *into, const struct block_cell *from)
{
	counts_merge(&into->counts, &from->counts);
	for (size_t m = 0; m < METRIC_COUNT; m++)
		tally_merge(&into->tallies[m], &from->tallies[m]);
}

static void
block_init(struct block *block, int64_t start_ns, uint32_t requests_n)
{
	*block = (struct block){.start_ns = start_ns, .end_ns = start_ns};
	gauge_set_init(&block->target);
	block_cell_init(&block->all);
	block->requests = must_calloc(requests_n + 1, sizeof(*block->requests));
	for (uint32_t i = 0; i < requests_n; i++)
		block_cell_init(&block->requests[i]);
}

static void
block_fini(struct block *block, uint32_t requests_n)
{
	block_cell_fini(&block->all);
	for (uint32_t i = 0; i < requests_n; i++)
		block_cell_fini(&block->requests[i]);
	free(block->requests);
}

void
blocks_free(struct blocks *blocks)
{
	if (blocks == NULL)
		return;
	for (size_t i = 0; i < blocks->n; i++)
		block_fini(&blocks->blocks[i], blocks->requests_n);
	free(blocks->blocks);
	free(blocks->is_kept);
	free(blocks);
}

/* `from` follows `into`, and is gone then. */
static void
block_swallow(struct block *into, struct block *from, uint32_t requests_n)
{
	into->end_ns = from->end_ns;
	into->window_ns += from->window_ns;
	into->in_flight_ns += from->in_flight_ns;
	if (from->in_flight_peak > into->in_flight_peak)
		into->in_flight_peak = from->in_flight_peak;
	gauge_set_merge(&into->target, &from->target);
	block_cell_merge(&into->all, &from->all);
	for (uint32_t i = 0; i < requests_n; i++)
		block_cell_merge(&into->requests[i], &from->requests[i]);
	block_fini(from, requests_n);
}

/* What is left at the end is shorter than the others, unless their number goes up evenly. */
static void
join_groups(struct blocks *blocks, size_t group)
{
	size_t n = 0;

	for (size_t i = 0; i < blocks->n; i++) {
		if (i % group == 0)
			blocks->blocks[n++] = blocks->blocks[i];
		else
			block_swallow(&blocks->blocks[n - 1], &blocks->blocks[i], blocks->requests_n);
	}
	blocks->n = n;
	blocks->length_ns *= (int64_t)group;
}

void
blocks_join(struct blocks *blocks, size_t n_max)
{
	CHECK_OP(n_max, >, 0);
	if (blocks->n > n_max)
		join_groups(blocks, (blocks->n + n_max - 1) / n_max);
}

void
blocks_trim(struct blocks *blocks, double measured_s)
{
	int64_t beyond_ns = -s_to_ns(measured_s);

	for (size_t i = 0; i < blocks->n; i++)
		beyond_ns += blocks->blocks[i].window_ns;
	while (blocks->n > 1 && beyond_ns >= blocks->blocks[blocks->n - 1].window_ns) {
		struct block *last = &blocks->blocks[--blocks->n];

		beyond_ns -= last->window_ns;
		last->window_ns = 0;
		block_swallow(&last[-1], last, blocks->requests_n);
	}
	if (blocks->n > 0 && beyond_ns > 0 && beyond_ns < blocks->blocks[blocks->n - 1].window_ns)
		blocks->blocks[blocks->n - 1].window_ns -= beyond_ns;
}

/* Intervals are a little longer or shorter than they were meant to be. */
static bool
needs_another(const struct blocks *blocks)
{
	return blocks->n == 0 || blocks->blocks[blocks->n - 1].window_ns >= blocks->length_ns - blocks->interval_ns / 4;
}

/* The block that the interval goes into; NULL: it belongs to none, being before the first window. */
static struct block *
block_for(struct blocks *blocks, const struct interval *interval, bool has_window)
{
	if (!has_window)
		return blocks->n > 0 ? &blocks->blocks[blocks->n - 1] : NULL;
	if (blocks->n == BLOCKS_MAX && needs_another(blocks))
		join_groups(blocks, 2);
	if (needs_another(blocks))
		block_init(&blocks->blocks[blocks->n++], interval->start_ns, blocks->requests_n);
	return &blocks->blocks[blocks->n - 1];
}

static bool
is_measured(const struct interval_level *level)
{
	return level->is_used && level->level != LEVEL_WARMUP;
}

static void
block_add_level(struct blocks *blocks, struct block *block, const struct interval_level *level)
{
	block->window_ns += level->window_ns;
	block->in_flight_ns += level->in_flight_ns;
	if (level->in_flight_peak > block->in_flight_peak)
		block->in_flight_peak = level->in_flight_peak;
	gauge_set_merge(&block->target, &level->target);
	block_cell_add(&block->all, &level->all);
	for (uint32_t i = 0; i < blocks->requests_n; i++)
		if (blocks->is_kept[i])
			block_cell_add(&block->requests[i], &level->requests[i]);
}

void
blocks_add_interval(struct blocks *blocks, const struct interval *interval)
{
	bool has_window = false, has_any = false;

	CHECK(interval->is_added_up);
	CHECK_OP(interval->requests_n, ==, blocks->requests_n);
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		has_any = has_any || is_measured(&interval->levels[i]);
		has_window = has_window || (is_measured(&interval->levels[i]) && interval->levels[i].window_ns > 0);
	}
	/* What a measured level did before its window ran (none does today) would have no block to go to. */
	struct block *block = has_any ? block_for(blocks, interval, has_window || blocks->n == 0) : NULL;

	if (block == NULL)
		return;
	block->end_ns = interval->end_ns;
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (is_measured(&interval->levels[i]))
			block_add_level(blocks, block, &interval->levels[i]);
}
