#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "sampler/harvest.h"

static struct plan_matcher of_main[] = {{"queue", "main"}};

/* One figure of one endpoint, and its expositions one after the other, a second apart. */
struct field_test {
	struct plan_scraped plan;
	struct plan_endpoint endpoint;
	struct harvest *harvest;
	struct exposition exposition;
	enum exposition_format format;
	int64_t now_ns;
};

static void
give_sample(void *context, const struct exposition_sample *sample)
{
	harvest_add(context, sample);
}

static void
begin(struct field_test *t, const struct plan_scraped *plan)
{
	*t = (struct field_test){.plan = *plan, .now_ns = 7 * NS_PER_S};
	t->endpoint = (struct plan_endpoint){.list = &t->plan, .n = 1};
	t->harvest = harvest_new(&t->endpoint);
	exposition_init(&t->exposition, give_sample, t->harvest);
}

static void
end(struct field_test *t)
{
	exposition_fini(&t->exposition);
	harvest_free(t->harvest);
}

static bool
give(struct field_test *t, const char *text)
{
	struct error err = {0};

	exposition_begin(&t->exposition, t->format);
	harvest_begin(t->harvest, t->format);
	t->now_ns += NS_PER_S;
	return exposition_read(&t->exposition, text, strlen(text), &err) && exposition_end(&t->exposition, &err);
}

static struct harvested
take(struct field_test *t, const char *text)
{
	struct harvested harvested;

	assert_true(give(t, text));
	harvest_end(t->harvest, t->now_ns, &harvested);
	return harvested;
}

static void
assert_value(struct field_test *t, const char *text, double value)
{
	struct harvested harvested = take(t, text);

	assert_int_equal(harvested.state, HARVEST_GOOD);
	assert_float_equal(harvested.value, value, 1e-9);
}

static void
assert_state(struct field_test *t, const char *text, enum harvest_state state)
{
	struct harvested harvested = take(t, text);

	assert_int_equal(harvested.state, state);
	assert_true(isnan(harvested.value));
}

static void
test_a_gauge_is_what_its_matching_series_say(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "depth", .matchers = of_main, .matchers_n = 1});
	assert_value(&t, "depth{queue=\"main\"} 3\ndepth{queue=\"other\"} 50\ndepth 9\ndepths{queue=\"main\"} 1\n", 3);
	assert_value(&t, "depth{queue=\"main\",shard=\"1\"} 3\ndepth{shard=\"2\",queue=\"main\"} 4\n", 7);
	assert_state(&t, "depth{queue=\"other\"} 1\n", HARVEST_NOTHING);
	assert_state(&t, "depth{queue=\"main\"} NaN\n", HARVEST_NO_NUMBER);
	assert_value(&t, "depth{queue=\"main\"} 0\n", 0);
	end(&t);
}

static void
test_several_series_become_one_as_is_wanted(void **state)
{
	static const struct {
		enum scraped_over over;
		double value;
	} ways[] = {{OVER_SUM, 12}, {OVER_AVG, 4}, {OVER_MAX, 7}, {OVER_MIN, 2}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct field_test t;

		begin(&t, &(struct plan_scraped){.metric = "depth", .over = ways[i].over});
		assert_value(&t, "depth{a=\"1\"} 2\ndepth{a=\"2\"} 7\ndepth{a=\"3\"} 3\n", ways[i].value);
		end(&t);
	}
}

/* An empty value is also that of a label that is not there, as PromQL has it. */
static void
test_an_empty_label_matches_none(void **state)
{
	static struct plan_matcher none[] = {{"queue", ""}};
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "depth", .matchers = none, .matchers_n = 1});
	assert_value(&t, "depth{queue=\"main\"} 3\ndepth 9\ndepth{queue=\"\"} 1\n", 10);
	end(&t);
}

static void
test_a_counter_becomes_a_rate_between_two_scrapes(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total 100\n", HARVEST_FIRST);
	assert_value(&t, "hits_total 150\n", 50);
	t.now_ns += NS_PER_S; /* one scrape failed: the next one covers two seconds */
	assert_value(&t, "hits_total 250\n", 50);
	assert_value(&t, "hits_total 250\n", 0);
	end(&t);
}

/* Each series for itself: the sum may rise while one of them began again. */
static void
test_a_counter_that_fell_began_again(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total{pod=\"a\"} 1000\nhits_total{pod=\"b\"} 10\n", HARVEST_FIRST);
	assert_value(&t, "hits_total{pod=\"b\"} 1010\nhits_total{pod=\"a\"} 30\n", 1030);
	end(&t);
}

static void
test_a_counter_that_appears_counted_from_0(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "trips_total", .kind = SCRAPED_RATE});
	assert_state(&t, "other 1\n", HARVEST_NOTHING);
	assert_value(&t, "trips_total{to=\"open\"} 1\n", 1);
	assert_value(&t, "trips_total{to=\"open\"} 1\n", 0);
	end(&t);
}

static void
test_a_counter_that_was_away_goes_on_from_where_it_stood(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total{a=\"1\"} 1000\nhits_total{a=\"2\"} 5\n", HARVEST_FIRST);
	assert_value(&t, "hits_total{a=\"2\"} 6\n", 1);
	assert_value(&t, "hits_total{a=\"2\"} 6\n", 0);
	assert_value(&t, "hits_total{a=\"2\"} 6\nhits_total{a=\"1\"} 1003\n", 3);
	end(&t);
}

/* What was not read to its end counts for nothing. */
static void
test_a_broken_exposition_is_passed_over(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total 100\n", HARVEST_FIRST);
	assert_false(give(&t, "hits_total 900\nhits_total{\n"));
	assert_value(&t, "hits_total 300\n", 100);
	end(&t);
}

/* An exporter that looks only now and then says when: a rate is over its time, and the same sample again is no news. */
static void
test_the_exporters_own_times_are_believed(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total 100 10000\n", HARVEST_FIRST);
	assert_state(&t, "hits_total 100 10000\n", HARVEST_NO_NEWS);
	assert_value(&t, "hits_total 200 20000\n", 10);
	end(&t);
}

/* The text format calls it hits, OpenMetrics hits_total: the profile need not know which was answered. */
static void
test_openmetrics_names_counters_otherwise(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits", .kind = SCRAPED_RATE});
	t.format = EXPOSITION_OPENMETRICS;
	assert_state(&t, "hits_total 100\nhits_created 5\n# EOF\n", HARVEST_FIRST);
	assert_value(&t, "hits_total 103\nhits_created 5\n# EOF\n", 3);
	t.format = EXPOSITION_TEXT;
	assert_state(&t, "hits_total 103\n", HARVEST_NOTHING);
	end(&t);
}

static void
test_a_series_that_stands_twice_says_nothing(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, "hits_total{a=\"1\",b=\"2\"} 1\nhits_total{b=\"2\",a=\"1\"} 1\n", HARVEST_TWICE);
	assert_state(&t, "hits_total 5\n", HARVEST_FIRST);
	assert_value(&t, "hits_total 6\n", 1);
	end(&t);
}

static void
test_too_many_series_say_nothing(void **state)
{
	static char text[(HARVEST_SERIES_CEILING + 1) * 32];
	size_t length = 0;
	struct field_test t;

	(void)state;
	for (size_t i = 0; i < HARVEST_SERIES_CEILING; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "hits_total{i=\"%zu\"} 1\n", i);
	begin(&t, &(struct plan_scraped){.metric = "hits_total", .kind = SCRAPED_RATE});
	assert_state(&t, text, HARVEST_FIRST);
	assert_value(&t, text, 0);
	snprintf(text + length, sizeof(text) - length, "hits_total 1\n");
	assert_state(&t, text, HARVEST_TOO_MANY);
	assert_state(&t, "hits_total 1\n", HARVEST_FIRST);
	end(&t);
}

#define BUCKETS(a, b, c, d)                                                                                            \
	"size_bucket{le=\"1\"} " #a "\nsize_bucket{le=\"2\"} " #b "\nsize_bucket{le=\"4.0\"} " #c                      \
	"\nsize_bucket{le=\"+Inf\"} " #d "\nsize_count " #d "\nsize_sum 1\n"

static void
test_a_quantile_is_of_what_was_observed_between_two_scrapes(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "size", .kind = SCRAPED_QUANTILE, .quantile = 0.5});
	assert_state(&t, BUCKETS(100, 100, 100, 100), HARVEST_FIRST);
	assert_value(&t, BUCKETS(100, 110, 110, 110), 1.5); /* ten, all from 1 to 2 */
	assert_value(&t, BUCKETS(100, 110, 120, 120), 3);
	assert_value(&t, BUCKETS(110, 120, 130, 130), 0.5);
	assert_value(&t, BUCKETS(110, 120, 130, 190), 4); /* beyond the largest finite limit */
	assert_state(&t, BUCKETS(110, 120, 130, 190), HARVEST_NO_NEWS);
	end(&t);
}

/* The first bucket passed where it stood already; that the others fell says that it is another histogram. */
static void
test_a_histogram_begins_again_as_a_whole(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "size", .kind = SCRAPED_QUANTILE, .quantile = 0.5});
	assert_state(&t, BUCKETS(5, 50, 100, 100), HARVEST_FIRST);
	assert_value(&t, BUCKETS(8, 8, 12, 16), 1); /* not 3 of 11 below 1 */
	end(&t);
}

static void
test_histograms_are_added_up_bucket_by_bucket(void **state)
{
	struct field_test t;

	(void)state;
	begin(&t, &(struct plan_scraped){.metric = "size", .kind = SCRAPED_QUANTILE, .quantile = 0.5});
	assert_state(&t, "other 1\n", HARVEST_NOTHING);
	assert_value(&t,
		"size_bucket{le=\"1\",q=\"a\"} 0\nsize_bucket{q=\"a\",le=\"3\"} 4\nsize_bucket{q=\"a\",le=\"+Inf\"} 4\n"
		"size_bucket{le=\"1\",q=\"b\"} 4\nsize_bucket{q=\"b\",le=\"3\"} 8\nsize_bucket{q=\"b\",le=\"+Inf\"} 8\n",
		1.5);
	assert_state(&t, "size_bucket{le=\"1\"} 3\n", HARVEST_NO_INFINITY);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_gauge_is_what_its_matching_series_say),
		cmocka_unit_test(test_several_series_become_one_as_is_wanted),
		cmocka_unit_test(test_an_empty_label_matches_none),
		cmocka_unit_test(test_a_counter_becomes_a_rate_between_two_scrapes),
		cmocka_unit_test(test_a_counter_that_fell_began_again),
		cmocka_unit_test(test_a_counter_that_appears_counted_from_0),
		cmocka_unit_test(test_a_counter_that_was_away_goes_on_from_where_it_stood),
		cmocka_unit_test(test_a_broken_exposition_is_passed_over),
		cmocka_unit_test(test_the_exporters_own_times_are_believed),
		cmocka_unit_test(test_openmetrics_names_counters_otherwise),
		cmocka_unit_test(test_a_series_that_stands_twice_says_nothing),
		cmocka_unit_test(test_too_many_series_say_nothing),
		cmocka_unit_test(test_a_quantile_is_of_what_was_observed_between_two_scrapes),
		cmocka_unit_test(test_a_histogram_begins_again_as_a_whole),
		cmocka_unit_test(test_histograms_are_added_up_bucket_by_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
