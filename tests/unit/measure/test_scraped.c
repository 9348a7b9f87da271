#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "measure/events.h"
#include "measure/interval_merge.h"
#include "measure/summary.h"
#include "unit/measure/recording.h"
#include "unit/measure/sample.h"

static struct plan_scraped figures[] = {{.name = "depth", .index = 0}, {.name = "hits", .index = 1}};
static struct plan_endpoint endpoints[] = {{.list = figures, .n = 1}, {.list = figures + 1, .n = 1}};

static struct plan
scraping_plan(void)
{
	struct plan plan = sample_plan();

	plan.scrape = (struct plan_scrape){
		.endpoints = endpoints, .endpoints_n = ARRAY_LEN(endpoints), .list = figures, .n = ARRAY_LEN(figures)};
	return plan;
}

/* Of the figure's own endpoint; NAN: the scrape failed. */
static struct scraped
scraped(size_t figure, double value)
{
	struct scraped one = {.endpoint = figure, .first = figure, .n = 1, .has_failed = isnan(value)};

	one.values[0] = value;
	return one;
}

static void
add(struct recorder *recorder, uint32_t level, size_t figure, double value)
{
	struct scraped one = scraped(figure, value);

	recorder_add_scraped(recorder, level, &one);
}

static struct interval *
take(struct recorder *recorder, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(recorder, now_ns);

	assert_non_null(interval);
	interval_add_up(interval);
	return interval;
}

static void
test_a_level_has_what_was_scraped_while_its_window_ran(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	struct interval *interval;

	(void)state;
	add(recorder, LEVEL_NONE, 0, 100);
	add(recorder, 0, 0, 3);
	add(recorder, 0, 0, 5);
	add(recorder, 0, 1, 40);
	interval = take(recorder, NS_PER_S);
	const struct gauge_stats *depth = &level_in(interval, 0)->scraped.list[0];

	assert_int_equal(depth->n, 2);
	assert_float_equal(depth->peak, 5, 0);
	assert_float_equal(depth->min, 3, 0);
	assert_float_equal(depth->last, 5, 0);
	assert_float_equal(interval->scraped[0], 5, 0);
	assert_float_equal(interval->scraped[1], 40, 0);
	assert_int_equal(interval->scrapes[0].good, 3);
	recorder_free(recorder);
}

/* Neither 0 nor what was known before: and the other endpoint's figures stay. */
static void
test_a_failed_scrape_leaves_nothing_known(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	struct interval *interval;

	(void)state;
	add(recorder, 0, 0, 3);
	add(recorder, 0, 1, 40);
	recorder_give_interval(recorder, take(recorder, NS_PER_S));
	add(recorder, 0, 0, NAN);
	interval = take(recorder, 2 * NS_PER_S);
	assert_true(isnan(interval->scraped[0]));
	assert_float_equal(interval->scraped[1], 40, 0);
	assert_int_equal(level_in(interval, 0)->scraped.list[0].n, 0);
	assert_int_equal(interval->scrapes[0].good, 0);
	assert_int_equal(interval->scrapes[0].failed, 1);
	recorder_free(recorder);
}

static struct interval *
round_trip(const struct interval *interval, const struct plan *plan)
{
	struct interval *decoded = interval_new((uint32_t)plan->requests_n, 4);
	struct event event;
	struct error err = {0};
	struct buf line;

	buf_init(&line, EVENT_LINE_MAX);
	assert_true(event_encode_interval(&line, interval, plan));
	assert_true(event_decode(line.bytes, line.length - 1, plan, &event, decoded, &err));
	buf_fini(&line);
	return decoded;
}

static void
test_events_bring_it_back(void **state)
{
	struct plan plan = scraping_plan();
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	add(recorder, 0, 0, 1.0 / 3);
	add(recorder, 0, 0, 1e300);
	add(recorder, 0, 1, NAN);
	struct interval *interval = take(recorder, NS_PER_S), *decoded = round_trip(interval, &plan);
	const struct gauge_stats *then = &level_in(interval, 0)->scraped.list[0],
				 *now = &level_in(decoded, 0)->scraped.list[0];

	assert_memory_equal(now, then, sizeof(*now));
	assert_int_equal(level_in(decoded, 0)->scraped.list[1].n, 0);
	assert_true(decoded->scraped[0] == 1e300);
	assert_true(isnan(decoded->scraped[1]));
	assert_memory_equal(decoded->scrapes, interval->scrapes, sizeof(decoded->scrapes));
	interval_free(decoded);
	recorder_free(recorder);
}

static void
test_events_that_make_no_sense_are_refused(void **state)
{
	static const char *const wrong[] = {
		"\"scraped\":7",
		"\"scraped\":{\"depth\":\"much\"}",
		"\"scrapes\":[[1]]",
		"\"scrapes\":[[1,2],[3,-4]]",
		"\"scrapes\":[[1,2],[3,4],[5,6]]",
		"\"levels\":[{\"level\":0,\"scraped\":{\"depth\":[1,2,3,4]}}]",
		"\"levels\":[{\"level\":0,\"scraped\":{\"depth\":[0,2,3,4,5]}}]",
	};
	struct plan plan = scraping_plan();
	struct interval *decoded = interval_new((uint32_t)plan.requests_n, 4);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct event event;
		struct error err = {0};
		char line[256];

		snprintf(line, sizeof(line), "{\"event\":\"interval\",\"seq\":0,\"start_ns\":0,\"end_ns\":1,%s}",
			wrong[i]);
		if (event_decode(line, strlen(line), &plan, &event, decoded, &err))
			fail_msg("taken: %s", wrong[i]);
	}
	interval_free(decoded);
}

/* One process scrapes: beside another it is the only one that knows, and later its last word holds. */
static void
test_intervals_add_up(void **state)
{
	struct recorder *recorders[] = {recorder_new(&sample_config), recorder_new(&sample_config)};
	struct interval *sum = interval_new(2, 4), *ours, *others;

	(void)state;
	add(recorders[0], 0, 0, 3);
	ours = take(recorders[0], NS_PER_S);
	others = take(recorders[1], NS_PER_S);
	interval_add_up(sum);
	assert_true(interval_merge(sum, others));
	assert_true(interval_merge(sum, ours));
	assert_float_equal(sum->scraped[0], 3, 0);
	assert_int_equal(sum->scrapes[0].good, 1);
	assert_int_equal(level_in(sum, 0)->scraped.list[0].n, 1);
	recorder_give_interval(recorders[0], ours);
	add(recorders[0], 0, 0, 9);
	add(recorders[0], 0, 0, NAN);
	assert_true(interval_extend(sum, take(recorders[0], 2 * NS_PER_S)));
	assert_true(isnan(sum->scraped[0]));
	assert_float_equal(level_in(sum, 0)->scraped.list[0].peak, 9, 0);
	assert_int_equal(sum->scrapes[0].good, 2);
	assert_int_equal(sum->scrapes[0].failed, 1);
	interval_free(sum);
	for (size_t i = 0; i < ARRAY_LEN(recorders); i++)
		recorder_free(recorders[i]);
}

/* The warm-up is on the timeline and has its own; the run's figures are the measured levels'. */
static void
test_a_summary_has_the_measured_levels(void **state)
{
	struct plan plan = scraping_plan();
	struct recorder *recorder = recorder_new(&sample_config);
	struct summary *summary = summary_new(&plan);
	const double depths[] = {70, 3, 5, NAN};

	(void)state;
	summary_add_level(summary, LEVEL_WARMUP, 0, NS_PER_S, 10);
	summary_add_level(summary, 0, NS_PER_S, 4 * NS_PER_S, 10);
	for (int64_t second = 0; second < 4; second++) {
		add(recorder, second == 0 ? LEVEL_WARMUP : 0, 0, depths[second]);
		struct interval *interval = take(recorder, (second + 1) * NS_PER_S);

		summary_add_interval(summary, interval);
		recorder_give_interval(recorder, interval);
	}
	assert_float_equal(summary->scraped.list[0].peak, 5, 0);
	assert_float_equal(gauge_stats_avg(&summary->scraped.list[0]), 4, 0);
	assert_float_equal(summary->warmup.scraped.list[0].peak, 70, 0);
	assert_float_equal(summary->levels[0].scraped.list[0].last, 5, 0);
	assert_int_equal(summary->scrapes[0].good, 3);
	assert_int_equal(summary->scrapes[0].failed, 1);
	assert_true(isnan(summary->now.scraped[0]));
	assert_float_equal(summary->series.rows[0].scraped[0], 70, 0);
	assert_float_equal(summary->series.rows[2].scraped[0], 5, 0);
	assert_true(isnan(summary->series.rows[3].scraped[0]));
	summary_free(summary);
	recorder_free(recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_level_has_what_was_scraped_while_its_window_ran),
		cmocka_unit_test(test_a_failed_scrape_leaves_nothing_known),
		cmocka_unit_test(test_events_bring_it_back),
		cmocka_unit_test(test_events_that_make_no_sense_are_refused),
		cmocka_unit_test(test_intervals_add_up),
		cmocka_unit_test(test_a_summary_has_the_measured_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
