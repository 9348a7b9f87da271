/* The rules of recommendations.def: each on its evidence, and none on its neighbour. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "judge/recommend.h"
#include "unit/judge/scripted_run.h"

static const struct advice *
advice_named(const struct verdict *v, const char *name)
{
	for (size_t i = 0; i < v->advice_n; i++)
		if (strcmp(v->advice[i].name, name) == 0)
			return &v->advice[i];
	return NULL;
}

/* Every run that is judged parses them, and a row that cannot be parsed would end it. */
static void
test_each_expression_of_the_table_can_be_parsed(void **state)
{
#define ADVISE_ON(MODE)
#define ADVISE_BY(of, what)
#define ADVISE_INSTEAD(graver, milder)
#define ADVISE_WHEN(of, expression, what) {#of, expression},
	static const struct {
		const char *name, *when;
	} rows[] = {
#include "judge/recommendations.def"
	};
#undef ADVISE_ON
#undef ADVISE_BY
#undef ADVISE_INSTEAD
#undef ADVISE_WHEN
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		struct expr when;

		if (!expr_parse(rows[i].when, judge_metrics, NULL, 0, &arena, &when, &err))
			fail_msg("%s: '%s': %s", rows[i].name, rows[i].when, err.message);
		assert_true(when.op == EXPR_GT || when.op == EXPR_LT);
		assert_false(expr_holds(&when, when.value)); /* what is just as it should be is no reason */
	}
	arena_fini(&arena);
}

/* Levels that were judged; so much load, so much given for it. Ended by one of no load. */
struct told {
	double offered, achieved_per_s;
	enum level_status status;
};

static struct verdict
advised_of_levels(const struct told *levels)
{
	struct plan_scenario scenario = {.name = "default"};
	const struct plan plan = {.scenarios = &scenario, .scenarios_n = 1, .output.interval_ns = NS_PER_S};
	const struct run_facts facts = {0};
	struct summary *summary = summary_new(&plan);
	struct level_record records[8] = {0}, *list[8];
	struct judge_view view = {
		.plan = &plan, .summary = summary, .facts = &facts, .records = list, .is_stepped = true};
	struct verdict verdict = {.breaking_point = {.max_sustainable_level = -1, .first_broken_level = -1}};

	for (size_t i = 0; levels[i].offered > 0; i++) {
		records[i].verdict.status = levels[i].status;
		records[i].offered = levels[i].offered;
		records[i].achieved_per_s = levels[i].achieved_per_s;
		list[view.records_n++] = &records[i];
	}
	recommend_find(&verdict, &view);
	summary_free(summary);
	return verdict;
}

static void
test_plateau_is_where_half_as_much_again_brings_nothing(void **state)
{
	const struct told flat[] = {{100, 100, LEVEL_OK}, {150, 104, LEVEL_DEGR}, {.offered = 0}};
	const struct told too_near[] = {{100, 100, LEVEL_OK}, {149, 104, LEVEL_DEGR}, {.offered = 0}};
	const struct told rising[] = {{100, 98, LEVEL_OK}, {150, 104, LEVEL_OK}, {.offered = 0}};
	const struct told lone[] = {{100, 100, LEVEL_OK}, {.offered = 0}};
	struct verdict v = advised_of_levels(flat);

	(void)state;
	assert_non_null(advice_named(&v, "plateau"));
	assert_string_equal(advice_named(&v, "plateau")->evidence, "100/s gave 100/s already; 150/s, 104/s");
	v = advised_of_levels(too_near);
	assert_null(advice_named(&v, "plateau"));
	v = advised_of_levels(rising);
	assert_null(advice_named(&v, "plateau"));
	v = advised_of_levels(lone);
	assert_null(advice_named(&v, "plateau"));
}

/* What is not to be relied on, was cut off or never measured proves no plateau. */
static void
test_plateau_is_of_levels_that_say_something(void **state)
{
	const struct told invalid[] = {{100, 100, LEVEL_INVALID}, {180, 104, LEVEL_OK}, {.offered = 0}};
	const struct told cut[] = {{100, 100, LEVEL_OK}, {140, 104, LEVEL_OK}, {300, 1, LEVEL_CUT}, {.offered = 0}};
	const struct told unknown[] = {{100, 100, LEVEL_OK}, {300, NAN, LEVEL_BROKEN}, {.offered = 0}};
	const struct told nothing[] = {{100, 0, LEVEL_BROKEN}, {200, 0, LEVEL_BROKEN}, {.offered = 0}};
	const struct told *const all[] = {invalid, cut, unknown, nothing};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct verdict v = advised_of_levels(all[i]);

		if (advice_named(&v, "plateau") != NULL)
			fail_msg("%zu: %s", i, advice_named(&v, "plateau")->evidence);
	}
}

/* One figure that an exporter tells every second; ended by one below 0. NAN: the scrape failed. */
static struct verdict
advised_of_figure(const char *name, const double *values)
{
	struct plan_scraped scraped = {.name = name, .figure = {.name = name}};
	struct plan_scenario scenario = {.name = "default"};
	const struct plan plan = {.scenarios = &scenario,
		.scenarios_n = 1,
		.scrape = {.list = &scraped, .n = 1},
		.output.interval_ns = NS_PER_S};
	const struct run_facts facts = {0};
	struct summary *summary = summary_new(&plan);
	const struct judge_view view = {.plan = &plan, .summary = summary, .facts = &facts};
	struct verdict verdict = {0};

	for (int64_t i = 0; !(values[i] < 0); i++) {
		struct series_row row = {.at_ns = (i + 1) * NS_PER_S};

		scraped_now_init(row.scraped);
		row.scraped[0] = values[i];
		series_add(&summary->series, &row);
	}
	summary->measured_s = (double)summary->series.n;
	recommend_find(&verdict, &view);
	summary_free(summary);
	return verdict;
}

static void
test_breaker_flaps_where_it_opened_three_times(void **state)
{
	const double thrice[] = {0, 1, 1, 0, 1, NAN, 0, NAN, 1, 1, -1};
	const double twice[] = {0, 1, 1, 0, 1, NAN, 0, NAN, 0, 0, -1};
	const double was_open[] = {1, 0, 1, 0, 1, 0, -1}; /* the first time is no change that anybody saw */
	const double never_known[] = {NAN, NAN, 1, NAN, -1};
	struct verdict v = advised_of_figure("CircuitBreaker_open", thrice);

	(void)state;
	assert_non_null(advice_named(&v, "breaker_flaps"));
	assert_string_equal(advice_named(&v, "breaker_flaps")->evidence, "CircuitBreaker_open rose 3 times in 10 s");
	v = advised_of_figure("CircuitBreaker_open", twice);
	assert_null(advice_named(&v, "breaker_flaps"));
	v = advised_of_figure("breaker", was_open);
	assert_null(advice_named(&v, "breaker_flaps"));
	v = advised_of_figure("breaker", never_known);
	assert_null(advice_named(&v, "breaker_flaps"));
	v = advised_of_figure("queue", thrice);
	assert_null(advice_named(&v, "breaker_flaps"));
}

/* A steady load of which the target gives so much, while an exporter tells a figure. batch 0: it tells none. */
static struct verdict
advised_of_batches(const char *name, double batch, double capacity_per_s)
{
	struct plan_scraped scraped = {.name = name, .figure = {.name = name}};
	struct scripted_run run;

	run_init(&run, "steady");
	run_play_on(&run, (struct step){.offered = 60, .seconds = 20, .capacity_per_s = capacity_per_s});
	run.plan.scrape = (struct plan_scrape){.list = &scraped, .n = 1};
	gauge_stats_init(&run.summary->scraped.list[0]);
	if (batch > 0)
		gauge_stats_add(&run.summary->scraped.list[0], batch);
	struct verdict verdict = *conclude(&run);

	run_fini(&run);
	return verdict;
}

static void
test_batching_that_does_not_pay_is_told_instead_of_a_low_rate(void **state)
{
	struct verdict v = advised_of_batches("avg_batch_size", 4, 12);

	(void)state;
	assert_non_null(advice_named(&v, "batching_too_low"));
	assert_non_null(strstr(advice_named(&v, "batching_too_low")->evidence, "with batches of 4 on average"));
	assert_null(advice_named(&v, "throughput_low")); /* the graver one says it */
	v = advised_of_batches("avg_batch_size", 4, 30); /* batches pay: it is low, and for another reason */
	assert_null(advice_named(&v, "batching_too_low"));
	assert_non_null(advice_named(&v, "throughput_low"));
	v = advised_of_batches("avg_batch_size", 1, 12); /* there are no batches */
	assert_null(advice_named(&v, "batching_too_low"));
	v = advised_of_batches("avg_batch_size", 0, 12); /* nobody knows */
	assert_null(advice_named(&v, "batching_too_low"));
	v = advised_of_batches("queue_size", 4, 12);
	assert_null(advice_named(&v, "batching_too_low"));
	v = advised_of_batches("avg_batch_size", 4, 0); /* it gives all that was asked for */
	assert_null(advice_named(&v, "batching_too_low"));
}

/* answers: how many there are of it. */
static struct verdict
advised_of_request(const char *name, const char *shape, int64_t latency_ns, uint32_t answers)
{
	struct scripted_run run;

	run_init(&run, shape);
	run.request.name = name;
	run_play_on(&run, (struct step){.offered = 20, .requests = answers, .latency_ns = latency_ns});
	struct verdict verdict = *conclude(&run);

	run_fini(&run);
	return verdict;
}

static void
test_retrieval_is_slow_above_twenty_milliseconds(void **state)
{
	struct verdict v = advised_of_request("vector-search", "steady", 25 * NS_PER_MS, 200);

	(void)state;
	assert_non_null(advice_named(&v, "retrieval_slow"));
	assert_non_null(strstr(advice_named(&v, "retrieval_slow")->evidence, "vector-search: P95 25"));
	v = advised_of_request("Retrieve", "steady", 25 * NS_PER_MS, 200);
	assert_non_null(advice_named(&v, "retrieval_slow"));
	v = advised_of_request("vector-search", "steady", 15 * NS_PER_MS, 200);
	assert_null(advice_named(&v, "retrieval_slow"));
	v = advised_of_request("checkout", "steady", 25 * NS_PER_MS, 200);
	assert_null(advice_named(&v, "retrieval_slow"));
	v = advised_of_request("vector-search", "steady", 25 * NS_PER_MS, 19); /* too few for a P95 */
	assert_null(advice_named(&v, "retrieval_slow"));
	v = advised_of_request("vector-search", "steps", 25 * NS_PER_MS, 200); /* at which of its levels? */
	assert_null(advice_named(&v, "retrieval_slow"));
}

/* What does not hold together is no ground for advice; what the target's start says stands without the figures. */
static void
test_figures_that_prove_nothing_advise_nothing(void **state)
{
	struct scripted_run run;

	(void)state;
	run_init(&run, "steady");
	run.request.name = "vector-search";
	run.plan.target.process = (struct plan_command){.command = "server", .ready_ns = 60 * NS_PER_S};
	run_play_on(&run, (struct step){.offered = 20, .latency_ns = 25 * NS_PER_MS});
	run.facts.ready_ns = 50 * NS_PER_S;
	run.summary->target.gauges[GAUGE_MEMORY].min = -1; /* no memory is less than none */
	const struct verdict *v = conclude(&run);

	assert_int_equal(v->status, VERDICT_INCONCLUSIVE);
	assert_int_equal(v->advice_n, 1);
	assert_non_null(advice_named(v, "slow_start"));
	run_fini(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_expression_of_the_table_can_be_parsed),
		cmocka_unit_test(test_plateau_is_where_half_as_much_again_brings_nothing),
		cmocka_unit_test(test_plateau_is_of_levels_that_say_something),
		cmocka_unit_test(test_breaker_flaps_where_it_opened_three_times),
		cmocka_unit_test(test_batching_that_does_not_pay_is_told_instead_of_a_low_rate),
		cmocka_unit_test(test_retrieval_is_slow_above_twenty_milliseconds),
		cmocka_unit_test(test_figures_that_prove_nothing_advise_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
