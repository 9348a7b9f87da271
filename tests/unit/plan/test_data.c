#include "unit/plan/loading.h"

#include <math.h>
#include <stdio.h>

#include "plan/data.h"

#define HEAD "target: http://127.0.0.1:1\nload: {steady: {rate: 1/s, for: 1s}}\n"

static const struct plan_lengths *
tokens_of(struct plan *plan)
{
	return &plan->data->feeds[0].synthetic.tokens;
}

static struct plan *
load_tokens(const char *tokens)
{
	char text[256];

	snprintf(text, sizeof(text), HEAD "data: {p: {synthetic: {tokens: %s}}}\n", tokens);
	return load(text);
}

static void
check_refused(const char *data, const char *words)
{
	char text[512], into[1400];

	snprintf(text, sizeof(text), HEAD "data: %s\n", data);
	const char *said = refusal_of(text, NULL, into, sizeof(into));

	if (strstr(said, words) == NULL)
		fail_msg("'%s' does not say '%s'", said, words);
}

static void
test_a_profile_without_data_has_no_feeds(void **state)
{
	(void)state;
	struct plan *plan = load(HEAD);

	assert_int_equal(plan->data->n, 0);
	plan_free(plan);
}

static void
test_lengths_are_read_in_all_their_forms(void **state)
{
	(void)state;
	struct plan *plan = load_tokens("500");

	assert_int_equal(tokens_of(plan)->kind, LENGTHS_FIXED);
	assert_int_equal(tokens_of(plan)->most, 500);
	plan_free(plan);
	plan = load_tokens("uniform:10..1000");
	assert_int_equal(tokens_of(plan)->kind, LENGTHS_UNIFORM);
	assert_int_equal(tokens_of(plan)->least, 10);
	assert_int_equal(tokens_of(plan)->most, 1000);
	plan_free(plan);
	plan = load_tokens("'lognormal:100:0.5'");
	assert_int_equal(tokens_of(plan)->kind, LENGTHS_LOGNORMAL);
	assert_int_equal(tokens_of(plan)->most, 1219); /* 100 e^2.5 */
	plan_free(plan);
	plan = load_tokens("'lognormal:100:0.5:800'");
	assert_int_equal(tokens_of(plan)->most, 800);
	plan_free(plan);
	plan = load_tokens("[100, 4000]");
	assert_int_equal(tokens_of(plan)->kind, LENGTHS_LIST);
	assert_int_equal(tokens_of(plan)->most, 4000);
	assert_true(tokens_of(plan)->until[0] == 0.5);
	plan_free(plan);
	plan = load_tokens("{100: 9, 4000: 1}");
	assert_true(tokens_of(plan)->until[0] == 0.9);
	plan_free(plan);
	plan = load(HEAD "data: {p: {synthetic: 700}}\n");
	assert_int_equal(tokens_of(plan)->most, 700);
	assert_int_equal(plan->data->feeds[0].synthetic.output_tokens.kind, LENGTHS_NONE);
	plan_free(plan);
}

/* The mean and the share below the median of a grid of draws, by midpoints: exact to the grid's width. */
static void
test_lengths_are_drawn_as_they_are_named(void **state)
{
	struct plan *uniform = load_tokens("uniform:1..10"), *list = load_tokens("{7: 1, 100: 3}");
	struct plan *lognormal = load_tokens("'lognormal:100:0.5'");
	double sum = 0, sevens = 0, below = 0, logs = 0, squares = 0;
	const int n = 1000;

	(void)state;
	for (int i = 0; i < n; i++) {
		sum += (double)plan_lengths_draw(tokens_of(uniform), (i + 0.5) / n, 0.5);
		sevens += plan_lengths_draw(tokens_of(list), (i + 0.5) / n, 0.5) == 7;
		for (int j = 0; j < 100; j++) {
			uint64_t drawn = plan_lengths_draw(tokens_of(lognormal), (i + 0.5) / n, (j + 0.5) / 100);

			below += drawn < 100;
			logs += log((double)drawn / 100);
			squares += pow(log((double)drawn / 100), 2);
		}
	}
	assert_true(sum == 5.5 * n);
	assert_true(sevens == 250);
	assert_true(fabs(below / (100 * n) - 0.5) < 0.01);
	assert_true(fabs(logs / (100 * n)) < 0.002);
	assert_true(fabs(sqrt(squares / (100 * n)) - 0.5) < 0.005);
	plan_free(uniform);
	plan_free(list);
	plan_free(lognormal);
}

/* What is written in short can still be set key by key. */
static void
test_a_feed_in_short_is_a_map_like_any_other(void **state)
{
	(void)state;
	struct plan *plan = load_set(HEAD "data: {p: {synthetic: 700}}\n",
		(const char *const[]){"data.p.synthetic.shared_prefix=50", "data.p.synthetic.tokens=800", NULL});

	assert_int_equal(tokens_of(plan)->most, 800);
	assert_int_equal(plan->data->feeds[0].synthetic.shared_prefix, 50);
	plan_free(plan);
}

static void
test_mistakes_in_data_are_told(void **state)
{
	(void)state;
	check_refused("[1]", "x.yaml:3:7: data: write a map of 1 to 32 names");
	check_refused("{}", "data: write a map");
	check_refused("{a.b: {synthetic: 5}}", "'a.b' is not a name");
	check_refused("{a: {order: random}}", "'a' wants either a 'file' or 'synthetic'");
	check_refused("{a: {file: /dev/null}}", "'/dev/null' is not a file");
	check_refused("{a: nowhere.csv}", "cannot read 'nowhere.csv'");
	check_refused("{a: {synthetic: 5, order: random}}", "'order' belongs to a file");
	check_refused("{a: {synthetic: {shared_prefix: 5}}}", "'tokens' is missing");
	check_refused(
		"{a: {synthetic: {tokens: 0}}}", "tokens: '0' is not a length in tokens (1 to 1048576); write 500");
	check_refused("{a: {synthetic: {tokens: 'uniform:9..8'}}}", "is not a length");
	check_refused("{a: {synthetic: {tokens: 'lognormal:9'}}}", "is not a length");
	check_refused("{a: {synthetic: {tokens: 'lognormal:9:-1'}}}", "is not a length");
	check_refused("{a: {synthetic: {tokens: 'lognormal:9:1:5'}}}", "is not a length");
	check_refused("{a: {synthetic: {tokens: []}}}", "write 1 to 1000 lengths");
	check_refused("{a: {synthetic: {tokens: {5: x}}}}", "each is a number of tokens with its weight");
	check_refused("{a: {synthetic: {tokens: {5: 0}}}}", "one of the weights must be above 0");
	check_refused("{a: {synthetic: {tokens: 5, calibrate: true}}}", "which every load needs then; add load.warmup");
	check_refused("{a: {synthetic: {tokens: 5, tokens_per_word: 99}}}", "tokens_per_word");
	check_refused("{a: [x]}", "write a file, or a map such as {file: items.csv}, under 'a'");
	check_refused("{a: ~}", "write a file, or a map such as {file: items.csv}, under 'a'");
	check_refused("{a: {synthetic: [5]}}", "synthetic: write a length, or a map such as {tokens: 500}");
	check_refused("{a: {synthetik: 5}}", "did you mean 'synthetic'?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_profile_without_data_has_no_feeds),
		cmocka_unit_test(test_lengths_are_read_in_all_their_forms),
		cmocka_unit_test(test_lengths_are_drawn_as_they_are_named),
		cmocka_unit_test(test_a_feed_in_short_is_a_map_like_any_other),
		cmocka_unit_test(test_mistakes_in_data_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
