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

/* An interval with something in every field. */
static struct interval *
full_interval(struct recorder *recorder)
{
	struct reading reading = sample_reading(42, 1.0 / 3);

	for (uint64_t k = 50; k < 350; k++)
		sample_add(recorder, k);
	recorder_in_flight(recorder, 0, 3, 1000);
	recorder_in_flight(recorder, 1, 70000, 2 * NS_PER_S + 1);
	recorder_add_loop_gap(recorder, 1, 12345);
	recorder_add_reading(recorder, 0, false, &reading);
	recorder_add_reading(recorder, 0, true, &reading);
	reading.values[GAUGE_CPU] = 0.1;
	recorder_add_reading(recorder, 0, false, &reading);
	recorder_add_reading(recorder, LEVEL_NONE, false, &reading);
	recorder_add_connect(recorder, 0, true);
	recorder_close_level(recorder, 0);
	struct interval *interval = recorder_take_interval(recorder, 3500 * NS_PER_MS);

	interval_add_up(interval);
	interval->connections = 9;
	interval->users = 8;
	interval->backlog = 7;
	interval->offered = 100.0 / 3;
	return interval;
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
assert_same_level(const struct interval_level *a, const struct interval_level *b)
{
	assert_non_null(b);
	assert_int_equal(a->is_last, b->is_last);
	assert_true(a->in_flight_ns == b->in_flight_ns);
	assert_int_equal(a->window_ns, b->window_ns);
	assert_int_equal(a->in_flight_peak, b->in_flight_peak);
	assert_int_equal(a->loop_gap_max_ns, b->loop_gap_max_ns);
	assert_true(cells_are_same(&a->all, &b->all));
	assert_true(cells_are_same(&a->requests[0], &b->requests[0]));
	assert_true(cells_are_same(&a->requests[1], &b->requests[1]));
	assert_memory_equal(&a->target, &b->target, sizeof(a->target));
	assert_memory_equal(&a->self, &b->self, sizeof(a->self));
}

static void
test_an_interval_comes_back_bit_for_bit(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	struct interval *interval = full_interval(recorder);
	struct event event;
	uint32_t used = 0;

	(void)state;
	assert_true(event_encode_interval(&line, interval, &plan));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_INTERVAL);
	assert_int_equal(event.end_ns, 3500 * NS_PER_MS);
	for (uint32_t i = 0; i < interval->levels_n; i++) {
		if (!interval->levels[i].is_used)
			continue;
		assert_same_level(&interval->levels[i], level_in(decoded, interval->levels[i].level));
		used++;
	}
	assert_int_equal(used, 3);
	assert_int_equal(decoded->seq, interval->seq);
	assert_int_equal(decoded->start_ns, interval->start_ns);
	assert_int_equal(decoded->in_flight, 70000);
	assert_int_equal(decoded->connections, 9);
	assert_int_equal(decoded->users, 8);
	assert_int_equal(decoded->backlog, 7);
	assert_true(decoded->offered == interval->offered);
	assert_int_equal(decoded->current_level, 1);
	assert_int_equal(decoded->connects, 1);
	assert_int_equal(decoded->connects_failed, 1);
	assert_memory_equal(&decoded->target, &interval->target, sizeof(interval->target));
	assert_memory_equal(&decoded->self, &interval->self, sizeof(interval->self));
	assert_memory_equal(&decoded->target_outside, &interval->target_outside, sizeof(interval->target_outside));
	recorder_free(recorder);
}

static void
assert_same_summary(const struct summary *a, const struct summary *b)
{
	assert_true(cells_are_same(&a->measured, &b->measured));
	assert_true(cells_are_same(&a->requests[0], &b->requests[0]));
	assert_true(cells_are_same(&a->requests[1], &b->requests[1]));
	assert_true(same_bits(&a->everything.counts, &b->everything.counts, sizeof(struct counts)));
	assert_true(cells_are_same(a->warmup.live, b->warmup.live));
	assert_int_equal(a->levels_n, b->levels_n);
	for (size_t i = 0; i < a->levels_n; i++)
		assert_true(cells_are_same(a->levels[i].live, b->levels[i].live));
}

/* Every interval of the sample's exchanges k ≡ shard (mod shards), directly and by way of its event line. */
static void
play(struct summary *direct, struct summary *by_events, uint64_t shard, uint64_t shards)
{
	struct recorder *recorder = recorder_new(&sample_config);

	for (uint64_t second = 0; second < 5; second++) {
		for (uint64_t k = second * 100; k < (second + 1) * 100; k++)
			if (k % shards == shard)
				sample_add(recorder, k);
		struct interval *interval = recorder_take_interval(recorder, (int64_t)(second + 1) * NS_PER_S);

		interval_add_up(interval);
		buf_clear(&line);
		assert_true(event_encode_interval(&line, interval, &plan));
		assert_true(decodes(line.bytes));
		if (direct != NULL)
			summary_add_interval(direct, interval);
		summary_add_interval(by_events, decoded);
		recorder_give_interval(recorder, interval);
	}
	recorder_free(recorder);
}

static void
test_a_summary_of_events_is_that_of_the_run(void **state)
{
	struct summary *direct = summary_new(&plan), *by_events = summary_new(&plan);

	(void)state;
	play(direct, by_events, 0, 1);
	assert_int_equal(direct->measured.counts.scheduled, 400);
	assert_same_summary(direct, by_events);
	assert_int_equal(direct->series.n, by_events->series.n);
	assert_int_equal(direct->series.rows[4].p99_ns, by_events->series.rows[4].p99_ns);
	summary_free(by_events);
	summary_free(direct);
}

static void
test_shards_merge_to_what_one_process_would_have_seen(void **state)
{
	struct summary *whole = summary_new(&plan), *ignored = summary_new(&plan), *merged = summary_new(&plan);

	(void)state;
	play(whole, ignored, 0, 1);
	for (uint64_t shard = 3; shard-- > 0;)
		play(NULL, merged, shard, 3);
	assert_same_summary(whole, merged);
	assert_int_equal(whole->series.n, merged->series.n);
	assert_int_equal(whole->series.rows[2].ok, merged->series.rows[2].ok);
	summary_free(merged);
	summary_free(ignored);
	summary_free(whole);
}

static void
test_counters_above_2_to_53_survive(void **state)
{
	static const uint64_t values[] = {
		(UINT64_C(1) << 53) - 1, UINT64_C(1) << 53, (UINT64_C(1) << 53) + 1, UINT64_MAX - 1, UINT64_MAX};
	struct recorder *recorder = recorder_new(&sample_config);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		recorder_add_scheduled(recorder, 0, 0, values[i]);
		recorder_add_lost(recorder, 0, 0, FAILURE_LOOP_GAP, values[i]);
		struct interval *interval = recorder_take_interval(recorder, (int64_t)i + 1);

		interval_add_up(interval);
		interval->backlog = values[i];
		buf_clear(&line);
		assert_true(event_encode_interval(&line, interval, &plan));
		assert_true(decodes(line.bytes));
		const struct counts *counts = &level_in(decoded, 0)->all.counts;

		assert_true(counts->scheduled == values[i]);
		assert_true(counts->by_failure[FAILURE_LOOP_GAP] == values[i]);
		assert_true(decoded->backlog == values[i]);
		recorder_give_interval(recorder, interval);
	}
	recorder_free(recorder);
}

static void
test_small_events_come_back(void **state)
{
	struct run_identity identity = {
		.id = "20261122T020000Z-1a2b3c", .started_wall_ns = NS_PER_S, .shard = 1, .shards = 3};
	struct level_verdict judged = {.level = 3,
		.status = LEVEL_BROKEN,
		.findings_n = 1,
		.findings = {{.rule = "error_rate",
			.onset_ns = -1,
			.text = "18% \"failed\"\n\xff",
			.measured = 0.18,
			.threshold = NAN}}};
	struct verdict verdict = {
		.status = VERDICT_INCONCLUSIVE, .exit_code = 3, .reasons = {"it was late"}, .reasons_n = 1};
	struct event event;

	(void)state;
	assert_true(event_encode_run(&line, &identity, &plan));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_RUN);
	assert_string_equal(event.text, identity.id);
	assert_string_equal(event.hash, plan.hash);
	assert_int_equal(event.shard, 1);
	assert_int_equal(event.shards, 3);
	buf_clear(&line);
	assert_true(event_encode_phase(&line, "warmup", 17));
	assert_string_equal(line.bytes, "{\"event\":\"phase\",\"at_ns\":17,\"phase\":\"warmup\"}\n");
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_PHASE);
	assert_int_equal(event.at_ns, 17);
	assert_string_equal(event.text, "warmup");
	buf_clear(&line);
	assert_true(event_encode_level(&line, LEVEL_WARMUP, 5, 6, 0.1));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_LEVEL);
	assert_int_equal(event.level, LEVEL_WARMUP);
	assert_int_equal(event.start_ns, 5);
	assert_int_equal(event.end_ns, 6);
	assert_true(event.offered == 0.1);
	buf_clear(&line);
	assert_true(event_encode_judged(&line, &judged));
	assert_null(strchr(line.bytes, '\xff'));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_JUDGED);
	assert_int_equal(event.level, 3);
	assert_string_equal(event.text, "BROKEN");
	buf_clear(&line);
	assert_true(event_encode_finding(&line, &judged.findings[0], 88));
	assert_non_null(
		strstr(line.bytes, "{\"event\":\"finding\",\"at_ns\":88,\"onset_ns\":-1,\"rule\":\"error_rate\""));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_FINDING);
	assert_string_equal(event.text, "error_rate");
	assert_int_equal(event.at_ns, 88);
	buf_clear(&line);
	assert_true(event_encode_end(&line, &verdict, -1));
	assert_true(decode(line.bytes, &event));
	assert_int_equal(event.kind, EVENT_END);
	assert_string_equal(event.text, "inconclusive");
	assert_int_equal(event.exit_code, 3);
	assert_int_equal(event.at_ns, -1);
	assert_true(decode("{\"event\":\"of a later version\"}", &event));
	assert_int_equal(event.kind, EVENT_UNKNOWN);
}

static void
test_a_full_buffer_holds_whole_lines(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	struct interval *interval = full_interval(recorder);
	struct buf small;

	(void)state;
	buf_init(&small, 2000);
	assert_true(event_encode_phase(&small, "measure", 1));
	size_t before = small.length;

	assert_false(event_encode_interval(&small, interval, &plan));
	assert_int_equal(small.length, before);
	assert_int_equal(strlen(small.bytes), before);
	buf_fini(&small);
	recorder_free(recorder);
}

static bool
control(const char *text, struct control *into)
{
	struct error err = {0};

	return control_decode(text, strlen(text), into, &err);
}

static void
test_control_lines_are_read(void **state)
{
	struct control c;

	(void)state;
	assert_true(control("{\"control\": \"level\", \"rate\": 120.5, \"at_ns\": 5000000000}\n", &c));
	assert_int_equal(c.kind, CONTROL_LEVEL);
	assert_true(c.level == 120.5);
	assert_int_equal(c.at_ns, 5 * NS_PER_S);
	assert_true(control("{\"control\": \"drain\"}", &c));
	assert_int_equal(c.kind, CONTROL_DRAIN);
	assert_int_equal(c.at_ns, -1);
	assert_true(control("{\"control\": \"stop\"}", &c));
	assert_int_equal(c.kind, CONTROL_STOP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_interval_comes_back_bit_for_bit),
		TEST(test_a_summary_of_events_is_that_of_the_run),
		TEST(test_shards_merge_to_what_one_process_would_have_seen),
		TEST(test_counters_above_2_to_53_survive),
		TEST(test_small_events_come_back),
		TEST(test_a_full_buffer_holds_whole_lines),
		TEST(test_control_lines_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
