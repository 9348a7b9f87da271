#include "measure/level_summary.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"

void
level_summary_init(struct level_summary *level, uint32_t index)
{
	*level = (struct level_summary){
		.index = index,
		.is_known = true,
		.start_ns = -1,
		.end_ns = -1,
		.offered = NAN,
		.in_flight_avg = NAN,
		.last_target_reading_ns = -1,
	};
	for (size_t i = 0; i < METRIC_COUNT; i++)
		level->figures[i] = (struct latency_figures){
			.min_ns = -1,
			.p50_ns = -1,
			.p90_ns = -1,
			.p95_ns = -1,
			.p99_ns = -1,
			.p999_ns = -1,
			.max_ns = -1,
			.mean_ns = NAN,
			.stddev_ns = NAN,
		};
	gauge_set_init(&level->target);
	gauge_set_init(&level->self);
	scraped_set_init(&level->scraped);
}

static void
free_live_requests(struct level_summary *level, size_t requests_n)
{
	for (size_t i = 0; level->live_requests != NULL && i < requests_n; i++)
		cell_fini(&level->live_requests[i]);
	free(level->live_requests);
	level->live_requests = NULL;
}

void
level_summary_fini(struct level_summary *level, size_t requests_n)
{
	free_live_requests(level, requests_n);
	if (level->live != NULL)
		cell_fini(level->live);
	free(level->live);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		free(level->encoded[i]);
	*level = (struct level_summary){0};
}

/* Makes the live histograms, from what was encoded where the level was settled before. */
static void
level_make_live(struct level_summary *level, size_t requests_n)
{
	if (level->live == NULL)
		level->live = must_alloc(sizeof(*level->live));
	cell_init(level->live, false);
	level->live->counts = level->counts;
	level->live_requests = must_calloc(requests_n, sizeof(*level->live_requests));
	for (size_t i = 0; i < requests_n; i++)
		cell_init(&level->live_requests[i], true);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		if (level->encoded[i] == NULL)
			continue;
		CHECK(histogram_decode_add(&level->live->histograms[i], level->encoded[i]));
		free(level->encoded[i]);
		level->encoded[i] = NULL;
	}
}

void
level_summary_add(struct level_summary *level, const struct interval_level *more, size_t requests_n)
{
	if (level->live_requests == NULL)
		level_make_live(level, requests_n);
	cell_merge(level->live, &more->all);
	counts_merge(&level->counts, &more->all.counts);
	for (size_t i = 0; i < requests_n; i++)
		cell_merge(&level->live_requests[i], &more->requests[i]);
	level->in_flight_ns += more->in_flight_ns;
	if (more->in_flight_peak > level->in_flight_peak)
		level->in_flight_peak = more->in_flight_peak;
	if (more->loop_gap_max_ns > level->loop_gap_max_ns)
		level->loop_gap_max_ns = more->loop_gap_max_ns;
	gauge_set_merge(&level->target, &more->target);
	gauge_set_merge(&level->self, &more->self);
	scraped_set_merge(&level->scraped, &more->scraped);
	level->is_closed = level->is_closed || more->is_last;
}

double
level_summary_pass_time(struct level_summary *level, int64_t now_ns)
{
	int64_t until_ns = now_ns < level->end_ns ? now_ns : level->end_ns;
	double window_s = level->start_ns >= 0 && until_ns > level->start_ns ? ns_to_s(until_ns - level->start_ns) : 0;
	double grown_s = window_s - level->window_s;

	level->window_s = window_s;
	level->in_flight_avg = window_s > 0 ? level->in_flight_ns / (window_s * (double)NS_PER_S) : NAN;
	return grown_s;
}

void
level_summary_settle(struct level_summary *level, size_t requests_n)
{
	if (level->live_requests == NULL)
		return;
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct histogram *h = &level->live->histograms[i];

		histogram_figures(h, &level->figures[i]);
		level->encoded[i] = h->total > 0 ? histogram_encode(h) : NULL;
	}
	cell_fini(level->live);
	free_live_requests(level, requests_n);
}

double
level_achieved_per_s(const struct level_summary *level)
{
	return level->window_s > 0 ? (double)level->counts.ok_in_window / level->window_s : NAN;
}
