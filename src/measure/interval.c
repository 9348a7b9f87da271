#include "measure/interval.h"

#include "base/check.h"
#include "measure/events.h"

const struct metric_row metric_rows[METRIC_COUNT] = {
#define METRIC(NAME, metric_name, of_unit, value, when, per_request, ranks, text)                                      \
	[METRIC_##NAME] = {                                                                                            \
		.name = #metric_name,                                                                                  \
		.help = text,                                                                                          \
		.unit = UNIT_##of_unit,                                                                                \
		.is_per_request = per_request,                                                                         \
		.ranks_failures = ranks,                                                                               \
	},
#include "measure/metric.def"
#undef METRIC
};

void
cell_init(struct cell *cell, bool is_request)
{
	*cell = (struct cell){0};
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (!is_request || metric_rows[i].is_per_request)
			histogram_init(&cell->histograms[i]);
}

void
cell_fini(struct cell *cell)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		histogram_fini(&cell->histograms[i]);
}

void
cell_reset(struct cell *cell)
{
	cell->counts = (struct counts){0};
	for (size_t i = 0; i < METRIC_COUNT; i++)
		histogram_reset(&cell->histograms[i]);
}

/* What `into` does not keep is left out: a cell of counts alone takes the counts. */
void
cell_merge(struct cell *into, const struct cell *from)
{
	counts_merge(&into->counts, &from->counts);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (histogram_is_ready(&into->histograms[i]))
			histogram_merge(&into->histograms[i], &from->histograms[i]);
}

/* What a request's cell does not keep is recorded in the level's. */
static void
cell_merge_kept(struct cell *into, const struct cell *from)
{
	counts_merge(&into->counts, &from->counts);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (metric_rows[i].is_per_request)
			histogram_merge(&into->histograms[i], &from->histograms[i]);
}

/* A level's cells are made when its slot is first taken: slots are reused, so that of 64 few ever are. */
static void
level_make_cells(struct interval_level *level, uint32_t requests_n)
{
	cell_init(&level->all, false);
	level->requests = must_calloc(requests_n, sizeof(*level->requests));
	for (uint32_t i = 0; i < requests_n; i++)
		cell_init(&level->requests[i], true);
}

static void
level_free_encoded(struct interval_level *level)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		free(level->encoded[i]);
		level->encoded[i] = NULL;
	}
}

static void
level_reset(struct interval_level *level, uint32_t requests_n)
{
	struct cell all = level->all, *requests = level->requests;

	level_free_encoded(level);
	if (requests != NULL)
		cell_reset(&all);
	for (uint32_t i = 0; requests != NULL && i < requests_n; i++)
		cell_reset(&requests[i]);
	*level = (struct interval_level){.level = LEVEL_NONE, .all = all, .requests = requests};
	gauge_set_init(&level->target);
	gauge_set_init(&level->self);
	scraped_set_init(&level->scraped);
}

struct interval_level *
interval_use_slot(struct interval *interval, uint32_t slot, uint32_t level)
{
	CHECK_OP(slot, <, interval->levels_n);
	struct interval_level *used = &interval->levels[slot];

	CHECK(!used->is_used);
	if (used->requests == NULL && !interval->is_outline)
		level_make_cells(used, interval->requests_n);
	gauge_set_init(&used->target);
	gauge_set_init(&used->self);
	scraped_set_init(&used->scraped);
	used->level = level;
	used->is_used = true;
	return used;
}

static void
add_up_level(struct interval *interval, struct interval_level *level)
{
	for (uint32_t i = 0; i < interval->requests_n; i++) {
		struct cell *request = &level->requests[i];

		if (!interval->has_goals) {
			request->counts.good = request->counts.ok;
			request->counts.good_in_window = request->counts.ok_in_window;
		}
		cell_merge_kept(&level->all, request);
	}
}

void
interval_add_up(struct interval *interval)
{
	if (interval->is_added_up)
		return;
	interval->is_added_up = true;
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used)
			add_up_level(interval, &interval->levels[i]);
}

bool
interval_encode_next(struct interval *interval)
{
	CHECK(interval->is_added_up);
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		struct interval_level *level = &interval->levels[i];

		for (size_t metric = 0; level->is_used && metric < METRIC_COUNT; metric++) {
			if (level->all.histograms[metric].total == 0 || level->encoded[metric] != NULL)
				continue;
			level->encoded[metric] = histogram_encode(&level->all.histograms[metric]);
			return true;
		}
	}
	return false;
}

void
interval_reset(struct interval *interval)
{
	check_counts_reset(&interval->checks);
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used)
			level_reset(&interval->levels[i], interval->requests_n);
	*interval = (struct interval){
		.levels = interval->levels,
		.levels_n = interval->levels_n,
		.requests_n = interval->requests_n,
		.is_outline = interval->is_outline,
		.peers.list = interval->peers.list,
		.checks = interval->checks,
		.current_level = LEVEL_NONE,
	};
	reading_init(&interval->target);
	reading_init(&interval->self);
	scraped_now_init(interval->scraped);
	gauge_set_init(&interval->target_outside);
	gauge_set_init(&interval->self_outside);
}

static struct interval *
new_interval(uint32_t requests_n, uint32_t levels_max, bool is_outline)
{
	struct interval *interval = must_alloc(sizeof(*interval));

	interval->is_outline = is_outline;
	interval->levels = must_calloc(levels_max, sizeof(*interval->levels));
	interval->levels_n = levels_max;
	interval->requests_n = requests_n;
	peers_init(&interval->peers);
	check_counts_init(&interval->checks);
	interval_reset(interval);
	return interval;
}

struct interval *
interval_new(uint32_t requests_n, uint32_t levels_max)
{
	return new_interval(requests_n, levels_max, false);
}

struct interval *
interval_new_outline(uint32_t requests_n, uint32_t levels_max)
{
	return new_interval(requests_n, levels_max, true);
}

void
interval_free(struct interval *interval)
{
	if (interval == NULL)
		return;
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		struct interval_level *level = &interval->levels[i];

		if (level->requests == NULL)
			continue;
		cell_fini(&level->all);
		for (uint32_t r = 0; r < interval->requests_n; r++)
			cell_fini(&level->requests[r]);
		free(level->requests);
		level_free_encoded(level);
	}
	peers_fini(&interval->peers);
	check_counts_fini(&interval->checks);
	free(interval->levels);
	free(interval);
}
