#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "engine/sessions.h"
#include "unit/engine/plans.h"

struct bench {
	struct plan *plan;
	struct sessions sessions;
};

static void
bench_init(struct bench *b, const char *flow, uint32_t n)
{
	char profile[512];

	snprintf(profile, sizeof(profile), "load: {steady: {rate: 1/s, for: 1s}}\n%s", flow);
	b->plan = plan_of(profile);
	sessions_init(&b->sessions, b->plan, &b->plan->scenarios[0], 7, n);
}

static void
bench_fini(struct bench *b)
{
	sessions_fini(&b->sessions);
	plan_free(b->plan);
}

static void
test_whoever_is_due_first_wakes_first(void **state)
{
	enum { N = 500 };
	struct bench b;

	(void)state;
	bench_init(&b, "flow: [{name: a, get: /}]\n", N);
	for (uint64_t seed = 0; seed < 20; seed++) {
		int64_t last_ns = INT64_MIN;
		uint64_t last_n = 0;

		for (uint64_t i = 0; i < N; i++) {
			struct visit *visit = sessions_take(&b.sessions, i);

			visit->due_ns = (int64_t)(rng_at(seed, 1, i) % 100); /* many are due at once */
			sessions_think(&b.sessions, visit);
		}
		for (uint64_t i = 0; i < N; i++) {
			int64_t next_ns = sessions_next_due_ns(&b.sessions);
			struct visit *visit = sessions_wake(&b.sessions);

			assert_int_equal(visit->due_ns, next_ns);
			assert_true(next_ns >= last_ns);
			assert_true(next_ns > last_ns || visit->n > last_n); /* the older of two */
			last_ns = next_ns;
			last_n = visit->n;
			sessions_give(&b.sessions, visit);
		}
		assert_int_equal(sessions_next_due_ns(&b.sessions), INT64_MAX);
		assert_int_equal(b.sessions.under_way_n, 0);
	}
	bench_fini(&b);
}

static void
test_thinking_and_waking_in_any_order_keeps_the_order(void **state)
{
	enum { N = 64 };
	struct bench b;
	int64_t due[N];
	size_t n = 0;

	(void)state;
	bench_init(&b, "flow: [{name: a, get: /}]\n", N);
	for (uint64_t i = 0; i < 20000; i++) {
		bool wakes = n == N || (n > 0 && rng_at(3, 1, i) % 2 == 0);

		if (!wakes) {
			struct visit *visit = sessions_take(&b.sessions, i);

			due[n++] = visit->due_ns = (int64_t)(rng_at(4, 1, i) % 1000);
			sessions_think(&b.sessions, visit);
			continue;
		}
		size_t first = 0;

		for (size_t j = 1; j < n; j++)
			if (due[j] < due[first])
				first = j;
		struct visit *visit = sessions_wake(&b.sessions);

		assert_int_equal(visit->due_ns, due[first]);
		due[first] = due[--n];
		sessions_give(&b.sessions, visit);
	}
	bench_fini(&b);
}

static void
test_a_session_goes_through_its_steps_and_repetitions(void **state)
{
	struct bench b;
	int64_t think_ns;

	(void)state;
	bench_init(&b,
		"flow: [{name: a, get: /, think: 1s}, {name: b, get: /, repeat: 3, think: 2s}, {name: c, get: /}]\n",
		1);
	static const struct {
		uint32_t step;
		uint64_t repetition;
		int64_t think_ns;
	} way[] = {{1, 0, 1000000000}, {1, 1, 2000000000}, {1, 2, 2000000000}, {2, 0, 2000000000}};
	struct visit *visit = sessions_take(&b.sessions, 0);

	for (size_t i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		think_ns = sessions_think_ns(&b.sessions, visit);
		assert_true(sessions_advance(&b.sessions, visit));
		assert_int_equal(visit->step, way[i].step);
		assert_int_equal(visit->session.repetition, way[i].repetition);
		assert_int_equal(visit->position, i + 1);
		assert_int_equal(think_ns, way[i].think_ns);
	}
	assert_false(sessions_advance(&b.sessions, visit));
	sessions_give(&b.sessions, visit);
	bench_fini(&b);
}

static void
test_shards_call_their_sessions_by_different_names(void **state)
{
	struct bench one, two;

	(void)state;
	bench_init(&one, "flow: [{name: a, get: /}]\n", 100);
	bench_init(&two, "flow: [{name: a, get: /}]\n", 100);
	one.sessions.shards = two.sessions.shards = 2;
	two.sessions.shard = 1;
	for (uint64_t i = 0; i < 100; i++) {
		sessions_take(&one.sessions, 2 * i);
		sessions_take(&two.sessions, 2 * i + 1);
	}
	for (size_t i = 0; i < 100; i++)
		for (size_t j = 0; j < 100; j++) {
			assert_memory_not_equal(
				one.sessions.all[i].session.id, two.sessions.all[j].session.id, SESSION_ID_LENGTH);
			if (i != j)
				assert_memory_not_equal(one.sessions.all[i].session.id, one.sessions.all[j].session.id,
					SESSION_ID_LENGTH);
		}
	bench_fini(&one);
	bench_fini(&two);
}

static void
test_a_slot_that_is_used_again_holds_nothing_of_its_last_session(void **state)
{
	struct bench b;
	size_t length;

	(void)state;
	bench_init(&b,
		"session: {cookies: true}\nflow: [{name: a, get: /, extract: {t: {json: /t}}}, {name: b, get: /}]\n",
		1);
	struct visit *first = sessions_take(&b.sessions, 0);

	session_set_value(&first->session, 0, "canary", 6);
	session_keep_cookie(&first->session, "c=canary", 8);
	session_add_turn(&first->session, "canary", 6);
	session_end_turn(&first->session);
	sessions_give(&b.sessions, first);
	struct visit *second = sessions_take(&b.sessions, 1);

	assert_ptr_equal(first, second);
	session_value(&second->session, 0, &length);
	assert_int_equal(length, 0);
	assert_int_equal(second->session.jar.length, 0);
	assert_int_equal(second->session.history_kept, 0);
	bench_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whoever_is_due_first_wakes_first),
		cmocka_unit_test(test_thinking_and_waking_in_any_order_keeps_the_order),
		cmocka_unit_test(test_a_session_goes_through_its_steps_and_repetitions),
		cmocka_unit_test(test_shards_call_their_sessions_by_different_names),
		cmocka_unit_test(test_a_slot_that_is_used_again_holds_nothing_of_its_last_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
