#include "unit/measure/recording.h"

/* What is recorded of an answer that a model generated. */

/* Ten tokens in eight events, of which one came along with the one before; a second of prefill. */
static const struct generation ten_tokens = {
	.first_event_ns = 900,
	.first_token_ns = 1000,
	.first_content_ns = 1200,
	.last_token_ns = 1900,
	.events = 10,
	.chunks = 8,
	.coalesced = 1,
	.prompt_tokens = 100,
	.cached_tokens = 60,
	.completion_tokens = 10,
	.has_prompt_tokens = true,
	.basis = TOKENS_BY_USAGE,
	.finish = FINISH_LENGTH,
};

static void
test_ttft_and_tpot_count_from_due_and_from_the_first_token(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 0);

	(void)state;
	x.generation = &ten_tokens;
	recorder_add_exchange(recorder, &x, 0);
	recorder_add_gap(recorder, 0, 100);
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(only_value(all, METRIC_FIRST_EVENT), 900);
	assert_int_equal(only_value(all, METRIC_TTFT), 1000);
	assert_int_equal(only_value(all, METRIC_TTFT_SERVICE), 990);
	assert_int_equal(only_value(all, METRIC_FIRST_CONTENT), 1200);
	assert_int_equal(only_value(all, METRIC_TPOT), 100); /* 900 / 9 */
	assert_int_equal(only_value(all, METRIC_TOKEN_TIME), 190);
	assert_int_equal(only_value(all, METRIC_ITL), 100);
	assert_int_equal(only_value(all, METRIC_PROMPT_TOKENS), 100);
	assert_int_equal(only_value(all, METRIC_OUTPUT_TOKENS), 10);
	assert_int_equal(all->counts.completion_tokens, 10);
	assert_int_equal(all->counts.tokens_in_window, 10);
	assert_int_equal(all->counts.cached_tokens, 60);
	assert_int_equal(all->counts.cache_hits, 1);
	assert_int_equal(all->counts.by_usage, 1);
	assert_int_equal(all->counts.by_finish[FINISH_LENGTH], 1);
	assert_int_equal(all->counts.chunks, 8);
	assert_int_equal(all->counts.coalesced, 1);
	recorder_free(recorder);
}

/* An answer of one token, or of many in one read, says nothing about the time between tokens: no 0 is made up. */
static void
test_tokens_that_came_together_have_no_tpot(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct generation one = ten_tokens, at_once = ten_tokens, none = ten_tokens;
	struct exchange x = good_exchange(0, 0);

	(void)state;
	one.completion_tokens = 1;
	at_once.last_token_ns = at_once.first_token_ns;
	none.first_token_ns = none.first_content_ns = none.last_token_ns = -1;
	none.completion_tokens = 0;
	const struct generation *const all_three[] = {&one, &at_once, &none};

	for (size_t i = 0; i < 3; i++) {
		x.generation = all_three[i];
		recorder_add_exchange(recorder, &x, 0);
	}
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(all->histograms[METRIC_TPOT].total, 0);
	assert_int_equal(all->histograms[METRIC_TTFT].total, 2);
	assert_int_equal(all->histograms[METRIC_RESPONSE].total, 3);
	recorder_free(recorder);
}

/* An answer that came as one document has tokens, but no time of any. */
static void
test_whole_answers_have_tokens_without_times(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct generation whole = ten_tokens;
	struct exchange x = good_exchange(0, 0);

	(void)state;
	whole.first_event_ns = whole.first_token_ns = whole.first_content_ns = whole.last_token_ns = -1;
	x.generation = &whole;
	recorder_add_exchange(recorder, &x, 0);
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(only_value(all, METRIC_OUTPUT_TOKENS), 10);
	assert_int_equal(all->histograms[METRIC_TTFT].total, 0);
	assert_int_equal(all->histograms[METRIC_TPOT].total, 0);
	assert_int_equal(all->histograms[METRIC_TOKEN_TIME].total, 0);
	recorder_free(recorder);
}

static void
test_failed_answers_count_no_tokens(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	struct exchange x = good_exchange(0, 0);

	(void)state;
	x.generation = &ten_tokens;
	x.outcome = OUTCOME_FAILURE;
	x.failure = FAILURE_STREAM_ERROR;
	recorder_add_exchange(recorder, &x, 0);
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(all->histograms[METRIC_TTFT].total, 0);
	assert_int_equal(all->counts.generations, 0);
	assert_int_equal(all->counts.completion_tokens, 0);
	assert_int_equal(all->counts.by_failure[FAILURE_STREAM_ERROR], 1);
	recorder_free(recorder);
}

static void
test_goodput_counts_answers_that_hold_every_bound(void **state)
{
	static const struct plan_metric response = {.name = "response"}, tpot = {.name = "tpot"};
	const struct plan_bound bounds[] = {
		{&response, -1, 1010}, /* just held */
		{&response, 0, 10},    /* another request's */
		{&tpot, -1, 99},       /* of those that have one */
	};
	struct recorder_config config = small;
	struct exchange x = good_exchange(0, 0);

	(void)state;
	config.good_when = bounds;
	config.good_when_n = 3;
	struct recorder *recorder = recorder_new(&config);

	recorder_add_exchange(recorder, &x, 0); /* good */
	recorder_add_exchange(recorder, &x, LEVEL_NONE);
	x.generation = &ten_tokens;
	recorder_add_exchange(recorder, &x, 0); /* TPOT 100 */
	x.generation = NULL;
	x.last_byte_ns++;
	recorder_add_exchange(recorder, &x, 0); /* response 1011 */
	const struct cell *all = &level_in(take_interval(recorder, NS_PER_S), 0)->all;

	assert_int_equal(all->counts.ok, 4);
	assert_int_equal(all->counts.good, 2);
	assert_int_equal(all->counts.ok_in_window, 3);
	assert_int_equal(all->counts.good_in_window, 1);
	recorder_free(recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ttft_and_tpot_count_from_due_and_from_the_first_token),
		cmocka_unit_test(test_tokens_that_came_together_have_no_tpot),
		cmocka_unit_test(test_whole_answers_have_tokens_without_times),
		cmocka_unit_test(test_failed_answers_count_no_tokens),
		cmocka_unit_test(test_goodput_counts_answers_that_hold_every_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
