#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/campaign/simulated_results.h"

/* How often `brunt compare` is wrong: simulated runs, written as results directories and compared from there, with
 * everything between a journal on disk and the exit code. What must hold is DEFINITIONS' 95%: of comparisons of the
 * same with itself at most 5% may find anything beyond the noise, and none but a fraction of those calls that a
 * regression; of those with 15% more at least 95% must. Seeds are fixed, so the counts are the same each time. What the
 * intervals themselves cover is proven in unit/judge/test_coverage.c. */

#ifdef NDEBUG
#define COMPARISONS 1000
#define NIGHTS 250 /* each of them is eight runs */
#else              /* slow: a tenth of them */
#define COMPARISONS 100
#define NIGHTS 100
#endif
#define RESAMPLES 200
#define ROLLING 7

/* One that a nightly job could have: half a minute of 200/s, whose seconds differ by 5%. */
static const struct world server = {
	.seconds = 30,
	.per_second = 200,
	.median_ns = 10e6,
	.spread = 0.4,
	.wander = 0.05,
	.memory = 0.2,
	.errors = 0.005,
	.tail_share = 0.01,
	.tail_index = 3,
};

struct score {
	int told_apart, failed, named; /* anything gated beyond the noise; exit 1; for the median among others */
	int odd;                       /* any other exit code */
};

static void
score_add(struct score *score, const struct against_answer *answer)
{
	bool is_told_apart = false;

	for (size_t i = 0; i < answer->comparison->rows_n; i++)
		is_told_apart = is_told_apart ||
				(answer->comparison->rows[i].is_gated && answer->comparison->rows[i].is_significant);
	score->told_apart += is_told_apart;
	score->failed += answer->verdict.exit_code == EXIT_FAILED_GATE;
	score->odd += answer->verdict.exit_code != EXIT_FAILED_GATE && answer->verdict.exit_code != EXIT_PASSED;
	score->named += row_named(answer->comparison, "response.p50")->status == COMPARISON_REGRESSION;
}

/* baselines: how many runs stand on that side; several of them as a rolling baseline keeps them. */
static struct score
play(const struct world *before, size_t baselines, const struct world *now, uint64_t comparisons)
{
	struct simulated simulated;
	struct score score = {0};
	char nights[128], current[128], ignored[128];

	simulated_init(&simulated, RESAMPLES);
	snprintf(nights, sizeof(nights), "%.60s/nights", simulated.folder);
	mkdir(nights, 0777);
	for (uint64_t i = 0; i < comparisons; i++) {
		struct dice dice = {.seed = i};
		struct against_answer answer;
		struct error err = {0};
		int exit_code;

		for (size_t b = 0; b < baselines; b++) {
			char name[32];

			snprintf(name, sizeof(name), "nights/run-%zu", b);
			simulate_results(&simulated, &dice, before, name, ignored);
		}
		simulate_results(&simulated, &dice, now, "current", current);
		const struct against_ask ask = {.baselines = (const char *const[]){nights},
			.baselines_n = 1,
			.currents = (const char *const[]){current},
			.currents_n = 1,
			.tables = &simulated_tables};

		if (!against_compare(&answer, &ask, &exit_code, &err))
			fail_msg("%s", err.message);
		assert_int_equal(answer.against.baseline.is_median, baselines >= 3);
		score_add(&score, &answer);
		against_free(&answer);
	}
	simulated_fini(&simulated);
	print_message("simulated: of %d comparisons %d told apart, %d exit 1, %d name the median\n", (int)comparisons,
		score.told_apart, score.failed, score.named);
	return score;
}

static void
test_the_same_is_rarely_told_from_itself(void **state)
{
	struct score score = play(&server, 1, &server, COMPARISONS);

	(void)state;
	assert_int_equal(score.odd, 0);
	assert_true(score.told_apart <= COMPARISONS * 5 / 100);
	assert_true(score.failed <= COMPARISONS * 1 / 100);
}

static void
test_fifteen_percent_more_is_a_regression(void **state)
{
	struct world slower = server;

	(void)state;
	slower.median_ns *= 1.15;
	struct score score = play(&server, 1, &slower, COMPARISONS);

	assert_int_equal(score.odd, 0);
	assert_true(score.failed >= COMPARISONS * 95 / 100);
	assert_true(score.named >= COMPARISONS * 95 / 100);
}

/* Nights differ by 5%: what one run alone would take for a change, seven know; and their median is what is compared. */
static void
test_a_night_like_others_is_rarely_a_regression(void **state)
{
	struct world nightly = server;

	(void)state;
	nightly.seconds = 10;
	nightly.runs = 0.05;
	struct score score = play(&nightly, ROLLING, &nightly, NIGHTS);

	assert_int_equal(score.odd, 0);
	assert_true(score.told_apart <= NIGHTS * 5 / 100);
	assert_true(score.failed <= NIGHTS * 25 / 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_is_rarely_told_from_itself),
		cmocka_unit_test(test_fifteen_percent_more_is_a_regression),
		cmocka_unit_test(test_a_night_like_others_is_rarely_a_regression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
