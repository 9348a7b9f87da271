#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "campaign/digest.h"
#include "measure/recorder.h"

/* One level of a second, of which a share fails, through the digest as a run would send it. */

static struct plan_request requests[] = {{.name = "root"}};
static struct plan_scenario scenarios[] = {{.name = "default", .requests_n = 1}};

static struct plan
broken_plan(void)
{
	return (struct plan){
		.name = "digest",
		.requests = requests,
		.requests_n = 1,
		.scenarios = scenarios,
		.scenarios_n = 1,
		.break_when = {.error_rate = 0.1, .timeout_rate = 0.05, .memory = NAN, .cpu = NAN},
		.generator = {.lateness_p99_ns = NS_PER_MS,
			.lateness_share = 0.1,
			.taken_min = 0.99,
			.client_failures_max = 0.001,
			.loop_gap_ns = NS_PER_S},
		.output.interval_ns = NS_PER_S,
	};
}

static void
add_exchanges(struct recorder *recorder, uint64_t failed_of_100)
{
	for (uint64_t k = 0; k < 1000; k++) {
		struct exchange x = {.k = k, .due_ns = (int64_t)k * NS_PER_MS, .connect_ns = -1};

		x.taken_ns = x.sent_ns = x.due_ns;
		x.first_byte_ns = x.last_byte_ns = x.due_ns + NS_PER_MS;
		x.status = k % 100 < failed_of_100 ? 503 : 200;
		x.outcome = x.status == 503 ? OUTCOME_FAILURE : OUTCOME_OK;
		x.failure = FAILURE_STATUS;
		recorder_add_scheduled(recorder, 0, 0, 1);
		recorder_add_sent(recorder, 0, 0);
		recorder_add_exchange(recorder, &x, 0);
	}
	recorder_close_level(recorder, 0);
}

static void
on_done(void *context, struct interval *interval, const struct digest_outcome *outcome)
{
	recorder_give_interval(context, interval);
	assert_int_equal(outcome->judged_n, 1);
}

static size_t
lines_with(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

/* What the event stream says of a level of which so many failed. */
static void
play(uint64_t failed_of_100, int64_t loop_gap_ns, char *into, size_t size)
{
	struct plan plan = broken_plan();
	const struct recorder_config config = {.requests_n = 1, .open_levels_max = 2};
	struct recorder *recorder = recorder_new(&config);
	struct run_facts facts = {0};
	uv_loop_t loop;
	static struct digest digest;

	assert_int_equal(uv_loop_init(&loop), 0);
	digest = (struct digest){.loop = &loop,
		.plan = &plan,
		.summary = summary_new(&plan),
		.judge = judge_new(&plan),
		.events_copy = tmpfile(),
		.facts = &facts,
		.on_done = on_done,
		.context = recorder};
	assert_non_null(digest.events_copy);
	digest_init(&digest);
	digest_note(&digest, &(struct note){.kind = NOTE_LEVEL, .end_ns = NS_PER_S, .offered = 1000});
	recorder_add_loop_gap(recorder, 0, loop_gap_ns);
	add_exchanges(recorder, failed_of_100);
	digest_add_interval(&digest, recorder_take_interval(recorder, NS_PER_S));
	uv_run(&loop, UV_RUN_DEFAULT);
	rewind(digest.events_copy);
	into[fread(into, 1, size - 1, digest.events_copy)] = '\0';
	fclose(digest.events_copy);
	digest_fini(&digest);
	judge_free(digest.judge);
	summary_free(digest.summary);
	recorder_free(recorder);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void
test_each_cause_of_a_broken_level_is_an_event(void **state)
{
	char text[65536];

	(void)state;
	play(20, 0, text, sizeof(text));
	const char *judged = strstr(text, "{\"event\":\"judged\",\"level\":0,\"status\":\"BROKEN\"");

	assert_non_null(judged);
	const char *finding = strstr(judged, "\n{\"event\":\"finding\",\"at_ns\":1000000000,");

	assert_non_null(finding);
	assert_non_null(strstr(finding, "\"rule\":\"error_rate\",\"mode\":\"high_error_rate\""));
	assert_int_equal(lines_with(text, "\"event\":\"finding\""), 1);
}

/* An objective or a trifle is in `judged` alone. */
static void
test_a_level_that_held_has_no_cause(void **state)
{
	char text[65536];

	(void)state;
	play(7, 0, text, sizeof(text));
	assert_non_null(strstr(text, "{\"event\":\"judged\",\"level\":0,\"status\":\"DEGR\""));
	assert_int_equal(lines_with(text, "\"event\":\"finding\""), 0);
}

/* What the generator spoiled says nothing of the target. */
static void
test_an_invalid_level_has_no_cause(void **state)
{
	char text[65536];

	(void)state;
	play(20, 2 * NS_PER_S, text, sizeof(text));
	assert_non_null(strstr(text, "{\"event\":\"judged\",\"level\":0,\"status\":\"INVALID\""));
	assert_non_null(strstr(text, "\"mode\":\"high_error_rate\""));
	assert_int_equal(lines_with(text, "\"event\":\"finding\""), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_cause_of_a_broken_level_is_an_event),
		cmocka_unit_test(test_a_level_that_held_has_no_cause),
		cmocka_unit_test(test_an_invalid_level_has_no_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
