#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "target/llm_engine.h"

#define MS NS_PER_MS
#define SEQUENCES 64
#define TOKENS 256

/* An engine in virtual time, and what it says: when each token of each sequence was there. */
struct fixture {
	struct engine_model model;
	struct freeze freeze;
	struct engine engine;
	struct sequence sequences[SEQUENCES];
	int64_t times[SEQUENCES][TOKENS];
	uint64_t counts[SEQUENCES];
	uint64_t cached[SEQUENCES];
	struct sequence *leaves_with; /* once this one has a token, ... */
	struct sequence *leaver;      /* ... that one leaves */
	struct sequence *leaves_at_join;
};

static void
on_join(struct sequence *s, void *user)
{
	struct fixture *f = user;

	s->cached_tokens = f->cached[s - f->sequences];
	if (s == f->leaves_at_join)
		engine_leave(&f->engine, s);
}

static void
on_tokens(struct sequence *s, uint64_t count, int64_t at_ns, void *user)
{
	struct fixture *f = user;
	size_t i = (size_t)(s - f->sequences);

	assert_true(s->made_tokens <= s->wanted_tokens);
	assert_int_equal(s->place == SEQUENCE_OUT, s->made_tokens == s->wanted_tokens);
	while (count-- > 0)
		f->times[i][f->counts[i]++] = at_ns;
	if (s == f->leaves_with)
		engine_leave(&f->engine, f->leaver);
}

/* 10 ms of prefill and 1 ms per token; steps of 20 ms and 5 ms for each further sequence. */
static void
start(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->model = (struct engine_model){.prefill_ns = 10 * MS,
		.prefill_per_token_ns = 1 * MS,
		.step_ns = 20 * MS,
		.step_per_sequence_ns = 5 * MS,
		.batch_max = 8,
		.tokens_per_step = 1,
		.cache_saves = 1};
}

static void
init(struct fixture *f)
{
	engine_init(&f->engine, &f->model, &f->freeze, 0);
	f->engine.on_join = on_join;
	f->engine.on_tokens = on_tokens;
	f->engine.user = f;
}

static void
run_until(struct fixture *f, int64_t until_ns)
{
	while (engine_next_ns(&f->engine) <= until_ns && engine_next_ns(&f->engine) != INT64_MAX)
		engine_advance(&f->engine);
}

static void
arrive(struct fixture *f, size_t i, int64_t at_ns, uint64_t prompt, uint64_t wanted)
{
	f->sequences[i] = (struct sequence){.arrival_ns = at_ns, .prompt_tokens = prompt, .wanted_tokens = wanted};
	list_init(&f->sequences[i].node);
	engine_arrive(&f->engine, &f->sequences[i]);
}

static void
test_a_lone_request_takes_its_prefill_and_then_a_step_per_token(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	init(&f);
	arrive(&f, 0, 1000, 7, 4);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.counts[0], 4);
	assert_int_equal(f.times[0][0], 1000 + 17 * MS);
	for (int i = 1; i < 4; i++)
		assert_int_equal(f.times[0][i], 1000 + 17 * MS + i * 20 * MS);
	assert_int_equal(engine_next_ns(&f.engine), INT64_MAX);
	assert_int_equal(f.engine.counts.steps, 3);
}

static void
test_a_late_caller_changes_nothing(void **state)
{
	(void)state;
	struct fixture prompt, late;

	start(&prompt);
	init(&prompt);
	arrive(&prompt, 0, 0, 5, 10);
	run_until(&prompt, 40 * MS);
	arrive(&prompt, 1, 40 * MS, 5, 10);
	run_until(&prompt, INT64_MAX);

	start(&late);
	init(&late);
	arrive(&late, 0, 0, 5, 10);
	arrive(&late, 1, 40 * MS, 5, 10); /* known before the steps up to its arrival were asked for */
	run_until(&late, INT64_MAX);
	assert_memory_equal(prompt.times, late.times, sizeof(prompt.times));
}

static void
test_a_step_grows_with_the_batch(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	init(&f);
	for (size_t i = 0; i < 4; i++)
		arrive(&f, i, 0, 5, 3);
	run_until(&f, INT64_MAX);
	/* The first finds the engine idle; the three that come at the same time join after its prefill. */
	assert_int_equal(f.times[0][0], 15 * MS);
	assert_int_equal(f.times[1][0], (15 + 10 + 3 * 5) * MS);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(f.times[i][1], (40 + 20 + 3 * 5) * MS);
	assert_int_equal(f.times[3][2], (75 + 35) * MS);
}

static void
test_prefill_goes_first_and_who_decodes_waits(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	init(&f);
	arrive(&f, 0, 0, 5, 10);
	run_until(&f, 15 * MS);
	arrive(&f, 1, 20 * MS, 15, 2); /* during the first step, which ends at 35 */
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[0][1], 35 * MS);
	assert_int_equal(f.times[1][0], (35 + 25) * MS);
	assert_int_equal(f.times[0][2], (60 + 25) * MS);
	assert_int_equal(f.times[1][1], (60 + 25) * MS);
	assert_int_equal(f.times[0][3], (85 + 20) * MS);
}

static void
test_more_than_a_batch_waits_for_room(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.model.batch_max = 2;
	init(&f);
	for (size_t i = 0; i < 3; i++)
		arrive(&f, i, 0, 0, 2);
	assert_int_equal(f.engine.waiting_count, 2);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[1][1], (20 + 25) * MS);
	assert_int_equal(f.times[2][0], (45 + 10) * MS);
	assert_int_equal(f.engine.counts.running_peak, 2);
	assert_int_equal(f.engine.counts.waiting_peak, 2);
}

/* Eight requests of 50 tokens: 8 (20 ms + 49 × 20 ms) one after the other against one batch of eight. */
static void
test_batching_multiplies_the_throughput(void **state)
{
	(void)state;
	int64_t took[2];

	for (int batching = 0; batching < 2; batching++) {
		struct fixture f;

		start(&f);
		f.model.step_per_sequence_ns = 6 * MS;
		f.model.batch_max = batching ? 8 : 1;
		init(&f);
		for (size_t i = 0; i < 8; i++)
			arrive(&f, i, 0, 10, 50);
		run_until(&f, INT64_MAX);
		took[batching] = f.engine.free_ns;
		for (size_t i = 0; i < 8; i++)
			assert_int_equal(f.counts[i], 50);
	}
	assert_int_equal(took[0], 8 * (20 + 49 * 20) * MS);
	/* The first is a prefill ahead, and so alone in no step: 49 steps of eight. */
	assert_int_equal(took[1], (20 + 10 + 7 * 10 + 49 * (20 + 7 * 6)) * MS);
}

static void
test_what_is_cached_saves_its_share_of_the_prefill(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.model.cache_saves = 0.5;
	init(&f);
	f.cached[0] = 80;
	arrive(&f, 0, 0, 100, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[0][0], (10 + 60) * MS);
}

static void
test_the_first_prefill_after_a_start_or_a_long_rest_loads_the_model(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.model.cold_start_ns = 2000 * MS;
	f.model.cold_after_ns = 5000 * MS;
	init(&f);
	arrive(&f, 0, 0, 0, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[0][0], 2010 * MS);
	assert_int_equal(f.sequences[0].load_ns, 2000 * MS);
	arrive(&f, 1, 2010 * MS + 4999 * MS, 0, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[1][0], 7019 * MS);
	arrive(&f, 2, 7019 * MS + 5000 * MS, 0, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[2][0], (12019 + 2010) * MS);
	assert_int_equal(f.engine.counts.cold_starts, 2);
}

static void
test_a_step_may_yield_several_tokens_and_never_too_many(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.model.tokens_per_step = 4;
	init(&f);
	arrive(&f, 0, 0, 0, 8); /* 1 + 4 + 3 */
	run_until(&f, INT64_MAX);
	assert_int_equal(f.counts[0], 8);
	assert_int_equal(f.times[0][4], 30 * MS);
	assert_int_equal(f.times[0][5], 50 * MS);
	assert_int_equal(f.times[0][7], 50 * MS);
}

static void
test_who_leaves_makes_room_and_stays_silent(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.model.batch_max = 2;
	init(&f);
	for (size_t i = 0; i < 3; i++)
		arrive(&f, i, 0, 0, 10);
	run_until(&f, 45 * MS); /* 0 and 1 run */
	engine_leave(&f.engine, &f.sequences[1]);
	engine_leave(&f.engine, &f.sequences[1]);
	run_until(&f, 70 * MS); /* the step under way keeps its length, and then 2 joins */
	assert_int_equal(f.counts[1], 2);
	assert_int_equal(f.sequences[2].join_ns, 70 * MS);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.counts[1], 2);
	assert_int_equal(f.counts[0] + f.counts[2], 20);
}

static void
test_callbacks_may_make_anybody_leave(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	init(&f);
	for (size_t i = 0; i < 3; i++)
		arrive(&f, i, 0, 0, 5);
	f.leaves_with = &f.sequences[1];
	f.leaver = &f.sequences[2]; /* is due in the same step, after 1 */
	run_until(&f, INT64_MAX);
	assert_int_equal(f.counts[2], 0);
	assert_int_equal(f.counts[0] + f.counts[1], 10);

	start(&f);
	init(&f);
	f.leaves_at_join = &f.sequences[0];
	arrive(&f, 0, 0, 0, 5);
	assert_int_equal(engine_next_ns(&f.engine), INT64_MAX);
	arrive(&f, 1, 5, 0, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.counts[0], 0);
	assert_int_equal(f.times[1][0], 5 + 10 * MS);
}

static int64_t chore_done_ns;

static void
on_chore_done(struct chore *chore, int64_t at_ns)
{
	(void)chore;
	chore_done_ns = at_ns;
}

static void
test_a_chore_has_the_engine_for_itself(void **state)
{
	(void)state;
	struct fixture f;
	struct chore chore = {.arrival_ns = 20 * MS, .length_ns = 500 * MS, .on_done = on_chore_done};

	start(&f);
	init(&f);
	list_init(&chore.node);
	arrive(&f, 0, 0, 0, 3);
	run_until(&f, 20 * MS);
	engine_do(&f.engine, &chore);
	arrive(&f, 1, 21 * MS, 0, 1);
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[0][2], 50 * MS); /* who runs may end */
	assert_int_equal(chore_done_ns, 550 * MS);
	assert_int_equal(f.times[1][0], 560 * MS);
}

static void
test_a_freeze_stops_the_engine(void **state)
{
	(void)state;
	struct fixture f;

	start(&f);
	f.freeze = (struct freeze){.length_ns = 100 * MS, .every_ns = 1000 * MS};
	init(&f);
	arrive(&f, 0, 995 * MS, 0, 2); /* frozen from 1000 to 1100 */
	run_until(&f, INT64_MAX);
	assert_int_equal(f.times[0][0], 1105 * MS);
	assert_int_equal(f.times[0][1], 1125 * MS);
}

/* The median of a lognormal with median 1 is the plain length; sigma is that of the logarithms. */
static void
test_noise_spreads_the_steps_around_their_length(void **state)
{
	(void)state;
	static struct fixture f, again;
	double sum = 0, squares = 0;
	enum { N = TOKENS - 1 };

	start(&f);
	f.model.noise_sigma = 0.2;
	init(&f);
	arrive(&f, 0, 0, 5, TOKENS);
	run_until(&f, INT64_MAX);
	for (int i = 1; i <= N; i++) {
		double l = log((double)(f.times[0][i] - f.times[0][i - 1]) / (20.0 * MS));

		sum += l;
		squares += l * l;
	}
	assert_true(fabs(sum / N) < 4 * 0.2 / sqrt(N));
	assert_true(fabs(sqrt(squares / N) - 0.2) < 4 * 0.2 / sqrt(2.0 * N));

	start(&again);
	again.model.noise_sigma = 0.2;
	init(&again);
	arrive(&again, 0, 0, 5, TOKENS);
	run_until(&again, INT64_MAX);
	assert_memory_equal(again.times, f.times, sizeof(f.times));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_lone_request_takes_its_prefill_and_then_a_step_per_token),
		cmocka_unit_test(test_a_late_caller_changes_nothing),
		cmocka_unit_test(test_a_step_grows_with_the_batch),
		cmocka_unit_test(test_prefill_goes_first_and_who_decodes_waits),
		cmocka_unit_test(test_more_than_a_batch_waits_for_room),
		cmocka_unit_test(test_batching_multiplies_the_throughput),
		cmocka_unit_test(test_what_is_cached_saves_its_share_of_the_prefill),
		cmocka_unit_test(test_the_first_prefill_after_a_start_or_a_long_rest_loads_the_model),
		cmocka_unit_test(test_a_step_may_yield_several_tokens_and_never_too_many),
		cmocka_unit_test(test_who_leaves_makes_room_and_stays_silent),
		cmocka_unit_test(test_callbacks_may_make_anybody_leave),
		cmocka_unit_test(test_a_chore_has_the_engine_for_itself),
		cmocka_unit_test(test_a_freeze_stops_the_engine),
		cmocka_unit_test(test_noise_spreads_the_steps_around_their_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
