#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "measure/events.h"
#include "measure/json.h"
#include "unit/measure/sample.h"

static struct plan plan;
static struct buf line;
static struct interval *decoded;

static int
setup(void **state)
{
	(void)state;
	plan = sample_plan();
	buf_init(&line, EVENT_LINE_MAX);
	decoded = interval_new(2, 4);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	interval_free(decoded);
	buf_fini(&line);
	return 0;
}

static bool
decode(const char *text, struct event *event)
{
	struct error err = {0};
	bool is_good = event_decode(text, strlen(text), &plan, event, decoded, &err);

	assert_int_equal(is_good, !error_is_set(&err));
	return is_good;
}

static bool
decodes(const char *text)
{
	struct event event;

	return decode(text, &event);
}

static const struct interval_level *
level_in(const struct interval *interval, uint32_t level)
{
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (interval->levels[i].is_used && interval->levels[i].level == level)
			return &interval->levels[i];
	return NULL;
}

static void
test_lines_that_are_no_json_are_refused(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{}", "null", "{\"event\":\"phase\",}", "{'event':1}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":01}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":1.}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":NaN}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":1e999}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":+1}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":-2.5}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":0.5}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":\"7\"}",
		"{\"event\":\"phase\",\"phase\":\"x\",\"at_ns\":true}", "{\"event\":\"phase\",\"phase\":\"\t\"}",
		"{\"event\":\"phase\",\"phase\":\"\\u0000\"}", "{\"event\":\"phase\",\"phase\":\"\\ud800\"}",
		"{\"event\":\"phase\",\"phase\":\"\xff\"}", "{\"event\":\"phase\",\"phase\":\"\xc0\x80\"}",
		"{\"event\":\"phase\",\"phase\":\"x\"} x", "{\"event\":\"phase\",\"phase\":7}", "{\"event\":\"phase\"}",
		"{\"event\":\"phase\",\"phase\":\"x\\q\"}", "{\"event\":\"phase\",\"phase\":\"x\"}{}", "\xef\xbb\xbf{}",
		"{\"event\":\"phase\",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],\"phase\":\"x\"}",
		"{\"event\":\"phase\",\"phase\":\"0123456789012345678901234567890123456789012345678901234567890123\"}"};
	struct error err = {0};
	struct event event;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (decodes(texts[i]))
			print_error("taken: %s\n", texts[i]);
		assert_false(decodes(texts[i]));
	}
	assert_true(
		decodes(" {\"event\" : \"phase\", \"phase\" : \"x\", \"x\" : [1.5e-3, -0, \"\\ud83d\\ude00\"]}\r\n"));
	static const char nul[] = "{\"event\":\"phase\",\"phase\":\"x\"}\0}";

	assert_false(event_decode(nul, sizeof(nul) - 1, &plan, &event, decoded, &err));
}

static void
test_events_that_make_no_sense_are_refused(void **state)
{
	static const char *const texts[] = {
		"{\"event\":\"level\",\"level\":0,\"start_ns\":5,\"end_ns\":4}",
		"{\"event\":\"level\",\"level\":null,\"start_ns\":5,\"end_ns\":6}",
		"{\"event\":\"level\",\"level\":10000,\"start_ns\":5,\"end_ns\":6}",
		"{\"event\":\"level\",\"level\":4294967295,\"start_ns\":5,\"end_ns\":6}",
		"{\"event\":\"level\",\"level\":\"hot\",\"start_ns\":5,\"end_ns\":6}",
		"{\"event\":\"level\",\"start_ns\":5,\"end_ns\":6}",
		"{\"event\":\"level\",\"level\":0,\"start_ns\":-1,\"end_ns\":6}",
		"{\"event\":\"level\",\"level\":0,\"start_ns\":5,\"end_ns\":6,\"offered\":-1}",
		"{\"event\":\"level\",\"level\":0,\"start_ns\":5,\"end_ns\":\"9223372036854775806\"}",
		"{\"event\":\"end\",\"status\":\"pass\",\"exit_code\":-1}",
		"{\"event\":\"end\",\"status\":\"pass\",\"exit_code\":256}",
		"{\"event\":\"run\",\"v\":2,\"id\":\"x\",\"requests\":[\"browse\",\"buy \\\"now\\\" é\"]}",
		"{\"event\":\"run\",\"v\":1,\"id\":\"x\",\"requests\":[\"browse\"]}",
		"{\"event\":\"run\",\"v\":1,\"id\":\"x\",\"requests\":[\"browse\",\"other\"]}",
		"{\"event\":\"run\",\"v\":1,\"id\":\"x\"}",
		"{\"event\":\"run\",\"v\":1,\"shard\":3,\"shards\":3,\"requests\":[\"browse\",\"buy \\\"now\\\" é\"]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (decodes(texts[i]))
			print_error("taken: %s\n", texts[i]);
		assert_false(decodes(texts[i]));
	}
	assert_true(
		decodes("{\"event\":\"run\",\"v\":1,\"id\":\"x\",\"requests\":[\"browse\",\"buy \\\"now\\\" é\"]}"));
}

static bool
interval_with(const char *levels)
{
	char text[2048];

	snprintf(text, sizeof(text), "{\"event\":\"interval\",\"seq\":0,\"start_ns\":0,\"end_ns\":1,\"levels\":[%s]}",
		levels);
	return decodes(text);
}

static void
test_intervals_that_make_no_sense_are_refused(void **state)
{
	static const char *const bad[] = {
		"{}",
		"7",
		"{\"level\":-1}",
		"{\"level\":10000}",
		"{\"level\":1},{\"level\":1}",
		"{\"level\":\"warmup\"},{\"level\":\"warmup\"}",
		"{\"level\":1},{\"level\":2},{\"level\":3},{\"level\":4},{\"level\":5}",
		"{\"level\":1,\"in_flight_ns\":-1}",
		"{\"level\":1,\"in_flight_ns\":null}",
		"{\"level\":1,\"in_flight_peak\":4294967296}",
		"{\"level\":1,\"counts\":[]}",
		"{\"level\":1,\"counts\":{\"ok\":-1}}",
		"{\"level\":1,\"counts\":{\"ok\":\"18446744073709551616\"}}",
		"{\"level\":1,\"counts\":{\"ok\":9007199254740993}}",
		"{\"level\":1,\"counts\":{\"failures\":{\"weather\":1}}}",
		"{\"level\":1,\"counts\":{\"status\":{\"99\":1}}}",
		"{\"level\":1,\"counts\":{\"status\":{\"600\":1}}}",
		"{\"level\":1,\"counts\":{\"status\":{\"0200\":1}}}",
		"{\"level\":1,\"histograms\":{\"response\":\"AAAA\"}}",
		"{\"level\":1,\"histograms\":{\"response\":7}}",
		"{\"level\":1,\"histograms\":{\"weather\":\"\"}}",
		"{\"level\":1,\"counts\":{\"failed_in\":{\"reset\":{\"weather\":1}}}}",
		"{\"level\":1,\"counts\":{\"failed_in\":{\"reset\":{\"body\":-1}}}}",
		"{\"level\":1,\"counts\":{\"failed_in\":{\"reset\":7}}}",
		"{\"level\":1,\"exact\":{\"response\":[0,0,0,\"0\",\"0\"]}}",
		"{\"level\":1,\"requests\":{\"nobody\":{}}}",
		"{\"level\":1,\"target\":{\"cpu\":[0,0,0,0,0]}}",
		"{\"level\":1,\"target\":{\"cpu\":[1,null,0,0,0]}}",
		"{\"level\":1,\"target\":{\"cpu\":[1,0,0,0]}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (interval_with(bad[i]))
			print_error("taken: %s\n", bad[i]);
		assert_false(interval_with(bad[i]));
		assert_null(level_in(decoded, 1)); /* nothing of it stays */
	}
	assert_true(interval_with(
		"{\"level\":1,\"counts\":{\"ok\":5,\"failures\":{\"timeout\":2},\"status\":{\"200\":5}}}"));
	assert_int_equal(level_in(decoded, 1)->all.counts.by_failure[FAILURE_RESPONSE_TIMEOUT], 2);
}

/* Only response and service are kept per request; a histogram may stand once. */
static void
test_histograms_stand_where_they_are_kept(void **state)
{
	struct histogram h;
	char text[1024];

	(void)state;
	histogram_init(&h);
	histogram_record(&h, 5);
	char *encoded = histogram_encode(&h);

	snprintf(text, sizeof(text), "{\"level\":1,\"requests\":{\"browse\":{\"histograms\":{\"service\":\"%s\"}}}}",
		encoded);
	assert_true(interval_with(text));
	assert_int_equal(level_in(decoded, 1)->requests[0].histograms[METRIC_SERVICE].total, 1);
	snprintf(text, sizeof(text), "{\"level\":1,\"requests\":{\"browse\":{\"histograms\":{\"queue\":\"%s\"}}}}",
		encoded);
	assert_false(interval_with(text));
	snprintf(text, sizeof(text), "{\"level\":1,\"histograms\":{\"queue\":\"%s\",\"queue\":\"%s\"}}", encoded,
		encoded);
	assert_false(interval_with(text));
	free(encoded);
	histogram_fini(&h);
}

static bool
control(const char *text, struct control *into)
{
	struct error err = {0};

	return control_decode(text, strlen(text), into, &err);
}

static void
test_control_lines_that_make_no_sense_change_nothing(void **state)
{
	static const char *const bad[] = {"", "stop", "{}", "{\"control\":\"explode\"}", "{\"control\":1}",
		"{\"control\":\"level\"}", "{\"control\":\"level\",\"rate\":-1}",
		"{\"control\":\"level\",\"rate\":null}", "{\"control\":\"level\",\"rate\":1e999}",
		"{\"control\":\"level\",\"rate\":\"5\"}", "{\"control\":\"level\",\"rate\":5,\"at_ns\":-2}",
		"{\"control\":\"level\",\"rate\":5,\"at_ns\":1e300}"};
	struct control c = {.kind = CONTROL_LEVEL, .level = 7, .at_ns = 3};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(control(bad[i], &c));
	char *wide = must_alloc(CONTROL_LINE_MAX + 32);

	memset(wide, ' ', CONTROL_LINE_MAX + 16);
	memcpy(wide, "{\"control\":\"stop\"}", 18);
	assert_false(control(wide, &c));
	free(wide);
	assert_int_equal(c.kind, CONTROL_LEVEL);
	assert_true(c.level == 7);
	assert_int_equal(c.at_ns, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_that_are_no_json_are_refused),
		TEST(test_events_that_make_no_sense_are_refused),
		TEST(test_intervals_that_make_no_sense_are_refused),
		TEST(test_histograms_stand_where_they_are_kept),
		TEST(test_control_lines_that_make_no_sense_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
