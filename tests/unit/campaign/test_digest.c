#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "campaign/digest.h"
#include "load/shape.h"
#include "measure/recorder.h"
#include "proto/protocol.h"
#include "reader/reader.h"

#define PROFILE                                                                                                        \
	"name: test\n"                                                                                                 \
	"target: {url: 'http://127.0.0.1:9'}\n"                                                                        \
	"load: {steps: {from: 10/s, by: 10/s, every: 1s, to: 50/s}}\n"                                                 \
	"requests: [{name: root, get: /}]\n"                                                                           \
	"abort_when: ['error_rate > 90%']\n"

#define OUTCOMES_MAX 4

/* A digest as a campaign drives it, with intervals of measure's own recorder; what it says goes to memory. */
struct fixture {
	uv_loop_t loop;
	struct plan *plan;
	struct recorder *recorder;
	struct digest digest;
	struct run_facts facts;
	struct digest_outcome outcomes[OUTCOMES_MAX];
	size_t outcomes_n;
	int64_t now_ns;
	char *text; /* of the copy of the event stream */
	size_t length;
};

static void
on_done(void *context, struct interval *interval, const struct digest_outcome *outcome)
{
	struct fixture *f = context;

	assert_true(f->outcomes_n < OUTCOMES_MAX);
	f->outcomes[f->outcomes_n++] = *outcome;
	recorder_give_interval(f->recorder, interval);
}

static struct plan *
load_plan(void)
{
	const struct plan_tables tables = {.shapes = shape_choices,
		.protocols = protocol_choices,
		.readers = reader_choices,
		.metrics = judge_metrics};
	struct error err = {0};
	struct plan *plan = plan_load_text(PROFILE, strlen(PROFILE), "test.yaml", NULL, 0, &tables, &err);

	if (plan == NULL)
		fail_msg("%s", err.message);
	return plan;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(uv_loop_init(&f->loop), 0);
	f->plan = load_plan();
	f->recorder = recorder_new(&(struct recorder_config){.requests_n = 1, .open_levels_max = 4});
	digest_init(&f->digest);
	f->digest.loop = &f->loop;
	f->digest.plan = f->plan;
	f->digest.summary = summary_new(f->plan);
	f->digest.judge = judge_new(f->plan);
	f->digest.events_copy = open_memstream(&f->text, &f->length);
	f->digest.facts = &f->facts;
	f->digest.on_done = on_done;
	f->digest.context = f;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	judge_free(f->digest.judge);
	summary_free(f->digest.summary);
	fclose(f->digest.events_copy);
	digest_fini(&f->digest);
	recorder_free(f->recorder);
	plan_free(f->plan);
	free(f->text);
	free(f);
	return 0;
}

static void
note_level(struct fixture *f, uint32_t level)
{
	digest_note(&f->digest, &(struct note){.kind = NOTE_LEVEL,
					.level = level,
					.start_ns = level * NS_PER_S,
					.end_ns = (level + 1) * NS_PER_S,
					.offered = 10.0 * (level + 1)});
}

static void
note_phase(struct fixture *f, const char *phase)
{
	digest_note(&f->digest, &(struct note){.kind = NOTE_PHASE, .phase = phase, .start_ns = f->now_ns});
}

/* One exchange, a tenth of a second after the interval began. */
static void
record(struct fixture *f, uint32_t level, bool is_ok)
{
	int64_t due_ns = f->now_ns + 100 * NS_PER_MS;
	struct exchange x = {.level = level,
		.due_ns = due_ns,
		.taken_ns = due_ns,
		.sent_ns = due_ns,
		.connect_ns = -1,
		.first_byte_ns = is_ok ? due_ns + NS_PER_MS : -1,
		.last_byte_ns = due_ns + NS_PER_MS,
		.outcome = is_ok ? OUTCOME_OK : OUTCOME_FAILURE,
		.failure = FAILURE_RESET,
		.status = is_ok ? 200 : 0};

	recorder_add_scheduled(f->recorder, level, 0, 1);
	recorder_add_sent(f->recorder, level, 0);
	recorder_add_exchange(f->recorder, &x, level);
}

static void
add_interval(struct fixture *f, uint32_t level, unsigned ok, unsigned failed, bool is_last)
{
	for (unsigned i = 0; i < ok + failed; i++)
		record(f, level, i < ok);
	if (is_last)
		recorder_close_level(f->recorder, level);
	f->now_ns += NS_PER_S;
	struct interval *interval = recorder_take_interval(f->recorder, f->now_ns);

	assert_non_null(interval);
	interval->current_level = level;
	interval->target.at_ns = interval->self.at_ns = -1;
	digest_add_interval(&f->digest, interval);
}

/* The kinds of events so far, as words: "phase level interval ". */
static const char *
events(struct fixture *f)
{
	static char kinds[256];
	size_t length = 0;

	kinds[0] = '\0';
	for (const char *line = f->text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
		char kind[32];

		assert_int_equal(sscanf(line, "{\"event\":\"%31[a-z]\"", kind), 1);
		length += (size_t)snprintf(kinds + length, sizeof(kinds) - length, "%s ", kind);
	}
	return kinds;
}

static void
finish(struct fixture *f)
{
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_false(digest_is_busy(&f->digest));
}

static void
test_notes_come_before_their_interval_in_the_order_they_were_made(void **state)
{
	struct fixture *f = *state;

	note_phase(f, "baseline");
	note_phase(f, "measure");
	note_level(f, 0);
	add_interval(f, 0, 10, 0, false);
	finish(f);
	assert_string_equal(events(f), "phase phase level interval ");
	assert_true(strstr(f->text, "baseline") < strstr(f->text, "measure"));
	assert_int_equal(f->digest.summary->levels_n, 1);
	assert_int_equal(f->digest.summary->levels[0].counts.ok, 10);
}

static void
test_notes_made_while_a_job_runs_wait_for_the_next(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 10, 0, false);
	assert_true(digest_is_busy(&f->digest));
	note_level(f, 1);
	finish(f);
	assert_string_equal(events(f), "level interval ");
	add_interval(f, 1, 20, 0, false);
	finish(f);
	assert_string_equal(events(f), "level interval level interval ");
	assert_int_equal(f->outcomes_n, 2);
}

static void
test_notes_that_no_interval_took_along_are_flushed(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 5, 0, false);
	finish(f);
	digest_note(&f->digest, &(struct note){.kind = NOTE_CUT, .start_ns = NS_PER_S / 2});
	note_phase(f, "drain");
	digest_flush_notes(&f->digest);
	/* What was declared is said again, as it really ended. */
	assert_string_equal(events(f), "level interval level phase ");
	assert_true(f->digest.summary->levels[0].is_cut);
	assert_int_equal(f->digest.summary->levels[0].end_ns, NS_PER_S / 2);
}

static void
test_closed_level_is_judged_after_its_last_interval(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 10, 0, true);
	finish(f);
	assert_string_equal(events(f), "level interval judged ");
	assert_int_equal(f->outcomes[0].judged_n, 1);
	assert_int_equal(f->outcomes[0].judged[0]->level, 0);
	assert_int_equal(f->outcomes[0].judged[0]->status, LEVEL_OK);
	assert_int_equal(f->outcomes[0].advice, JUDGE_GO_ON);
	assert_false(f->outcomes[0].is_broken);
	assert_null(f->outcomes[0].abort_expr);
}

static void
test_open_level_is_not_judged(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 5, 5, false);
	finish(f);
	assert_int_equal(f->outcomes[0].judged_n, 0);
	assert_false(f->outcomes[0].is_broken);
}

static void
test_broken_level_is_told_with_what_the_load_should_do(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 10, 0, true);
	finish(f);
	note_level(f, 1);
	add_interval(f, 1, 10, 10, true);
	finish(f);
	assert_false(f->outcomes[0].is_broken);
	assert_true(f->outcomes[1].is_broken);
	assert_int_equal(f->outcomes[1].judged_n, 1);
	assert_int_equal(f->outcomes[1].judged[0]->status, LEVEL_BROKEN);
	assert_int_equal(f->outcomes[1].advice, JUDGE_STOP);
}

static void
test_abort_condition_that_holds_is_told(void **state)
{
	struct fixture *f = *state;

	note_level(f, 0);
	add_interval(f, 0, 0, 20, false);
	finish(f);
	assert_non_null(f->outcomes[0].abort_expr);
	assert_string_equal(f->outcomes[0].abort_expr->text, "error_rate > 90%");
}

/* A run that is stopped in its baseline has an interval that ended before the load began. */
static void
test_interval_without_time_leaves_no_trace(void **state)
{
	struct fixture *f = *state;

	f->now_ns = -2 * NS_PER_S;
	note_phase(f, "drain");
	add_interval(f, LEVEL_NONE, 0, 0, false);
	finish(f);
	assert_string_equal(events(f), "phase ");
	assert_int_equal(f->outcomes_n, 1);
	assert_int_equal(f->digest.summary->series.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_notes_come_before_their_interval_in_the_order_they_were_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notes_made_while_a_job_runs_wait_for_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notes_that_no_interval_took_along_are_flushed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closed_level_is_judged_after_its_last_interval, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_open_level_is_not_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_broken_level_is_told_with_what_the_load_should_do, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_abort_condition_that_holds_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interval_without_time_leaves_no_trace, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
