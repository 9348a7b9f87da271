#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "judge/metrics.h"
#include "judge/rule.h"
#include "plan/scrape.h"
#include "unit/judge/scripted_run.h"

/* Two figures: a depth as it stands, and a time, which the exporter tells in seconds. */
static struct plan_scraped figures[2];

static void
init_figures(void)
{
	const enum plan_unit units[] = {UNIT_COUNT, UNIT_TIME};

	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		figures[i] = (struct plan_scraped){.name = "f", .index = i};
		figures[i].figure = (struct plan_metric){
			.name = "scraped.f", .unit = units[i], .stats = STAT_SCRAPED, .scraped = &figures[i]};
	}
}

static struct expr
scraped_expr(const char *text, size_t figure, enum expr_stat stat, enum expr_op op, double value)
{
	return (struct expr){
		.text = text, .metric = &figures[figure].figure, .request = -1, .stat = stat, .op = op, .value = value};
}

/* Levels of 4 s, in each second of which a scrape said so much; NAN: it failed. */
struct level_script {
	double depths[4];
};

struct fixture {
	struct plan plan;
	struct plan_request request;
	struct plan_scenario scenario;
	struct recorder *recorder;
	struct summary *summary;
	int64_t now_ns;
};

static void
begin(struct fixture *f)
{
	init_figures();
	*f = (struct fixture){.request = {.name = "root"}};
	f->scenario = (struct plan_scenario){.name = "default", .requests_n = 1};
	f->plan = (struct plan){.name = "test",
		.scenarios = &f->scenario,
		.scenarios_n = 1,
		.requests = &f->request,
		.requests_n = 1,
		.target.timeout_ns = TIMEOUT_NS,
		.scrape = {.list = figures, .n = ARRAY_LEN(figures)},
		.output.interval_ns = NS_PER_S};
	f->recorder = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});
	f->summary = summary_new(&f->plan);
}

static void
end(struct fixture *f)
{
	summary_free(f->summary);
	recorder_free(f->recorder);
}

static void
play(struct fixture *f, uint32_t level, const struct level_script *script)
{
	summary_add_level(f->summary, level, f->now_ns, f->now_ns + 4 * NS_PER_S, 10);
	for (size_t second = 0; second < 4; second++) {
		double depth = script->depths[second];
		struct scraped scraped = {.n = 2, .has_failed = isnan(depth), .values = {depth, depth}};

		recorder_in_flight(f->recorder, level, 1, f->now_ns);
		recorder_add_scraped(f->recorder, level, &scraped);
		f->now_ns += NS_PER_S;
		struct interval *interval = recorder_take_interval(f->recorder, f->now_ns);

		interval_add_up(interval);
		summary_add_interval(f->summary, interval);
		recorder_give_interval(f->recorder, interval);
	}
}

static struct level_verdict
look(struct fixture *f, uint32_t level, struct expr *expr)
{
	struct level_verdict verdict = {.level = level};
	struct run_facts facts = {0};
	struct rule_context context = {
		.plan = &f->plan, .summary = f->summary, .level = &f->summary->levels[level], .facts = &facts};

	f->plan.break_when.also = expr;
	f->plan.break_when.also_n = 1;
	threshold_rule.look(&context, &verdict);
	return verdict;
}

static void
test_a_threshold_that_held_breaks_its_level_alone(void **state)
{
	struct expr expr;
	struct fixture f;

	(void)state;
	begin(&f);
	expr = scraped_expr("scraped.depth.max > 50", 0, EXPR_PEAK, EXPR_GT, 50);
	play(&f, 0, &(struct level_script){{10, 20, 30, 50}});
	play(&f, 1, &(struct level_script){{40, 49, 51, 45}});
	assert_int_equal(look(&f, 0, &expr).findings_n, 0);
	struct level_verdict verdict = look(&f, 1, &expr);

	assert_int_equal(verdict.findings_n, 1);
	assert_int_equal(verdict.findings[0].weight, LEVEL_BROKEN);
	assert_int_equal(verdict.findings[0].mode, FAILURE_MODE_THRESHOLD);
	assert_string_equal(verdict.findings[0].text, "'scraped.depth.max > 50' held: it was 51");
	assert_float_equal(verdict.findings[0].measured, 51, 0);
	assert_int_equal(verdict.findings[0].onset_ns, 6 * NS_PER_S);
	end(&f);
}

static void
test_each_value_of_a_figure_is_asked_for_itself(void **state)
{
	static const struct {
		enum expr_stat stat;
		double value;
	} values[] = {{EXPR_AVG, 20}, {EXPR_PEAK, 35}, {EXPR_MIN, 5}, {EXPR_LAST, 20}};
	struct fixture f;

	(void)state;
	begin(&f);
	play(&f, 0, &(struct level_script){{5, 35, NAN, 20}});
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct expr expr = scraped_expr("x", 0, values[i].stat, EXPR_GE, 0);

		assert_float_equal(judge_value(&expr, f.summary, &f.summary->levels[0]), values[i].value, 1e-9);
		assert_float_equal(judge_value(&expr, f.summary, NULL), values[i].value, 1e-9);
	}
	end(&f);
}

static void
test_seconds_are_compared_as_times(void **state)
{
	struct expr expr;
	struct fixture f;

	(void)state;
	begin(&f);
	expr = scraped_expr("scraped.took.max > 200ms", 1, EXPR_PEAK, EXPR_GT, 200e6);
	play(&f, 0, &(struct level_script){{0.1, 0.15, 0.199, 0.1}});
	play(&f, 1, &(struct level_script){{0.1, 0.25, 0.2, 0.1}});
	assert_int_equal(look(&f, 0, &expr).findings_n, 0);
	struct level_verdict verdict = look(&f, 1, &expr);

	assert_int_equal(verdict.findings_n, 1);
	assert_string_equal(verdict.findings[0].text, "'scraped.took.max > 200ms' held: it was 250ms");
	assert_int_equal(verdict.findings[0].onset_ns, 5 * NS_PER_S);
	end(&f);
}

/* A bound below which nothing may fall is not broken by what nobody could read. */
static void
test_what_is_not_known_breaks_nothing(void **state)
{
	struct expr expr;
	struct fixture f;

	(void)state;
	begin(&f);
	expr = scraped_expr("scraped.depth.min < 1", 0, EXPR_MIN, EXPR_LT, 1);
	play(&f, 0, &(struct level_script){{NAN, NAN, NAN, NAN}});
	play(&f, 1, &(struct level_script){{NAN, 5, NAN, NAN}});
	assert_int_equal(look(&f, 0, &expr).findings_n, 0);
	assert_int_equal(look(&f, 1, &expr).findings_n, 0);
	end(&f);
}

/* An objective that did not hold says since when, as far as the rows tell; what is not known missed none. */
static void
test_a_missed_objective_says_since_when(void **state)
{
	struct plan_slo slo = {.expr = {0}};
	struct level_verdict verdict = {.level = 0};
	struct run_facts facts = {0};
	struct fixture f;

	(void)state;
	begin(&f);
	slo.expr = scraped_expr("scraped.depth.max < 50", 0, EXPR_PEAK, EXPR_LT, 50);
	f.plan.slos = &slo;
	f.plan.slos_n = 1;
	play(&f, 0, &(struct level_script){{NAN, 49, 50, 10}});
	struct rule_context context = {
		.plan = &f.plan, .summary = f.summary, .level = &f.summary->levels[0], .facts = &facts};

	slo_rule.look(&context, &verdict);
	assert_int_equal(verdict.findings_n, 1);
	assert_int_equal(verdict.findings[0].onset_ns, 2 * NS_PER_S);
	assert_ptr_equal(verdict.findings[0].expr, &slo.expr);
	end(&f);
}

/* abort_when looks at the last interval: what failed in it is not known, whatever was before. */
static void
test_the_last_interval_has_what_was_scraped_last(void **state)
{
	struct expr expr;
	struct fixture f;

	(void)state;
	begin(&f);
	expr = scraped_expr("scraped.depth.last > 50", 0, EXPR_LAST, EXPR_GT, 50);
	play(&f, 0, &(struct level_script){{90, 80, 70, 60}});
	assert_float_equal(metric_value_last(&expr, f.summary), 60, 0);
	play(&f, 1, &(struct level_script){{90, 80, 70, NAN}});
	assert_true(isnan(metric_value_last(&expr, f.summary)));
	end(&f);
}

/* Of what the rows of the series do not have, nobody knows since when. */
static void
test_rows_know_since_when_a_threshold_held(void **state)
{
	struct series_row row = {.p50_ns = 1,
		.p95_ns = 2,
		.p99_ns = 3,
		.max_ns = 4,
		.scheduled = 10,
		.ok = 8,
		.failed = 2,
		.in_flight = 7,
		.scraped = {5, 0.25}};

	(void)state;
	init_figures();
	row.target[GAUGE_CPU] = 0.9;
	const struct {
		struct expr expr;
		double value;
	} rows[] = {
		{make_expr("response", 0.5, EXPR_GT, 0), 1},
		{make_expr("response", 0.95, EXPR_GT, 0), 2},
		{make_expr("response", 0.99, EXPR_GT, 0), 3},
		{make_expr("response", 0.9, EXPR_GT, 0), NAN},
		{make_expr("service", 0.5, EXPR_GT, 0), NAN},
		{make_expr("error_rate", 0, EXPR_GT, 0), 0.2},
		{make_expr("timeout_rate", 0, EXPR_GT, 0), NAN},
		{make_expr("in_flight", 0, EXPR_GT, 0), 7},
		{make_expr("cpu", 0, EXPR_GT, 0), 0.9},
		{scraped_expr("x", 0, EXPR_PEAK, EXPR_GT, 0), 5},
		{scraped_expr("x", 1, EXPR_PEAK, EXPR_GT, 0), 250e6},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double value = metric_value_row(&rows[i].expr, &row);

		assert_int_equal(isnan(value), isnan(rows[i].value));
		if (!isnan(value))
			assert_float_equal(value, rows[i].value, 1e-6);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_threshold_that_held_breaks_its_level_alone),
		cmocka_unit_test(test_each_value_of_a_figure_is_asked_for_itself),
		cmocka_unit_test(test_seconds_are_compared_as_times),
		cmocka_unit_test(test_what_is_not_known_breaks_nothing),
		cmocka_unit_test(test_a_missed_objective_says_since_when),
		cmocka_unit_test(test_the_last_interval_has_what_was_scraped_last),
		cmocka_unit_test(test_rows_know_since_when_a_threshold_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
