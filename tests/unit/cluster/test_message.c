#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "cluster/clock_offset.h"
#include "cluster/message.h"

static void
test_what_is_said_is_understood_as_it_was_meant(void **state)
{
	struct error err = {0};
	struct buf text;
	struct ask ask = {.run = "20261122T020000Z-1a2b3c", .shard = 2, .shards = 3, .hash = "00ff", .brunt = "0.1.0"};
	struct beat beat = {.agent = "w1",
		.shard = 2,
		.heard = 4,
		.kept = UINT64_MAX,
		.is_over = true,
		.exit_status = 5,
		.term_signal = 9,
		.why = "was \"stopped\""};
	struct ask asked;
	struct beat heard;

	(void)state;
	ask.settings[ask.settings_n++] = (char *)(uintptr_t) "load.steady.rate=5/s";
	ask.settings[ask.settings_n++] = (char *)(uintptr_t) "name=ü";
	buf_init(&text, MESSAGE_MAX);
	ask_encode(&text, &ask);
	assert_true(ask_decode(text.bytes, text.length, &asked, &err));
	assert_string_equal(asked.run, ask.run);
	assert_int_equal(asked.shard, 2);
	assert_int_equal(asked.shards, 3);
	assert_string_equal(asked.hash, "00ff");
	assert_int_equal(asked.settings_n, 2);
	assert_string_equal(asked.settings[1], "name=ü");
	ask_fini(&asked);
	buf_clear(&text);
	beat_encode(&text, &beat);
	assert_true(beat_decode(text.bytes, text.length, &heard, &err));
	assert_string_equal(heard.agent, "w1");
	assert_int_equal(heard.heard, 4);
	assert_true(heard.kept == UINT64_MAX && heard.is_over);
	assert_int_equal(heard.exit_status, 5);
	assert_int_equal(heard.term_signal, 9);
	assert_string_equal(heard.why, "was \"stopped\"");
	buf_fini(&text);
}

static void
test_what_makes_no_sense_is_refused(void **state)
{
	static const char *const asks[] = {
		"",
		"[]",
		"{\"run\":\"a\"}",
		"{\"run\":\"a.b\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"a>\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"../a\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"a\",\"shard\":1,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"a\",\"shard\":-1,\"shards\":1,\"hash\":\"\",\"brunt\":\"\"}",
		"{\"run\":\"a\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\",\"settings\":[\"novalue\"]}",
		"{\"run\":\"a\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\",\"settings\":[\"a=1\",7]}",
		"{\"run\":\"a\",\"shard\":0,\"shards\":1,\"hash\":\"\",\"brunt\":\"\",\"settings\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct error err = {0};
		struct ask ask;

		if (ask_decode(asks[i], strlen(asks[i]), &ask, &err))
			fail_msg("'%s' was understood", asks[i]);
		assert_true(error_is_set(&err));
	}
}

/* As nats-server 2.9 says it, of an agent and of a client that has no name. */
static void
test_it_is_known_whose_connection_ended(void **state)
{
	static const char of_agent[] =
		"{\"type\":\"io.nats.server.advisory.v1.client_disconnect\",\"server\":{\"name\":\"w2\"},"
		"\"client\":{\"id\":6,\"acc\":\"BRUNT\",\"name\":\"w1\",\"kind\":\"Client\"},\"reason\":"
		"\"Client Closed\"}";
	static const char of_nobody[] = "{\"client\":{\"id\":6},\"reason\":\"Client Closed\"}";
	struct error err = {0};
	struct left left;

	(void)state;
	assert_true(left_decode(of_agent, strlen(of_agent), &left, &err));
	assert_string_equal(left.client, "w1");
	assert_string_equal(left.reason, "Client Closed");
	assert_false(left_decode(of_nobody, strlen(of_nobody), &left, &err));
	assert_false(left_decode("{}", 2, &left, &err));
}

/* Two clocks and a link whose two ways are never equally long: whatever the delays, the answer is wrong by at most half
 * of what the quickest round took. */
static void
test_the_clocks_are_apart_by_what_the_quickest_round_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct clock_offset offset = {0};
		int64_t truth_ns = (int64_t)(rng_at(seed, 0, 0) % 2000000000000) - 1000000000000;
		int64_t ours_ns = 2000000000000, quickest_ns = INT64_MAX;

		for (uint64_t i = 1; i <= 12; i++) {
			int64_t there_ns = (int64_t)(rng_at(seed, 0, 4 * i) % 3000000) + 50000;
			int64_t think_ns = (int64_t)(rng_at(seed, 0, 4 * i + 1) % 9000000);
			int64_t back_ns = (int64_t)(rng_at(seed, 0, 4 * i + 2) % 3000000) + 50000;
			struct ping ping = {.sent_ns = ours_ns,
				.heard_ns = ours_ns + there_ns + truth_ns,
				.said_ns = ours_ns + there_ns + think_ns + truth_ns};

			ours_ns += there_ns + think_ns + back_ns;
			quickest_ns = there_ns + back_ns < quickest_ns ? there_ns + back_ns : quickest_ns;
			clock_offset_add(&offset, &ping, ours_ns);
		}
		assert_int_equal(offset.rounds, 12);
		int64_t error_ns =
			offset.offset_ns > truth_ns ? offset.offset_ns - truth_ns : truth_ns - offset.offset_ns;

		assert_true(error_ns <= offset.round_ns / 2 + 1);
		assert_int_equal(offset.round_ns, quickest_ns);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_said_is_understood_as_it_was_meant),
		cmocka_unit_test(test_what_makes_no_sense_is_refused),
		cmocka_unit_test(test_it_is_known_whose_connection_ended),
		cmocka_unit_test(test_the_clocks_are_apart_by_what_the_quickest_round_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
