#include "unit/measure/recording.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "measure/events.h"
#include "unit/measure/sample.h"

static struct peer *
row(struct peers *peers, uint32_t backend, const char *address)
{
	return &peers->list[peers_find(peers, backend, address)];
}

static void
test_exchanges_count_where_they_went(void **state)
{
	struct recorder *recorder = recorder_new(&small);
	uint32_t a = recorder_peer(recorder, 0, "10.0.0.1:80"), b = recorder_peer(recorder, 1, "10.0.0.1:80");
	struct exchange x = good_exchange(0, 1000), failed = x, unsent = x, unfinished = x;

	(void)state;
	assert_int_equal(recorder_peer(recorder, 0, "10.0.0.1:80"), a);
	assert_int_not_equal(a, b);
	x.peer = a;
	failed.peer = unsent.peer = unfinished.peer = b;
	failed.outcome = unsent.outcome = OUTCOME_FAILURE;
	failed.failure = FAILURE_RESET;
	unsent.failure = FAILURE_CONNECT_REFUSED;
	unfinished.outcome = OUTCOME_UNFINISHED;
	recorder_add_connect(recorder, b, true);
	recorder_add_exchange(recorder, &x, 0);
	recorder_add_exchange(recorder, &failed, 0);
	recorder_add_exchange(recorder, &unsent, 0);
	recorder_add_exchange(recorder, &unfinished, 0);
	struct interval *interval = take_interval(recorder, NS_PER_S);

	assert_int_equal(row(&interval->peers, 0, "10.0.0.1:80")->ok, 1);
	assert_int_equal(row(&interval->peers, 1, "10.0.0.1:80")->failed, 1);
	assert_int_equal(row(&interval->peers, 1, "10.0.0.1:80")->unsent, 1);
	assert_int_equal(row(&interval->peers, 1, "10.0.0.1:80")->unfinished, 1);
	assert_int_equal(row(&interval->peers, 1, "10.0.0.1:80")->connects_failed, 1);
	assert_int_equal(interval->connects, 1);

	/* The next interval has the same numbers, and begins at 0. */
	recorder_add_exchange(recorder, &x, 0);
	recorder_give_interval(recorder, interval);
	interval = take_interval(recorder, 2 * NS_PER_S);
	assert_int_equal(row(&interval->peers, 0, "10.0.0.1:80")->ok, 1);
	assert_int_equal(row(&interval->peers, 1, "10.0.0.1:80")->failed, 0);
	recorder_free(recorder);
}

static void
test_what_finds_no_row_goes_to_the_others(void **state)
{
	struct peers peers;
	char address[32];

	(void)state;
	peers_init(&peers);
	for (unsigned i = 0; i < PEERS_MAX + 10; i++) {
		snprintf(address, sizeof(address), "10.0.%u.%u:80", i / 256, i % 256);
		row(&peers, 0, address)->ok++;
	}
	assert_int_equal(peers.n, PEERS_MAX);
	assert_string_equal(peers.list[PEERS_MAX - 1].address, "others");
	assert_int_equal(peers.list[PEERS_MAX - 1].ok, 11);
	peers_fini(&peers);
}

static void
test_rows_of_several_processes_add_up_by_name(void **state)
{
	struct peers one, other;

	(void)state;
	peers_init(&one);
	peers_init(&other);
	row(&one, 0, "a")->ok = 3;
	row(&other, 0, "b")->ok = 4;
	*row(&other, 0, "a") = (struct peer){.address = "a", .ok = 5, .connects = 2, .is_listed = true};
	other.lookups[0] = (struct lookup_counts){.good = 1, .sum_ns = 7, .most_ns = 7};
	peers_merge(&one, &other);
	peers_merge(&one, &other);
	assert_int_equal(row(&one, 0, "a")->ok, 13);
	assert_int_equal(row(&one, 0, "a")->connects, 4);
	assert_true(row(&one, 0, "a")->is_listed);
	assert_int_equal(row(&one, 0, "b")->ok, 8);
	assert_int_equal(one.lookups[0].sum_ns, 14);
	assert_int_equal(one.lookups[0].most_ns, 7);
	peers_fini(&one);
	peers_fini(&other);
}

static struct buf line;
static struct interval *decoded;
static struct plan plan;

static bool
decodes(const char *text)
{
	struct error err = {0};
	struct event event;

	return event_decode(text, strlen(text), &plan, &event, decoded, &err);
}

static void
test_they_come_back_from_the_event_stream(void **state)
{
	struct recorder *recorder = recorder_new(&sample_config);
	uint32_t peer = recorder_peer(recorder, 1, "[::1]:80");

	(void)state;
	buf_init(&line, EVENT_LINE_MAX);
	recorder_list_peer(recorder, peer, true);
	recorder_add_connect(recorder, peer, false);
	recorder_add_lookup(recorder, 1, 5000, true);
	recorder_add_lookup(recorder, 1, -1, false);
	assert_true(event_encode_interval(&line, take_interval(recorder, NS_PER_S), &plan));
	assert_true(decodes(line.bytes));
	assert_int_equal(decoded->peers.n, 1);
	assert_true(decoded->peers.list[0].is_listed);
	assert_int_equal(decoded->peers.list[0].connects, 1);
	assert_int_equal(decoded->peers.list[0].backend, 1);
	assert_int_equal(decoded->peers.lookups[1].good, 1);
	assert_int_equal(decoded->peers.lookups[1].failed, 1);
	assert_int_equal(decoded->peers.lookups[1].changed, 1);
	assert_int_equal(decoded->peers.lookups[1].most_ns, 5000);
	buf_fini(&line);
	recorder_free(recorder);
}

#define INTERVAL "{\"event\":\"interval\",\"seq\":0,\"start_ns\":0,\"end_ns\":1,"

static void
test_what_is_no_row_is_refused(void **state)
{
	static const char *const bad[] = {
		INTERVAL "\"peers\":[[2,\"a\",true,0,0,0,0,0,0]]}",
		INTERVAL "\"peers\":[[0,\"a\",true,0,0,0,0,0]]}",
		INTERVAL "\"peers\":[[0,\"a\",1,0,0,0,0,0,0]]}",
		INTERVAL "\"peers\":[[0,7,true,0,0,0,0,0,0]]}",
		INTERVAL "\"peers\":[[0,\"a\",true,0,0,0,0,0,-1]]}",
		INTERVAL "\"peers\":[7]}",
		INTERVAL "\"lookups\":[[1,0,0,0,0],[1,0,0,0,0],[1,0,0,0,0]]}",
		INTERVAL "\"lookups\":[[1,0,0,0]]}",
	};

	(void)state;
	assert_true(decodes(INTERVAL "\"peers\":[[1,\"a\",true,0,0,0,0,0,0]],\"lookups\":[[1,0,0,0,0]]}"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (decodes(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchanges_count_where_they_went),
		cmocka_unit_test(test_what_finds_no_row_goes_to_the_others),
		cmocka_unit_test(test_rows_of_several_processes_add_up_by_name),
		cmocka_unit_test(test_they_come_back_from_the_event_stream),
		cmocka_unit_test(test_what_is_no_row_is_refused),
	};

	plan = sample_plan();
	plan.target.backends.n = 2;
	decoded = interval_new(2, 4);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	interval_free(decoded);
	return failed;
}
