#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "campaign/probes.h"
#include "unit/campaign/answers.h"

static struct probe_change
said(int64_t at_ns, uint16_t status)
{
	return (struct probe_change){
		.at_ns = at_ns, .status = status, .failure = status == 0 ? FAILURE_CONNECT_REFUSED : FAILURE_COUNT};
}

static bool
add(struct probe_record *record, int64_t at_ns, uint16_t status)
{
	struct probe_change change = said(at_ns, status);

	return probe_record_add(record, &change);
}

static void
test_only_what_is_another_thing_than_before_is_kept(void **state)
{
	(void)state;
	struct probe_record record = {.changes = calloc(PROBE_CHANGES_MAX, sizeof(struct probe_change))};

	assert_true(add(&record, 0, 200)); /* how it was at first */
	assert_false(add(&record, 1, 200));
	assert_true(add(&record, 2, 503));
	assert_true(add(&record, 3, 0));
	assert_false(add(&record, 4, 0));
	assert_true(add(&record, 5, 200));
	assert_int_equal(record.polls, 6);
	assert_int_equal(record.changes_n, 4);
	assert_int_equal(record.changes[2].at_ns, 3);
	assert_int_equal(record.changes[2].failure, FAILURE_CONNECT_REFUSED);
	free(record.changes);
}

static void
test_changes_without_room_are_counted(void **state)
{
	(void)state;
	struct probe_record record = {.changes = calloc(PROBE_CHANGES_MAX, sizeof(struct probe_change))};

	for (int64_t i = 0; i < PROBE_CHANGES_MAX + 7; i++)
		assert_true(add(&record, i, i % 2 == 0 ? 200 : 503));
	assert_int_equal(record.changes_n, PROBE_CHANGES_MAX + 7);
	assert_int_equal(record.changes[PROBE_CHANGES_MAX - 1].at_ns, PROBE_CHANGES_MAX - 1);
	assert_false(add(&record, 0, 200)); /* the last one was so, too, though it is not listed */
	free(record.changes);
}

struct watching {
	uv_loop_t loop;
	struct probe_record record;
	struct probes probes;
	int changes;
};

static int64_t
no_time(void *context)
{
	(void)context;
	return 0;
}

static void
on_change(void *context, const struct probe_record *record, const struct probe_change *change)
{
	struct watching *w = context;

	assert_true(change->at_ns >= 0); /* also of what was asked before the load began */
	assert_ptr_equal(record, &w->record);
	w->changes++;
}

/* Until it was asked so often; its record is to be freed. */
static void
watch(struct watching *w, const struct plan *plan, uint64_t polls)
{
	struct error err = {0};

	*w = (struct watching){.record = {.probe = &plan->course->probes[0],
				       .changes = calloc(PROBE_CHANGES_MAX, sizeof(struct probe_change))}};
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_true(probes_init(&w->probes, &w->loop, &w->record, 1, &err));
	w->probes.now_ns = no_time;
	w->probes.on_change = on_change;
	w->probes.context = w;
	probes_start(&w->probes);
	while (w->record.polls < polls)
		uv_run(&w->loop, UV_RUN_ONCE);
	probes_stop(&w->probes);
	probes_fini(&w->probes);
	while (uv_run(&w->loop, UV_RUN_NOWAIT) != 0)
		;
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void
test_a_probe_is_asked_again_and_again_and_tells_each_change(void **state)
{
	(void)state;
	struct answers answers;
	struct watching w;

	answers_start(&answers, (const int[]){200, 200, 503, ANSWER_GONE, 200, -2});
	struct plan *plan = answers_plan(&answers, "probe: {url: /health, every: 10ms, timeout: 60s}\n");

	watch(&w, plan, 6);
	assert_int_equal(w.changes, 4);
	assert_int_equal(w.record.changes_n, 4);
	assert_int_equal(w.record.changes[1].status, 503);
	assert_int_equal(w.record.changes[2].failure, FAILURE_TRUNCATED);
	assert_int_equal(w.record.changes[3].status, 200);
	assert_string_equal(w.record.words, "");
	free(w.record.changes);
	answers_stop(&answers);
	plan_free(plan);
}

static void
test_a_probe_keeps_the_first_words_of_openssl(void **state)
{
	(void)state;
	struct answers answers;
	struct watching w;
	char probe[160];

	answers_start(&answers, (const int[]){200, -2}); /* in the clear */
	snprintf(probe, sizeof(probe), "probe: {url: 'https:%s/health', every: 10ms, timeout: 60s}\n",
		strchr(answers.url, '/'));
	struct plan *plan = answers_plan(&answers, probe);

	watch(&w, plan, 2);
	assert_int_equal(w.changes, 1);
	assert_int_equal(w.record.changes[0].failure, FAILURE_TLS_HANDSHAKE);
	assert_string_equal(w.record.words, "wrong version number (does this port speak TLS?)");
	free(w.record.changes);
	answers_stop(&answers);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_another_thing_than_before_is_kept),
		cmocka_unit_test(test_changes_without_room_are_counted),
		cmocka_unit_test(test_a_probe_is_asked_again_and_again_and_tells_each_change),
		cmocka_unit_test(test_a_probe_keeps_the_first_words_of_openssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
