#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/units.h"
#include "engine/run.h"
#include "measure/summary.h"
#include "unit/engine/plans.h"

#define AHEAD_NS (50 * NS_PER_MS)

/* One of several runs that share a load, on the virtual clock, led by what the test says when it is idle. */
struct shard {
	struct plan *plan;
	uv_loop_t loop;
	struct clock clock;
	struct addresses addresses;
	struct summary *summary;
	struct run *run;
	uint32_t last_level, levels_n;
	int64_t last_start_ns, jump_ns;
	unsigned idle_n, resumed_n, intervals;
	enum run_phase phase;
	uint32_t users;          /* most at a time */
	uint32_t pause_at_level; /* paused when it closes; LEVEL_NONE: none */
	struct control resume;
	bool is_ended;
};

static void
on_phase(void *context, enum run_phase phase, int64_t at_ns)
{
	struct shard *shard = context;

	if (phase == RUN_MEASURE && shard->phase == RUN_RECOVER) {
		shard->resumed_n++;
		assert_true(at_ns >= shard->resume.at_ns); /* the level's start says when exactly */
	}
	shard->phase = phase;
}

static void
on_level(void *context, uint32_t level, int64_t start_ns, int64_t end_ns, double offered)
{
	struct shard *shard = context;

	shard->last_level = level;
	shard->last_start_ns = start_ns;
	shard->levels_n++;
	summary_add_level(shard->summary, level, start_ns, end_ns, offered);
}

static void
on_cut(void *context, int64_t at_ns)
{
	struct shard *shard = context;

	summary_cut(shard->summary, at_ns);
}

static void
on_complete(void *context, int64_t at_ns)
{
	struct shard *shard = context;

	summary_complete(shard->summary, at_ns);
}

static void
on_idle(void *context, int64_t at_ns)
{
	struct shard *shard = context;

	shard->idle_n++;
	assert_false(shard->is_ended);
	if (shard->resume.kind != CONTROL_RESUME || shard->idle_n > 1) {
		run_control(shard->run, &(struct control){.kind = CONTROL_END, .at_ns = -1});
		return;
	}
	shard->resume.at_ns = at_ns + AHEAD_NS;
	run_control(shard->run, &shard->resume);
}

static void
on_interval(void *context, struct interval *interval)
{
	struct shard *shard = context;

	interval_add_up(interval);
	summary_add_interval(shard->summary, interval);
	if (interval->users > shard->users)
		shard->users = interval->users;
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		const struct interval_level *level = &interval->levels[i];

		if (level->is_used && level->is_last && level->level == shard->pause_at_level)
			run_control(shard->run, &(struct control){.kind = CONTROL_PAUSE, .at_ns = -1});
	}
	if (++shard->intervals == 2 && shard->jump_ns > 0)
		clock_set_ns(&shard->clock, clock_now_ns(&shard->clock) + shard->jump_ns);
	run_give_interval(shard->run, interval);
}

static void
on_end(void *context)
{
	struct shard *shard = context;

	shard->is_ended = true;
}

static const struct run_events events = {
	.on_phase = on_phase,
	.on_level = on_level,
	.on_cut = on_cut,
	.on_complete = on_complete,
	.on_idle = on_idle,
	.on_interval = on_interval,
	.on_end = on_end,
};

static void
shard_init(struct shard *shard, const char *profile)
{
	*shard = (struct shard){.plan = plan_of(profile), .pause_at_level = LEVEL_NONE};
	clock_init_virtual(&shard->clock, 1000 * NS_PER_S);
	assert_int_equal(uv_loop_init(&shard->loop), 0);
	shard->summary = summary_new(shard->plan);
}

static void
shard_go(struct shard *shard, uint32_t index, uint32_t shards, bool is_led)
{
	struct error err = {0};

	shard->run = run_new(
		&(struct run_config){
			.plan = shard->plan,
			.loop = &shard->loop,
			.clock = &shard->clock,
			.shard = index,
			.shards = shards,
			.is_led = is_led,
			.addresses = &shard->addresses,
			.events = &events,
			.context = shard,
		},
		&err);
	assert_non_null(shard->run);
	run_start_at(shard->run, 1001 * NS_PER_S);
	run_go(shard->run);
	assert_true(shard->is_ended);
}

static void
shard_fini(struct shard *shard)
{
	run_free(shard->run);
	while (uv_run(&shard->loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(uv_loop_close(&shard->loop), 0);
	summary_free(shard->summary);
	plan_free(shard->plan);
}

/* Every level of n shards together has what it has where one does all of it. */
static void
assert_shards_are_one(const char *profile, uint32_t shards)
{
	struct shard alone;
	struct counts levels[16] = {0}, requests[2] = {0};

	shard_init(&alone, profile);
	shard_go(&alone, 0, 1, false);
	for (uint32_t i = 0; i < shards; i++) {
		struct shard shard;

		shard_init(&shard, profile);
		shard_go(&shard, i, shards, true);
		assert_int_equal(shard.summary->levels_n, alone.summary->levels_n);
		for (size_t l = 0; l < shard.summary->levels_n; l++) {
			assert_int_equal(shard.summary->levels[l].start_ns, alone.summary->levels[l].start_ns);
			assert_int_equal(shard.summary->levels[l].end_ns, alone.summary->levels[l].end_ns);
			assert_true(shard.summary->levels[l].offered == alone.summary->levels[l].offered);
			counts_merge(&levels[l], &shard.summary->levels[l].counts);
		}
		for (size_t r = 0; r < shard.plan->requests_n; r++)
			counts_merge(&requests[r], &shard.summary->request_totals[r]);
		shard_fini(&shard);
	}
	for (size_t l = 0; l < alone.summary->levels_n; l++)
		assert_int_equal(levels[l].scheduled, alone.summary->levels[l].counts.scheduled);
	for (size_t r = 0; r < alone.plan->requests_n; r++)
		assert_int_equal(requests[r].ok, alone.summary->request_totals[r].ok);
	shard_fini(&alone);
}

static void
test_shards_together_send_what_one_would(void **state)
{
	(void)state;
	assert_shards_are_one("load: {steps: {from: 100/s, by: 37/s, every: 1s, to: 300/s}, warmup: 500ms}\n", 3);
}

static void
test_shards_together_draw_the_gaps_and_requests_that_one_would(void **state)
{
	(void)state;
	assert_shards_are_one("scenarios:\n"
			      "  - {name: s, load: {steady: {rate: 500/s, for: 5s}, spacing: poisson}, requests: "
			      "[{name: a, get: /a, weight: 3}, {name: b, get: /b}]}\n",
		4);
}

static void
test_users_and_iterations_are_shared_out_to_the_last(void **state)
{
	uint64_t ok = 0, measured = 0;
	uint32_t users = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct shard shard;

		shard_init(&shard, "load: {concurrency: {users: 7, iterations: 1000}, warmup: {requests: 200}}\n");
		shard_go(&shard, i, 3, true);
		ok += shard.summary->everything.counts.ok;
		measured += shard.summary->measured.counts.ok;
		users += shard.users;
		shard_fini(&shard);
	}
	assert_int_equal(ok, 1200);
	assert_int_equal(measured, 1000);
	assert_int_equal(users, 7);
}

static void
test_a_led_run_ends_when_it_is_told_and_says_once_that_it_waits(void **state)
{
	struct shard shard;

	(void)state;
	shard_init(&shard, "load: {steady: {rate: 100/s, for: 2s}}\n");
	shard_go(&shard, 0, 1, true);
	assert_int_equal(shard.idle_n, 1);
	assert_int_equal(shard.summary->everything.counts.ok, 200);
	shard_fini(&shard);
}

/* Others have begun a level more than this one had: what goes on is the fifth for all of them. */
static void
test_a_led_run_goes_on_at_the_moment_and_as_the_level_that_it_is_told(void **state)
{
	struct shard shard;

	(void)state;
	shard_init(&shard, "load: {steps: {from: 100/s, by: 100/s, every: 1s, to: 300/s}}\n");
	shard.pause_at_level = 1;
	shard.resume = (struct control){.kind = CONTROL_RESUME, .first_level = 5, .span = 1};
	shard_go(&shard, 0, 1, true);
	assert_int_equal(shard.resumed_n, 1);
	assert_int_equal(shard.idle_n, 2);
	assert_int_equal(shard.summary->levels_n, 7);
	const struct level_summary *repeated = &shard.summary->levels[5], *last = &shard.summary->levels[6];

	assert_int_equal(repeated->start_ns, shard.resume.at_ns);
	assert_true(repeated->offered == 200 && last->offered == 300);
	assert_int_equal(repeated->counts.ok, 200);
	assert_int_equal(last->counts.ok, 300);
	shard_fini(&shard);
}

static void
test_a_led_run_that_is_told_to_go_on_after_the_last_level_drains(void **state)
{
	struct shard shard;

	(void)state;
	shard_init(&shard, "load: {steps: {from: 100/s, by: 100/s, every: 1s, to: 300/s}}\n");
	shard.pause_at_level = 1;
	shard.resume = (struct control){.kind = CONTROL_RESUME, .first_level = 3, .span = 3};
	shard_go(&shard, 0, 1, true);
	assert_int_equal(shard.resumed_n, 0);
	assert_int_equal(shard.idle_n, 2);
	shard_fini(&shard);
}

/* Alone, a level that the process stood still through never was; here the others have run it, under its number. */
static void
test_a_gap_swallows_no_level_of_a_shard(void **state)
{
	struct shard shard;

	(void)state;
	shard_init(&shard, "load: {steps: {from: 100/s, by: 100/s, every: 500ms, to: 2000/s}}\n");
	shard.jump_ns = 5 * NS_PER_S;
	shard_go(&shard, 1, 2, true);
	assert_int_equal(shard.levels_n, 20);
	assert_int_equal(shard.summary->levels[19].start_ns, 19 * 500 * NS_PER_MS);
	const struct counts *lost = &shard.summary->levels[8].counts;

	assert_int_equal(lost->scheduled, 225);
	assert_int_equal(lost->by_failure[FAILURE_LOOP_GAP], 225);
	shard_fini(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shards_together_send_what_one_would),
		cmocka_unit_test(test_shards_together_draw_the_gaps_and_requests_that_one_would),
		cmocka_unit_test(test_users_and_iterations_are_shared_out_to_the_last),
		cmocka_unit_test(test_a_led_run_ends_when_it_is_told_and_says_once_that_it_waits),
		cmocka_unit_test(test_a_led_run_goes_on_at_the_moment_and_as_the_level_that_it_is_told),
		cmocka_unit_test(test_a_led_run_that_is_told_to_go_on_after_the_last_level_drains),
		cmocka_unit_test(test_a_gap_swallows_no_level_of_a_shard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
