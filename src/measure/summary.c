#include "measure/summary.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "measure/level_summary.h"

static struct blocks *
new_blocks(const struct plan *plan)
{
	bool *is_kept = must_calloc(plan->requests_n + 1, sizeof(*is_kept));

	for (size_t i = 0; i < plan->slos_n; i++)
		if (plan->slos[i].expr.request >= 0)
			is_kept[plan->slos[i].expr.request] = true;
	for (size_t i = 0; i < plan->gates_n; i++)
		if (plan->gates[i].expr.request >= 0)
			is_kept[plan->gates[i].expr.request] = true;
	for (size_t i = 0; i < plan->compare.named_n; i++)
		if (plan->compare.named[i].measure.request >= 0)
			is_kept[plan->compare.named[i].measure.request] = true;
	struct blocks *blocks = blocks_new(plan->output.interval_ns, is_kept, (uint32_t)plan->requests_n);

	free(is_kept);
	return blocks;
}

struct summary *
summary_new(const struct plan *plan)
{
	struct summary *s = must_alloc(sizeof(*s));

	s->plan = plan;
	/* Room for all levels at once, so that a level stays where it is; pages that no level reaches are never
	 * touched. */
	s->levels = must_calloc(SUMMARY_LEVELS_MAX, sizeof(*s->levels));
	level_summary_init(&s->warmup, LEVEL_WARMUP);
	s->warmup.is_known = false;
	cell_init(&s->measured, false);
	cell_init(&s->last, false);
	s->requests = must_calloc(plan->requests_n, sizeof(*s->requests));
	for (size_t i = 0; i < plan->requests_n; i++)
		cell_init(&s->requests[i], true);
	s->request_totals = must_calloc(plan->requests_n, sizeof(*s->request_totals));
	peers_init(&s->peers);
	check_counts_init(&s->checks);
	series_init(&s->series, plan->output.interval_ns);
	s->blocks = new_blocks(plan);
	gauge_set_init(&s->target);
	gauge_set_init(&s->self);
	gauge_set_init(&s->target_idle);
	scraped_set_init(&s->scraped);
	scraped_now_init(s->now.scraped);
	s->measured_from_ns = s->measured_to_ns = -1;
	s->in_flight_avg = NAN;
	s->now.current_level = LEVEL_NONE;
	reading_init(&s->now.target);
	reading_init(&s->now.self);
	return s;
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->levels_n; i++)
		level_summary_fini(&s->levels[i], s->plan->requests_n);
	level_summary_fini(&s->warmup, s->plan->requests_n);
	cell_fini(&s->measured);
	cell_fini(&s->last);
	for (size_t i = 0; i < s->plan->requests_n; i++)
		cell_fini(&s->requests[i]);
	series_fini(&s->series);
	peers_fini(&s->peers);
	check_counts_fini(&s->checks);
	blocks_free(s->blocks);
	free(s->requests);
	free(s->request_totals);
	free(s->levels);
	free(s);
}

struct blocks *
summary_take_blocks(struct summary *s)
{
	struct blocks *blocks = s->blocks;

	s->blocks = NULL;
	return blocks;
}

struct level_summary *
summary_level(struct summary *s, uint32_t index)
{
	struct level_summary *level = index == LEVEL_WARMUP ? &s->warmup
				      : index < s->levels_n ? &s->levels[index]
							    : NULL;

	return level != NULL && level->is_known ? level : NULL;
}

static struct level_summary *
make_level(struct summary *s, uint32_t index)
{
	struct level_summary *level = summary_level(s, index);

	if (level != NULL)
		return level;
	if (index == LEVEL_WARMUP) {
		level = &s->warmup;
	} else {
		CHECK_OP(index, <, SUMMARY_LEVELS_MAX);
		level = &s->levels[index];
		if (index >= s->levels_n)
			s->levels_n = index + 1;
	}
	level_summary_init(level, index);
	return level;
}

/* Windows grow as time passes, and shrink where the run was cut. */
static void
pass_time(struct summary *s)
{
	double in_flight_ns = 0;

	level_summary_pass_time(&s->warmup, s->last_ns);
	for (size_t i = 0; i < s->levels_n; i++) {
		struct level_summary *level = &s->levels[i];

		in_flight_ns += level->in_flight_ns;
		s->measured_s += level_summary_pass_time(level, s->last_ns);
		if (level->window_s <= 0)
			continue;
		int64_t until_ns = s->last_ns < level->end_ns ? s->last_ns : level->end_ns;

		if (s->measured_from_ns < 0 || level->start_ns < s->measured_from_ns)
			s->measured_from_ns = level->start_ns;
		if (until_ns > s->measured_to_ns)
			s->measured_to_ns = until_ns;
	}
	s->in_flight_avg = s->measured_s > 0 ? in_flight_ns / (s->measured_s * (double)NS_PER_S) : NAN;
}

void
summary_add_level(struct summary *s, uint32_t index, int64_t start_ns, int64_t end_ns, double offered)
{
	CHECK_OP(start_ns, >=, 0);
	CHECK_OP(end_ns, >=, start_ns);
	struct level_summary *level = make_level(s, index);

	level->start_ns = start_ns;
	level->end_ns = end_ns;
	level->offered = offered;
	pass_time(s);
}

static void
level_end_at(struct level_summary *level, int64_t now_ns, bool is_cut)
{
	if (!level->is_known || level->end_ns <= now_ns)
		return;
	level->is_cut = is_cut;
	level->end_ns = now_ns > level->start_ns ? now_ns : level->start_ns;
}

static void
end_levels_at(struct summary *s, int64_t now_ns, bool is_cut)
{
	level_end_at(&s->warmup, now_ns, is_cut);
	for (size_t i = 0; i < s->levels_n; i++)
		level_end_at(&s->levels[i], now_ns, is_cut);
	s->measured_to_ns = -1;
	pass_time(s);
}

void
summary_cut(struct summary *s, int64_t now_ns)
{
	end_levels_at(s, now_ns, true);
}

void
summary_complete(struct summary *s, int64_t now_ns)
{
	end_levels_at(s, now_ns, false);
}

static int64_t
quantile_of(const struct cell *cell, enum metric metric, double q)
{
	return histogram_quantile_ns(&cell->histograms[metric], q);
}

/* All readings of an interval, whatever the level. */
struct interval_readings {
	struct gauge_set target, self;
};

static void
add_up_readings(struct interval_readings *into, const struct interval *interval)
{
	into->target = interval->target_outside;
	into->self = interval->self_outside;
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		if (!interval->levels[i].is_used)
			continue;
		gauge_set_merge(&into->target, &interval->levels[i].target);
		gauge_set_merge(&into->self, &interval->levels[i].self);
	}
}

/* What a target that is gone had before it went is no figure of the interval's end. */
static double
over_interval(enum gauge gauge, const struct reading *last, const struct gauge_set *during)
{
	bool is_mean =
		gauge_rows[gauge].over == OVER_MEAN && during->gauges[gauge].n > 0 && !isnan(last->values[gauge]);

	return is_mean ? gauge_avg(during, gauge) : last->values[gauge];
}

static void
add_series_row(struct summary *s, const struct interval *interval)
{
	const struct counts *counts = &s->last.counts;
	struct series_row row = {
		.at_ns = interval->end_ns,
		.scheduled = counts->scheduled,
		.sent = counts->sent,
		.ok = counts->ok,
		.failed = counts->failed,
		.dropped = counts->dropped,
		.unsent = counts->unsent,
		.timeouts = counts_timeouts(counts),
		.unconnected = counts_unconnected(counts),
		.p50_ns = quantile_of(&s->last, METRIC_RESPONSE, 0.5),
		.p95_ns = quantile_of(&s->last, METRIC_RESPONSE, 0.95),
		.p99_ns = quantile_of(&s->last, METRIC_RESPONSE, 0.99),
		.max_ns = s->last.histograms[METRIC_RESPONSE].max_ns,
		.lateness_p99_ns = quantile_of(&s->last, METRIC_LATENESS, 0.99),
		.ttft_p50_ns = quantile_of(&s->last, METRIC_TTFT, 0.5),
		.ttft_p95_ns = quantile_of(&s->last, METRIC_TTFT, 0.95),
		.itl_p95_ns = quantile_of(&s->last, METRIC_ITL, 0.95),
		.tokens = counts->completion_tokens,
		.offered = interval->offered,
		.in_flight = interval->in_flight,
		.level = interval->current_level,
	};
	struct interval_readings readings;

	for (size_t i = 0; i < FAILURE_COUNT; i++)
		row.failures[i] = counts->by_failure[i] < UINT32_MAX ? (uint32_t)counts->by_failure[i] : UINT32_MAX;
	add_up_readings(&readings, interval);
	for (int i = 0; i < GAUGE_COUNT; i++) {
		row.target[i] = over_interval((enum gauge)i, &interval->target, &readings.target);
		row.self[i] = over_interval((enum gauge)i, &interval->self, &readings.self);
	}
	memcpy(row.scraped, interval->scraped, sizeof(row.scraped));
	series_add(&s->series, &row);
}

static void
add_interval_level(struct summary *s, const struct interval_level *more, const struct interval *interval)
{
	struct level_summary *level = make_level(s, more->level);
	bool is_measured = more->level != LEVEL_WARMUP;

	level_summary_add(level, more, s->plan->requests_n);
	if (more->target.gauges[GAUGE_CPU].n + more->target.gauges[GAUGE_PROCESSES].n > 0)
		level->last_target_reading_ns = level->end_ns < 0 || interval->target.at_ns < level->end_ns
							? interval->target.at_ns
							: level->end_ns;
	counts_merge(&s->everything.counts, &more->all.counts);
	for (size_t i = 0; i < s->plan->requests_n; i++)
		counts_merge(&s->request_totals[i], &more->requests[i].counts);
	cell_merge(&s->last, &more->all);
	gauge_set_merge(&s->target, &more->target);
	gauge_set_merge(&s->self, &more->self);
	if (!is_measured)
		return;
	cell_merge(&s->measured, &more->all);
	scraped_set_merge(&s->scraped, &more->scraped);
	for (size_t i = 0; i < s->plan->requests_n; i++)
		cell_merge(&s->requests[i], &more->requests[i]);
	if (more->in_flight_peak > s->in_flight_peak)
		s->in_flight_peak = more->in_flight_peak;
}

static void
add_gauges(struct summary *s, const struct interval *interval)
{
	/* Before anything was scheduled the target is idle. */
	if (s->everything.counts.scheduled == 0)
		gauge_set_merge(&s->target_idle, &interval->target_outside);
	gauge_set_merge(&s->target, &interval->target_outside);
	gauge_set_merge(&s->self, &interval->self_outside);
	s->connects += interval->connects;
	s->connects_failed += interval->connects_failed;
	s->prefetch += interval->prefetch;
	s->prefetch_failed += interval->prefetch_failed;
	scrape_counts_merge(s->scrapes, interval->scrapes);
	peers_merge(&s->peers, &interval->peers);
	tls_told_merge(&s->tls, &interval->tls);
	check_counts_merge(&s->checks, &interval->checks);
	s->now = (struct interval_gauges){
		.in_flight = interval->in_flight,
		.connections = interval->connections,
		.users = interval->users,
		.backlog = interval->backlog,
		.offered = interval->offered,
		.current_level = interval->current_level,
		.target = interval->target,
		.self = interval->self,
	};
	memcpy(s->now.scraped, interval->scraped, sizeof(s->now.scraped));
}

void
summary_add_interval(struct summary *s, const struct interval *interval)
{
	CHECK_OP(interval->requests_n, ==, s->plan->requests_n);
	CHECK(interval->is_added_up);
	cell_reset(&s->last);
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used)
			add_interval_level(s, &interval->levels[i], interval);
	add_gauges(s, interval);
	add_series_row(s, interval);
	if (s->blocks != NULL)
		blocks_add_interval(s->blocks, interval);
	s->last_interval_ns = interval->end_ns - interval->start_ns;
	if (interval->end_ns > s->last_ns)
		s->last_ns = interval->end_ns;
	pass_time(s);
}

void
summary_settle_level(struct summary *s, uint32_t index)
{
	struct level_summary *level = summary_level(s, index);

	if (level != NULL)
		level_summary_settle(level, s->plan->requests_n);
}

double
summary_achieved_per_s(const struct summary *s)
{
	return s->measured_s > 0 ? (double)s->measured.counts.ok_in_window / s->measured_s : NAN;
}
