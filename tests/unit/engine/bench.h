#pragma once

#include "base/units.h"
#include "engine/run.h"
#include "measure/summary.h"
#include "unit/engine/plans.h"

/* A run on the virtual clock against the null protocol: every behaviour of time without waiting for any. */
struct bench {
	struct plan *plan;
	uv_loop_t loop;
	struct clock clock;
	struct addresses addresses;
	struct summary *summary;
	struct run *run;
	uint32_t levels_n, closed[64], closed_n;
	int64_t jump_ns;  /* the clock leaps by this after the second interval */
	int repeat_level; /* asked for again when it closes; −1: none */
	int broken_level; /* recovered from when it closes; −1: none */
	unsigned intervals;
	void (*on_start)(struct bench *bench);
	void (*on_closed)(struct bench *bench, uint32_t level); /* NULL: nobody steers by it */
	void (*on_interval)(struct bench *bench);
	bool is_ended;
};

static inline void
bench_on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	(void)context;
	(void)phase;
	(void)at_ns;
}

static inline void
bench_on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct bench *bench = context;

	/* In order; the last one is told again when it changes. */
	assert_true(level == LEVEL_WARMUP || level == bench->levels_n || level + 1 == bench->levels_n);
	if (level == bench->levels_n)
		bench->levels_n++;
	summary_add_level(bench->summary, level, start_ns, end_ns, offered);
}

static inline void
bench_on_cut(void *context, int64_t at_ns)
{
	struct bench *bench = context;

	summary_cut(bench->summary, at_ns);
}

static inline void
bench_on_complete(void *context, int64_t at_ns)
{
	struct bench *bench = context;

	summary_complete(bench->summary, at_ns);
}

static inline void
bench_on_interval(void *context, struct interval *interval)
{
	struct bench *bench = context;

	interval_add_up(interval);
	summary_add_interval(bench->summary, interval);
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		if (!level->is_used || !level->is_last || level->level == LEVEL_WARMUP)
			continue;
		bench->closed[bench->closed_n++] = level->level;
		if ((int)level->level == bench->repeat_level)
			run_repeat(bench->run, level->level);
		if ((int)level->level == bench->broken_level)
			run_recover(bench->run);
		if (bench->on_closed != NULL)
			bench->on_closed(bench, level->level);
	}
	if (++bench->intervals == 2 && bench->jump_ns > 0)
		clock_set_ns(&bench->clock, clock_now_ns(&bench->clock) + bench->jump_ns);
	run_give_interval(bench->run, interval);
	if (bench->on_interval != NULL)
		bench->on_interval(bench);
}

static inline void
bench_on_end(void *context)
{
	struct bench *bench = context;

	bench->is_ended = true;
}

static const struct run_events bench_events = {
	.on_phase = bench_on_phase,
	.on_level = bench_on_level,
	.on_cut = bench_on_cut,
	.on_complete = bench_on_complete,
	.on_interval = bench_on_interval,
	.on_end = bench_on_end,
};

static inline void
bench_init_target(struct bench *bench, const char *target, const char *profile)
{
	*bench = (struct bench){.plan = plan_of_target(target, profile), .repeat_level = -1, .broken_level = -1};
	clock_init_virtual(&bench->clock, 1000 * NS_PER_S);
	assert_int_equal(uv_loop_init(&bench->loop), 0);
	bench->summary = summary_new(bench->plan);
}

/* Answers come at once. */
static inline void
bench_init(struct bench *bench, const char *profile)
{
	bench_init_target(bench, "", profile);
}

static inline const struct counts *
bench_go(struct bench *bench)
{
	struct error err = {0};

	bench->run = run_new(
		&(struct run_config){
			.plan = bench->plan,
			.loop = &bench->loop,
			.clock = &bench->clock,
			.shards = 1,
			.addresses = &bench->addresses,
			.events = &bench_events,
			.context = bench,
		},
		&err);
	assert_non_null(bench->run);
	if (bench->on_start != NULL)
		bench->on_start(bench);
	run_go(bench->run);
	assert_true(bench->is_ended);
	const struct counts *counts = &bench->summary->everything.counts;

	assert_true(counts_identities_hold(counts));
	assert_int_equal(counts->sessions_started,
		counts->sessions_completed + counts->sessions_broken + counts->sessions_full + counts->sessions_cut);
	return counts;
}

static inline void
bench_fini(struct bench *bench)
{
	run_free(bench->run);
	summary_free(bench->summary);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	plan_free(bench->plan);
}
