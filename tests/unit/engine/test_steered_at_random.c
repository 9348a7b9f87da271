#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "unit/engine/bench.h"

/* Loads whose levels are said at any time, in any order, with or without settling, while arrivals wait, are dropped or
 * time out: whatever is said, every arrival is counted once, in one level, and the run ends. */

#define SEEDS 150
#define LEVELS_MOST 12

static uint64_t seed, drawn;
static uint32_t said_n;

static uint64_t
draw_below(uint64_t n)
{
	return (uint64_t)(rng_unit_at(seed, 1, drawn++) * (double)n);
}

static void
say_something(struct bench *bench)
{
	if (said_n++ >= LEVELS_MOST) {
		run_control(bench->run, &(struct control){.kind = CONTROL_DRAIN, .at_ns = -1});
		return;
	}
	run_control(bench->run, &(struct control){
					.kind = CONTROL_LEVEL,
					.at_ns = -1,
					.level = (double)(1 + draw_below(300)),
					.settle_ns = (int64_t)draw_below(4) * NS_PER_S,
					.for_ns = (int64_t)(1 + draw_below(4)) * NS_PER_S,
				});
}

static void
on_closed_at_random(struct bench *bench, uint32_t level)
{
	(void)level;
	say_something(bench);
}

static void
on_interval_at_random(struct bench *bench)
{
	if (draw_below(3) == 0)
		say_something(bench);
}

static void
run_at_random(void)
{
	struct bench bench;
	char target[96], profile[256];

	drawn = said_n = 0;
	snprintf(target, sizeof(target), ", null_service: %dms, timeout: %ds", (int)(1 + draw_below(300)),
		(int)(1 + draw_below(3)));
	if (draw_below(4) == 0)
		snprintf(profile, sizeof(profile),
			"load: {search: {from: %d users, max: 1000 users, every: 2s, settle: 1s, limit: 90s}}\n",
			(int)(1 + draw_below(20)));
	else
		snprintf(profile, sizeof(profile),
			"load: {search: {from: %d/s, max: 1000/s, every: 2s, settle: 1s, limit: 90s}, spacing: %s, "
			"in_flight: {max: %d, when_full: %s}}\n",
			(int)(1 + draw_below(100)), draw_below(2) ? "poisson" : "uniform", (int)(1 + draw_below(30)),
			draw_below(2) ? "queue" : "drop");
	bench_init_target(&bench, target, profile);
	bench.on_closed = on_closed_at_random;
	bench.on_interval = on_interval_at_random;
	const struct counts *counts = bench_go(&bench);
	uint64_t by_level = 0;

	for (size_t i = 0; i < bench.summary->levels_n; i++)
		by_level += bench.summary->levels[i].counts.scheduled;
	assert_int_equal(bench.summary->measured.counts.scheduled, by_level);
	assert_int_equal(counts->scheduled, by_level + bench.summary->warmup.counts.scheduled);
	bench_fini(&bench);
}

static void
test_whatever_is_said_every_arrival_is_counted_once(void **state)
{
	(void)state;
	for (seed = 1; seed <= SEEDS; seed++)
		run_at_random();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever_is_said_every_arrival_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
