#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/check.h"
#include "fleet/fleet.h"
#include "unit/engine/plans.h"

static bool
can_share(const char *target, const char *profile, uint32_t workers, struct error *err)
{
	struct fleet_options options = {.workers = workers, .profile = __FILE__};
	struct plan *plan = plan_of_target(target, profile);
	bool is_good = fleet_check(plan, &options, err);

	assert_int_equal(is_good, !error_is_set(err));
	plan_free(plan);
	return is_good;
}

static void
test_each_worker_gets_one_of_everything_or_the_load_is_refused(void **state)
{
	static const struct {
		const char *target, *profile, *says;
	} rows[] = {
		{", connections: 2", "load: {steady: {rate: 9/s, for: 1s}}\n", "target.connections is 2"},
		{"", "load: {steady: {rate: 9/s, for: 1s}, in_flight: {max: 2}}\n", "in_flight.max is 2"},
		{"", "load: {concurrency: {users: 2, for: 1s}}\n", "users is 2"},
		{"", "load: {concurrency: {users: 9, iterations: 2}}\n", "iterations is 2"},
		{"", "load: {concurrency: {users: 9, for: 1s}, warmup: {requests: 2}}\n", "warmup.requests is 2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0}, none = {0};

		assert_false(can_share(rows[i].target, rows[i].profile, 3, &err));
		assert_non_null(strstr(err.message, rows[i].says));
		assert_true(can_share(rows[i].target, rows[i].profile, 2, &none));
	}
}

/* Nobody tells a shard what the others measure. */
static void
test_a_load_that_is_steered_or_has_more_around_it_is_not_sent_by_blind_shards(void **state)
{
	static const struct {
		const char *profile, *says;
	} rows[] = {
		{"load: {search: {from: 10/s, max: 100/s}}\n", "load.search steers"},
		{"load: {steps: {from: 10/s, by: 10/s, every: 1s, to: 30/s}}\n", "stop: first_broken steers"},
		{"load: {steps: {from: 10/s, by: 10/s, every: 1s, to: 30/s}}\nstop: after 2\n", "stop: after steers"},
		{"load: {steady: {rate: 9/s, for: 1s}}\nbefore: \"true\"\n", "'before' would be done"},
		{"load: {steady: {rate: 9/s, for: 1s}}\nafter: \"true\"\n", "'after' would be done"},
		{"load: {steady: {rate: 9/s, for: 1s}}\nat: [{at: 0s, run: \"true\"}]\n", "'at' would be done"},
		{"load: {steady: {rate: 9/s, for: 1s}}\nprobe: /health\n", "'probe' would be done"},
		{"load: {concurrency: {users: 2, for: 1s}}\n", "less than one for each shard"},
	};
	struct error none = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plan *plan = plan_of(rows[i].profile);
		struct error err = {0};

		assert_false(shard_check(plan, 3, &err));
		if (strstr(err.message, rows[i].says) == NULL)
			fail_msg("%s", err.message);
		plan_free(plan);
	}
	struct plan *stepped = plan_of("load: {steps: {from: 10/s, by: 10/s, every: 1s, to: 30/s}}\nstop: max\n");

	assert_true(shard_check(stepped, 3, &none));
	stepped->abort_when_n = 1;
	assert_false(shard_check(stepped, 3, &none));
	assert_non_null(strstr(none.message, "abort_when steers"));
	plan_free(stepped);
}

/* A pipe is read once; every worker reads the profile. */
static void
test_a_profile_that_cannot_be_read_again_is_refused(void **state)
{
	static const char *const paths[] = {"-", "/dev/null"};
	struct plan *plan = plan_of("load: {steady: {rate: 9/s, for: 1s}}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct fleet_options options = {.workers = 2, .profile = paths[i]};
		struct error err = {0};

		assert_false(fleet_check(plan, &options, &err));
	}
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_worker_gets_one_of_everything_or_the_load_is_refused),
		cmocka_unit_test(test_a_load_that_is_steered_or_has_more_around_it_is_not_sent_by_blind_shards),
		cmocka_unit_test(test_a_profile_that_cannot_be_read_again_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
