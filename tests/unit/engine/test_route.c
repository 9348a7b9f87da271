#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/route.h"
#include "unit/engine/bench.h"

/* Where sessions go, step by step, as answers of any kind come. */
struct way {
	struct plan *plan;
	struct sessions sessions;
	struct visit *visit;
};

static void
way_init(struct way *w, const char *flow)
{
	char text[2000];

	snprintf(text, sizeof(text), "load: {steady: {rate: 1/s, for: 1s}}\n%s", flow);
	w->plan = plan_of(text);
	sessions_init(&w->sessions, w->plan, &w->plan->scenarios[0], 1, 1);
	w->visit = sessions_take(&w->sessions, 0);
}

static void
way_fini(struct way *w)
{
	sessions_give(&w->sessions, w->visit);
	sessions_fini(&w->sessions);
	plan_free(w->plan);
}

static void
know(struct way *w, size_t value, const char *text)
{
	assert_true(session_set_value(&w->visit->session, value, text, strlen(text)));
}

/* As the pump does: what gives up has failed. Where it goes: the step's name, "completed" or "broken". */
static const char *
go(struct way *w, unsigned status, enum failure failure)
{
	struct exchange x = {.status = (uint16_t)status,
		.outcome = failure == FAILURE_COUNT ? OUTCOME_OK : OUTCOME_FAILURE,
		.failure = failure};
	int64_t think_ns;

	if (x.outcome == OUTCOME_OK && route_gives_up(&w->sessions, w->visit, &x)) {
		x.outcome = OUTCOME_FAILURE;
		x.failure = FAILURE_GAVE_UP;
	}
	switch (route_take(&w->sessions, w->visit, &x, &think_ns)) {
	case ROUTE_COMPLETED: return "completed";
	case ROUTE_BROKEN: return x.failure == FAILURE_GAVE_UP ? "gave up" : "broken";
	case ROUTE_STEP: break;
	}
	return w->plan->requests[w->visit->step].name;
}

static const char *
ok(struct way *w, unsigned status)
{
	return go(w, status, FAILURE_COUNT);
}

#define BRANCHES                                                                                                        \
	"flow:\n"                                                                                                       \
	"  - {name: login, get: /}\n"                                                                                   \
	"  - {name: list, get: /, then: {404: stop, 401: goto login, 5xx: again, 403: fail, 204: goto end, 410: next, " \
	"failed: goto end}}\n"                                                                                          \
	"  - {name: item, get: /}\n"                                                                                    \
	"  - {name: end, get: /}\n"

static void
test_a_status_says_where_the_session_goes(void **state)
{
	static const struct {
		unsigned status;
		enum failure failure;
		const char *where;
	} rows[] = {
		{200, FAILURE_COUNT, "item"},
		{404, FAILURE_COUNT, "completed"},
		{404, FAILURE_STATUS, "completed"},
		{401, FAILURE_STATUS, "login"},
		{503, FAILURE_STATUS, "list"},
		{403, FAILURE_COUNT, "broken"},
		{204, FAILURE_COUNT, "end"},
		{410, FAILURE_STATUS, "item"},
		{400, FAILURE_STATUS, "end"},         /* failed */
		{404, FAILURE_TRUNCATED, "end"},      /* whatever its status was to mean, it broke off */
		{0, FAILURE_RESPONSE_TIMEOUT, "end"}, /* there is none */
		{404, FAILURE_BODY, "end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct way w;

		way_init(&w, BRANCHES);
		assert_string_equal(ok(&w, 200), "list");
		const char *where = go(&w, rows[i].status, rows[i].failure);

		if (strcmp(where, rows[i].where) != 0)
			fail_msg("row %zu: %s, not %s", i, where, rows[i].where);
		way_fini(&w);
	}
}

static void
test_going_back_has_an_end(void **state)
{
	struct way w;

	(void)state;
	way_init(&w, BRANCHES "session: {jumps: 3}\n");
	ok(&w, 200);
	assert_string_equal(go(&w, 503, FAILURE_STATUS), "list");
	assert_string_equal(go(&w, 401, FAILURE_STATUS), "login");
	assert_string_equal(ok(&w, 200), "list");
	assert_string_equal(ok(&w, 204), "end"); /* forward costs nothing */
	w.visit->step = 1;
	assert_string_equal(go(&w, 503, FAILURE_STATUS), "list");
	assert_string_equal(go(&w, 503, FAILURE_STATUS), "broken"); /* as it is without `then` */
	way_fini(&w);
	/* A good answer that the session would go back for is a failure once it may not. */
	way_init(&w, "flow: [{name: a, get: /}, {name: b, get: /, then: {202: again}}]\nsession: {jumps: 2}\n");
	ok(&w, 200);
	assert_string_equal(ok(&w, 202), "b");
	assert_string_equal(ok(&w, 202), "b");
	assert_string_equal(ok(&w, 202), "gave up");
	way_fini(&w);
	way_init(&w, "flow: [{name: a, get: /}, {name: b, get: /, then: {202: again}}, {name: c, get: /}]\n"
		     "session: {jumps: 1, on_failure: continue}\n");
	ok(&w, 200);
	assert_string_equal(ok(&w, 202), "b");
	assert_string_equal(ok(&w, 202), "c");
	way_fini(&w);
}

#define POLL                                                                                                             \
	"flow:\n"                                                                                                        \
	"  - {name: start, get: /, extract: {job: {json: /id}}}\n"                                                       \
	"  - {name: poll, get: \"/${job}\", extract: {state: {json: /state}}, until: \"${state} == done\", repeat: 3}\n" \
	"  - {name: fetch, get: /}\n"

static void
test_a_step_is_repeated_until_its_condition_holds(void **state)
{
	struct way w;

	(void)state;
	way_init(&w, POLL);
	ok(&w, 200);
	know(&w, 1, "queued");
	assert_string_equal(ok(&w, 200), "poll");
	assert_int_equal(w.visit->session.repetition, 1);
	know(&w, 1, "done");
	assert_string_equal(ok(&w, 200), "fetch");
	assert_string_equal(ok(&w, 200), "completed");
	way_fini(&w);
	way_init(&w, POLL);
	ok(&w, 200);
	know(&w, 1, "queued");
	ok(&w, 200);
	ok(&w, 200);
	assert_string_equal(ok(&w, 200), "gave up");
	way_fini(&w);
	way_init(&w, POLL); /* at the last moment */
	ok(&w, 200);
	know(&w, 1, "queued");
	ok(&w, 200);
	ok(&w, 200);
	know(&w, 1, "done");
	assert_string_equal(ok(&w, 200), "fetch");
	way_fini(&w);
}

static void
test_steps_whose_condition_does_not_hold_are_passed_over(void **state)
{
	struct way w;

	(void)state;
	way_init(&w, "flow:\n"
		     "  - {name: a, get: /, extract: {next: {json: /next, default: \"\"}}, then: {300: goto d}}\n"
		     "  - {name: b, get: /, if: \"${next}\"}\n"
		     "  - {name: c, get: /, if: \"not ${next}\"}\n"
		     "  - {name: d, get: /, if: \"${next} == x\"}\n");
	assert_string_equal(ok(&w, 200), "c");
	assert_string_equal(ok(&w, 200), "completed");
	way_fini(&w);
	way_init(&w, "flow:\n"
		     "  - {name: a, get: /, extract: {next: {json: /next, default: \"\"}}, then: {300: goto d}}\n"
		     "  - {name: b, get: /, if: \"${next}\"}\n"
		     "  - {name: c, get: /, if: \"not ${next}\"}\n"
		     "  - {name: d, get: /, if: \"${next} == x\"}\n");
	know(&w, 0, "x");
	assert_string_equal(ok(&w, 200), "b");
	assert_string_equal(ok(&w, 200), "d");
	assert_string_equal(ok(&w, 200), "completed");
	w.visit->step = 0;
	know(&w, 0, "");
	assert_string_equal(ok(&w, 300), "completed"); /* straight to a step that is passed over */
	way_fini(&w);
}

/* Null answers are always 200: each session sends a, b and b again until it may not. */
static void
test_what_gives_up_is_counted_as_such_and_breaks_its_session(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 10/s, for: 10s}}\n"
			   "flow: [{name: a, get: /}, {name: b, get: /, then: {200: again}}]\nsession: {jumps: 4}\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 600);
	assert_int_equal(counts->ok, 500);
	assert_int_equal(counts->by_failure[FAILURE_GAVE_UP], 100);
	assert_int_equal(counts->sessions_broken, 100);
	bench_fini(&bench);
}

static void
test_a_session_may_end_early_and_well(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench, "load: {steady: {rate: 10/s, for: 10s}}\n"
			   "flow: [{name: a, get: /, then: {200: stop}}, {name: b, get: /}]\n");
	const struct counts *counts = bench_go(&bench);

	assert_int_equal(counts->scheduled, 100);
	assert_int_equal(counts->sessions_completed, 100);
	bench_fini(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_status_says_where_the_session_goes),
		cmocka_unit_test(test_going_back_has_an_end),
		cmocka_unit_test(test_a_step_is_repeated_until_its_condition_holds),
		cmocka_unit_test(test_steps_whose_condition_does_not_hold_are_passed_over),
		cmocka_unit_test(test_what_gives_up_is_counted_as_such_and_breaks_its_session),
		cmocka_unit_test(test_a_session_may_end_early_and_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
