#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "daemon/trend.h"
#include "unit/daemon/zones.h"

#define RUNS 60

/* Nightly at 02:00 UTC, the last on 2026-11-22: up and down by turns about a level. */
struct nights {
	struct trend_point points[RUNS];
	char ids[RUNS][16];
};

static int64_t
at(const char *text)
{
	int64_t ns = wall_of_text(text);

	assert_true(ns != 0);
	return ns;
}

static void
fill(struct nights *nights, double level, double per_day, size_t step_at, double step)
{
	static const double noise[] = {0.3, -1.1, 0.8, -0.4, 1.3, -0.9, 0.2, -1.2, 1.0};
	int64_t last_ns = at("2026-11-22T02:00:00Z");

	for (size_t i = 0; i < RUNS; i++) {
		snprintf(nights->ids[i], sizeof(nights->ids[i]), "run-%zu", i);
		nights->points[i] = (struct trend_point){.run = nights->ids[i],
			.at_ns = last_ns - (int64_t)(RUNS - 1 - i) * 86400 * NS_PER_S,
			.value = level + noise[i % 9] + per_day * (double)i + (i >= step_at ? step : 0)};
	}
}

static struct trend_config
config_by(enum trend_by by, size_t periods)
{
	return (struct trend_config){.by = by, .periods = periods, .now_ns = wall_of_text("2026-11-22T09:00:00Z")};
}

static void
assert_period(const struct trend_period *period, const char *from, const char *to, size_t runs)
{
	char text[32];

	assert_string_equal(wall_text(period->from_ns, text, sizeof(text)), from);
	assert_string_equal(wall_text(period->to_ns, text, sizeof(text)), to);
	assert_int_equal(period->runs, runs);
}

static void
test_runs_are_put_into_calendar_periods(void **state)
{
	struct trend_figure figure;
	struct nights nights;

	(void)state;
	fill(&nights, 100, 0, RUNS, 0);
	struct trend_config config = config_by(TREND_BY_WEEK, 3);

	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_int_equal(figure.periods_n, 3);
	assert_period(&figure.periods[0], "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z", 7);
	assert_period(&figure.periods[2], "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", 7);
	trend_figure_fini(&figure);
	config = config_by(TREND_BY_MONTH, 3);
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_period(&figure.periods[0], "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", 7);
	assert_period(&figure.periods[1], "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", 31);
	assert_period(&figure.periods[2], "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", 22);
	trend_figure_fini(&figure);
	config = config_by(TREND_BY_QUARTER, 2);
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_period(&figure.periods[0], "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z", 7);
	assert_period(&figure.periods[1], "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z", 53);
	trend_figure_fini(&figure);
	config = config_by(TREND_BY_DAY, 2);
	config.now_ns += 86400 * NS_PER_S; /* nothing has run today */
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_int_equal(figure.periods[1].runs, 0);
	assert_true(isnan(figure.periods[1].median) && isnan(figure.periods[1].least));
	assert_true(figure.last == nights.points[RUNS - 1].value);
	trend_figure_fini(&figure);
}

static void
test_days_begin_by_the_zones_clocks(void **state)
{
	struct trend_figure figure;
	struct nights nights;
	struct zones zones;

	(void)state;
	zones_init(&zones);
	fill(&nights, 100, 0, RUNS, 0);
	struct zone *zone = zones_open(&zones, RULE_BERLIN);
	struct trend_config config = config_by(TREND_BY_MONTH, 2);

	config.zone = zone;
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	/* Summer in October, winter in November. */
	assert_period(&figure.periods[0], "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", 31);
	assert_period(&figure.periods[1], "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", 22);
	trend_figure_fini(&figure);
	zone_close(zone);
	zones_fini(&zones);
}

static void
test_steps_are_worse_by_what_the_figure_means(void **state)
{
	const struct trend_config config = config_by(TREND_BY_RUN, 0);
	struct trend_figure figure;
	struct nights nights;

	(void)state;
	fill(&nights, 100, 0, 40, -15);
	trend_figure_make(&figure, &config, HISTORY_MAX_SUSTAINABLE_RATE, nights.points, RUNS, NAN, NAN);
	assert_int_equal(figure.steps_n, 1);
	assert_int_equal(figure.steps[0].first, 40);
	assert_true(figure.steps[0].is_worse && fabs(figure.steps[0].change + 0.15) < 0.02);
	assert_true(fabs(figure.last - 85) < 1); /* of the new level alone */
	trend_figure_fini(&figure);
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_false(figure.steps[0].is_worse);
	trend_figure_fini(&figure);
}

static void
test_capacity_has_headroom_until_a_slope_uses_it_up(void **state)
{
	const struct trend_config config = config_by(TREND_BY_WEEK, 2);
	struct trend_figure figure;
	struct nights nights;

	(void)state;
	fill(&nights, 300, -1, RUNS, 0); /* 241 in the end */
	trend_figure_make(&figure, &config, HISTORY_MAX_SUSTAINABLE_RATE, nights.points, RUNS, 300, 200);
	assert_true(figure.has_slope && figure.slope.p < 1e-6 && fabs(figure.slope.slope + 1) < 0.05);
	assert_true(figure.slope.ci[0] < -0.98 && figure.slope.ci[1] > -1.02);
	assert_true(fabs(figure.last - 244) < 1.5);
	assert_true(fabs(figure.against + 0.187) < 0.01);
	assert_true(fabs(figure.headroom - 0.22) < 0.01);
	double days = (double)(figure.goal_at_ns - config.now_ns) / (86400e9);

	assert_true(fabs(days - 44) < 3);
	trend_figure_fini(&figure);
	fill(&nights, 300, 0, RUNS, 0);
	trend_figure_make(&figure, &config, HISTORY_MAX_SUSTAINABLE_RATE, nights.points, RUNS, NAN, 200);
	assert_true(figure.goal_at_ns == 0 && isnan(figure.against) && fabs(figure.headroom - 0.5) < 0.01);
	trend_figure_fini(&figure);
	/* Of a time, less is better. */
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, 400);
	assert_true(fabs(figure.headroom - 0.25) < 0.01);
	trend_figure_fini(&figure);
}

static void
test_few_runs_or_none_say_little(void **state)
{
	const struct trend_config config = config_by(TREND_BY_DAY, 3);
	struct trend_figure figure;
	struct nights nights;

	(void)state;
	fill(&nights, 100, 0, RUNS, 0);
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, 0, 100, NAN);
	assert_true(!figure.has_slope && figure.steps_n == 0 && isnan(figure.last) && isnan(figure.against));
	trend_figure_fini(&figure);
	for (size_t i = 0; i < RUNS; i++)
		nights.points[i].at_ns = nights.points[0].at_ns; /* all at one moment */
	trend_figure_make(&figure, &config, HISTORY_P95, nights.points, RUNS, NAN, NAN);
	assert_false(figure.has_slope);
	trend_figure_fini(&figure);
}

static void
test_a_report_is_json_and_markdown(void **state)
{
	const struct trend_config config = config_by(TREND_BY_WEEK, 2);
	struct trend_figure figures[2];
	struct nights nights, latencies;
	struct buf text;

	(void)state;
	fill(&nights, 300, 0, 40, -45);
	fill(&latencies, 0, 0, RUNS, 0);
	for (size_t i = 0; i < RUNS; i++)
		latencies.points[i].value = (20 + latencies.points[i].value) * 1e6;
	trend_figure_make(&figures[0], &config, HISTORY_MAX_SUSTAINABLE_RATE, nights.points, RUNS, 300, 200);
	trend_figure_make(&figures[1], &config, HISTORY_P95, latencies.points, RUNS, NAN, NAN);
	const struct trend_report report = {"checkout", &config, figures, 2};

	buf_init(&text, 1 << 20);
	assert_true(trend_report_json(&report, &text));
	cJSON *json = cJSON_Parse(text.bytes), *first = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "figures"), 0);
	cJSON *step = cJSON_GetArrayItem(cJSON_GetObjectItem(first, "change_points"), 0);

	assert_non_null(step);
	assert_string_equal(cJSON_GetObjectItem(step, "run")->valuestring, "run-40");
	assert_string_equal(cJSON_GetObjectItem(step, "at")->valuestring, "2026-11-03T02:00:00Z");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(step, "is_worse")));
	assert_string_equal(cJSON_GetObjectItem(first, "unit")->valuestring, "per_s");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(first, "periods")), 2);
	cJSON_Delete(json);
	buf_clear(&text);
	assert_true(trend_report_markdown(&report, &text));
	assert_non_null(strstr(text.bytes, "# checkout, by week, 2026-11-22\n"));
	assert_non_null(
		strstr(text.bytes, "| max_sustainable_rate | 60 | 255.3/s | 300/s | -14.9% | 200/s | +27.6% |"));
	assert_non_null(
		strstr(text.bytes, "- **max_sustainable_rate** became worse on 2026-11-03 (2026-11-03 to 2026-11-03)"));
	assert_non_null(strstr(text.bytes, "| week from | runs | median | least | most |"));
	assert_non_null(strstr(text.bytes, "| 2026-11-16 | 7 | 20.3ms |"));
	buf_fini(&text);
	trend_figure_fini(&figures[0]);
	trend_figure_fini(&figures[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_are_put_into_calendar_periods),
		cmocka_unit_test(test_days_begin_by_the_zones_clocks),
		cmocka_unit_test(test_steps_are_worse_by_what_the_figure_means),
		cmocka_unit_test(test_capacity_has_headroom_until_a_slope_uses_it_up),
		cmocka_unit_test(test_few_runs_or_none_say_little),
		cmocka_unit_test(test_a_report_is_json_and_markdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
