#include "unit/request/feeding.h"

#include <math.h>

#include "base/check.h"
#include "request/split.h"

/* A split by this key, beside rows of a CSV file. */
struct bench {
	struct feeding f;
	struct split *split;
};

static bool
bench_open(struct bench *b, const char *key, double share, enum plan_split_side side)
{
	static const char rows[] = "id,name\nu-1,Ann\nu-2,\"Bob, jr\"\nu-3,Zo\303\253\n";

	*b = (struct bench){.split = NULL};
	feeding_write(&b->f, rows, sizeof(rows) - 1);
	b->f.feed = (struct plan_feed){
		.name = "f", .file = b->f.path, .shown = "rows", .format = FEED_FORMAT_CSV, .profile = "x.yaml"};
	b->f.data = (struct plan_data){&b->f.feed, 1};
	b->f.plan.path = "x.yaml";
	b->f.plan.data = &b->f.data;
	b->f.plan.split = (struct plan_split){.key = key, .share = share, .side = side, .line = 4, .column = 9};
	b->f.feeds = feeds_new(&b->f.data, &b->f.err);
	assert_non_null(b->f.feeds);
	b->split = split_new(&b->f.plan, b->f.feeds, &b->f.err);
	feeds_settle(b->f.feeds);
	return b->split != NULL;
}

static void
bench_close(struct bench *b)
{
	split_free(b->split);
	feeding_close(&b->f);
}

/* By a Python of our own making; its FNV-1a gives the published 85944171f73967e8 for "foobar". */
static void
test_a_key_has_the_place_that_others_compute_for_it(void **state)
{
	static const struct {
		const char *key;
		double place;
	} known[] = {
		{"", 0x1.ea542bd3536bdp-1},
		{"a", 0x1.605edfa40a100p-7},
		{"user-1", 0x1.89336bf14e43bp-1},
		{"user-2", 0x1.3ece3d051642ap-2},
		{"Zo\303\253", 0x1.f7203476cecc7p-1},
		{"0", 0x1.17acc66533368p-1},
		{"399", 0x1.fadfbf4bb70c6p-2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_true(split_place(known[i].key, strlen(known[i].key)) == known[i].place);
}

static size_t
candidates_of(double share, const char *form, uint64_t n)
{
	size_t taken = 0;

	for (uint64_t i = 0; i < n; i++) {
		char key[64];
		int length = snprintf(key, sizeof(key), form, (unsigned long long)i);

		taken += split_is_candidate(split_place(key, (size_t)length), share);
	}
	return taken;
}

/* Within five standard deviations of the binomial distribution, whatever keys look like. */
static void
test_the_candidate_gets_its_share_of_the_keys(void **state)
{
	static const char *const forms[] = {"%llu", "user-%llu", "%020llu@example.com", "a/%llx/z", "key=%llu&x=1"};
	static const double shares[] = {0.001, 0.01, 0.1, 0.25, 0.5, 0.99};
	enum { KEYS = 50000 };

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(forms); f++)
		for (size_t s = 0; s < ARRAY_LEN(shares); s++) {
			double wanted = shares[s] * KEYS, sigma = sqrt(wanted * (1 - shares[s]));
			double got = (double)candidates_of(shares[s], forms[f], KEYS);

			assert_true(fabs(got - wanted) < 5 * sigma);
		}
	assert_int_equal(candidates_of(0, "%llu", KEYS), 0);
	assert_int_equal(candidates_of(1, "%llu", KEYS), KEYS);
}

static void
test_raising_the_share_moves_no_key_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		char key[32];
		int length = snprintf(key, sizeof(key), "user-%u", i);
		double place = split_place(key, (size_t)length);
		bool was_candidate = false;

		for (double share = 0; share <= 1; share += 1.0 / 128) {
			bool is_candidate = split_is_candidate(place, share);

			assert_true(is_candidate || !was_candidate);
			was_candidate = is_candidate;
		}
		assert_true(was_candidate);
	}
}

static void
test_each_arrival_is_sent_by_one_side_and_not_by_the_other(void **state)
{
	struct bench candidate, baseline;
	size_t taken = 0;

	(void)state;
	assert_true(bench_open(&candidate, "${seq}", 0.3, SPLIT_CANDIDATE));
	assert_true(bench_open(&baseline, "${seq}", 0.3, SPLIT_BASELINE));
	for (uint64_t k = 0; k < 10000; k++) {
		bool is_candidate = split_takes(candidate.split, 1, k);

		assert_int_not_equal(is_candidate, split_takes(baseline.split, 1, k));
		taken += is_candidate;
	}
	assert_in_range(taken, 2700, 3300);
	bench_close(&candidate);
	bench_close(&baseline);
}

/* Whoever asks, and whenever: row u-2 comes at 1, 4, 7 …, and whatever the seed is. */
static void
test_a_key_of_data_goes_to_one_side_always(void **state)
{
	struct bench b;
	size_t length;

	(void)state;
	assert_true(bench_open(&b, "shop-${f.id}", 0.5, SPLIT_CANDIDATE));
	const char *key = split_key(b.split, 1, 1, &length);

	assert_int_equal(length, 8);
	assert_memory_equal(key, "shop-u-2", 8);
	for (uint64_t k = 0; k < 300; k++)
		for (uint64_t seed = 1; seed < 4; seed++)
			assert_int_equal(split_takes(b.split, seed, k), split_takes(b.split, 1, k % 3));
	bench_close(&b);
}

/* A key is the bytes that stand there, not as some place in a request would have them escaped. */
static void
test_a_key_is_not_escaped(void **state)
{
	struct bench b;
	size_t length;

	(void)state;
	assert_true(bench_open(&b, "${f.name}", 0.5, SPLIT_CANDIDATE));
	const char *key = split_key(b.split, 1, 1, &length);

	assert_int_equal(length, 7);
	assert_memory_equal(key, "Bob, jr", 7);
	bench_close(&b);
}

static void
test_a_key_that_nothing_sticks_to_is_refused(void **state)
{
	static const struct {
		const char *key, *sentence;
	} mistakes[] = {
		{"all", "x.yaml:4:9: split.key: it is the same for all requests; write what tells them apart, such as "
			"${seq} or a column of data, ${users.id}"},
		{"${random(1,9)}", "x.yaml:4:9: split.key: 'random' is another one in each place"},
		{"${seq}-${uuid}", "x.yaml:4:9: split.key: 'uuid' is another one in each place"},
		{"${now}", "x.yaml:4:9: split.key: 'now' is another one in each place"},
		{"${f.town}", "x.yaml:4:9: '${f.town}'"},
		{"${users.id}", "x.yaml:4:9: '${users.id}': there is no 'users' under data"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct bench b;
		char text[1400];

		assert_false(bench_open(&b, mistakes[i].key, 0.5, SPLIT_CANDIDATE));
		if (strncmp(error_text(&b.f.err, text, sizeof(text)), mistakes[i].sentence,
			    strlen(mistakes[i].sentence)) != 0)
			fail_msg("%s: %s", mistakes[i].key, text);
		bench_close(&b);
	}
}

static void
test_a_plan_without_a_split_has_none(void **state)
{
	struct bench b;

	(void)state;
	assert_false(bench_open(&b, NULL, 0, SPLIT_BOTH));
	assert_false(error_is_set(&b.f.err));
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_has_the_place_that_others_compute_for_it),
		cmocka_unit_test(test_the_candidate_gets_its_share_of_the_keys),
		cmocka_unit_test(test_raising_the_share_moves_no_key_back),
		cmocka_unit_test(test_each_arrival_is_sent_by_one_side_and_not_by_the_other),
		cmocka_unit_test(test_a_key_of_data_goes_to_one_side_always),
		cmocka_unit_test(test_a_key_is_not_escaped),
		cmocka_unit_test(test_a_key_that_nothing_sticks_to_is_refused),
		cmocka_unit_test(test_a_plan_without_a_split_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
