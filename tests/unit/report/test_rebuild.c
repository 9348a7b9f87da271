#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "report/rebuild.h"
#include "report/terminal.h"
#include "unit/report/fixture.h"

static char journal[64];
static struct plan plan;
static struct summary *summary;
static struct buf events;

static int
set_up(void **state)
{
	const struct run_identity identity = {
		.id = "20261122T020000Z-1a2b3c", .started_wall_ns = INT64_C(1795312800) * NS_PER_S, .shards = 1};

	(void)state;
	snprintf(journal, sizeof(journal), "/tmp/brunt-journal-XXXXXX");
	close(mkstemp(journal));
	plan = fixture_plan();
	buf_init(&events, (size_t)64 * 1024 * 1024);
	fixture_events = &events;
	CHECK(event_encode_run(&events, &identity, &plan));
	summary = fixture_summary(&plan, 3);
	fixture_events = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(journal);
	buf_fini(&events);
	summary_free(summary);
	return 0;
}

static void
write_journal(size_t length)
{
	struct error err = {0};

	assert_true(file_write_atomic(journal, events.bytes, length, &err));
}

static const struct rebuild_events nobody_listens;

static char *
rendered(const struct summary *of)
{
	const struct terminal_style style = {.width = 100};
	struct verdict verdict = fixture_verdict();
	struct report report = fixture_report(&plan, of, &verdict);
	struct buf buf;

	buf_init(&buf, 1 << 20);
	terminal_report(&report, &style, &buf);
	return buf_steal(&buf);
}

static void
on_level_closed(void *context, const struct summary *of, uint32_t level)
{
	uint32_t *order = context;

	assert_non_null(of->levels[level].live_requests); /* a judge needs its histograms */
	*order = *order * 10 + level + 1;
}

static void
test_a_journal_gives_the_report_that_the_run_gave(void **state)
{
	uint32_t order = 0;
	const struct rebuild_events on = {.on_level_closed = on_level_closed, .context = &order};
	struct rebuilt rebuilt;
	struct error err = {0};

	(void)state;
	write_journal(events.length);
	bool is_read = rebuild_read(journal, &plan, &on, &rebuilt, &err);

	assert_string_equal(err.message, "");
	assert_true(is_read);
	assert_false(rebuilt.has_end);
	assert_int_equal(rebuilt.last_ns, 12 * NS_PER_S);
	assert_string_equal(rebuilt.id, "20261122T020000Z-1a2b3c");
	assert_string_equal(rebuilt.started_at, "2026-11-22T02:00:00Z");
	assert_int_equal(order, 123);
	summary_settle_level(summary, 2);
	char *before = rendered(summary), *after = rendered(rebuilt.summary);

	assert_string_equal(after, before);
	free(before);
	free(after);
	summary_free(rebuilt.summary);
}

static void
test_a_line_torn_by_a_kill_is_left_out(void **state)
{
	struct rebuilt rebuilt;
	struct error err = {0};
	size_t length = events.length - 1;

	(void)state;
	while (events.bytes[length - 1] != '\n') /* the start of the last line … */
		length--;
	write_journal(length + (events.length - length) / 2); /* … and half of it */
	assert_true(rebuild_read(journal, &plan, &nobody_listens, &rebuilt, &err));
	assert_int_equal(rebuilt.last_ns, 11 * NS_PER_S);
	assert_int_equal(rebuilt.summary->everything.counts.scheduled, 2160 - 240);
	assert_true(counts_identities_hold(&rebuilt.summary->everything.counts));
	summary_free(rebuilt.summary);
}

static void
test_what_was_under_way_at_the_kill_counts_as_unfinished(void **state)
{
	struct recorder *recorder = recorder_new(&(struct recorder_config){.requests_n = 2, .open_levels_max = 4});
	struct rebuilt rebuilt;
	struct error err = {0};

	(void)state;
	recorder_add_scheduled(recorder, 2, 0, 5);
	for (int i = 0; i < 3; i++)
		recorder_add_sent(recorder, 2, 0);
	struct interval *interval = recorder_take_interval(recorder, 13 * NS_PER_S);

	interval_add_up(interval);
	assert_true(event_encode_interval(&events, interval, &plan));
	recorder_give_interval(recorder, interval);
	recorder_free(recorder);
	write_journal(events.length);
	assert_true(rebuild_read(journal, &plan, &nobody_listens, &rebuilt, &err));
	const struct counts *counts = &rebuilt.summary->everything.counts;

	assert_int_equal(counts->unfinished, 3);
	assert_int_equal(counts->by_failure[FAILURE_CANCELLED], 2);
	assert_true(counts_identities_hold(counts));
	assert_true(counts_identities_hold(&rebuilt.summary->levels[2].counts));
	assert_true(counts_identities_hold(&rebuilt.summary->requests[0].counts));
	struct counts sum = rebuilt.summary->request_totals[0];

	counts_merge(&sum, &rebuilt.summary->request_totals[1]);
	assert_memory_equal(&sum, counts, sizeof(sum));
	summary_free(rebuilt.summary);
}

static void
test_the_end_of_a_run_is_known(void **state)
{
	struct verdict verdict = fixture_verdict();
	struct rebuilt rebuilt;
	struct error err = {0};

	(void)state;
	verdict.status = VERDICT_FAIL;
	verdict.exit_code = 1;
	assert_true(event_encode_end(&events, &verdict, 13 * NS_PER_S));
	write_journal(events.length);
	assert_true(rebuild_read(journal, &plan, &nobody_listens, &rebuilt, &err));
	assert_true(rebuilt.has_end);
	assert_int_equal(rebuilt.exit_code, 1);
	assert_string_equal(rebuilt.status, "fail");
	assert_int_equal(rebuilt.last_ns, 13 * NS_PER_S);
	summary_free(rebuilt.summary);
}

/* Byte for byte, as a run writes it: after each look the summary is that of the lines which are whole by then. */
static void
test_a_run_that_goes_on_is_followed_line_by_line(void **state)
{
	struct error err = {0};
	FILE *file;

	(void)state;
	unlink(journal);
	struct rebuild_follow *follow = rebuild_follow_new(journal, &plan);

	assert_true(rebuild_follow_look(follow, &err)); /* it has not begun */
	assert_null(rebuild_follow_summary(follow));
	file = fopen(journal, "w");
	assert_non_null(file);
	for (size_t at = 0, step = 997; at < events.length; at += step) {
		size_t n = events.length - at < step ? events.length - at : step;

		assert_int_equal(fwrite(events.bytes + at, 1, n, file), n);
		fflush(file);
		assert_true(rebuild_follow_look(follow, &err));
	}
	fclose(file);
	assert_memory_equal(&rebuild_follow_summary(follow)->measured.counts, &summary->measured.counts,
		sizeof(summary->measured.counts));
	assert_int_equal(rebuild_follow_summary(follow)->measured.histograms[METRIC_RESPONSE].total,
		summary->measured.histograms[METRIC_RESPONSE].total);
	assert_true(rebuild_follow_look(follow, &err)); /* and nothing is told twice */
	assert_int_equal(
		rebuild_follow_summary(follow)->everything.counts.scheduled, summary->everything.counts.scheduled);
	rebuild_follow_free(follow);
}

static void
test_a_followed_journal_may_be_renamed_and_may_be_wrong(void **state)
{
	struct error err = {0};
	char moved[80];

	(void)state;
	write_journal(events.length / 2);
	struct rebuild_follow *follow = rebuild_follow_new(journal, &plan);

	assert_true(rebuild_follow_look(follow, &err));
	snprintf(moved, sizeof(moved), "%s.moved", journal);
	assert_int_equal(rename(journal, moved), 0);
	FILE *file = fopen(moved, "a");

	fputs("\n{\"event\": 5}\n", file);
	fclose(file);
	assert_false(rebuild_follow_look(follow, &err));
	assert_true(error_is_set(&err));
	rebuild_follow_free(follow);
	unlink(moved);
}

static void
test_what_is_no_journal_is_said_with_its_line(void **state)
{
	struct rebuilt rebuilt;
	struct error err = {0};
	char where[96];

	(void)state;
	write_journal(0);
	assert_false(rebuild_read(journal, &plan, &nobody_listens, &rebuilt, &err));
	assert_non_null(strstr(err.message, "holds no event"));

	err = (struct error){0};
	CHECK(buf_add_text(&events, "{\"event\": \"interval\", nonsense\n"));
	size_t lines = 0;

	for (size_t i = 0; i < events.length; i++)
		lines += events.bytes[i] == '\n';
	write_journal(events.length);
	assert_false(rebuild_read(journal, &plan, &nobody_listens, &rebuilt, &err));
	snprintf(where, sizeof(where), "%s:%zu:1", journal, lines);
	assert_string_equal(err.where, where);

	err = (struct error){0};
	assert_false(rebuild_read("/nowhere/events.ndjson", &plan, &nobody_listens, &rebuilt, &err));
	assert_non_null(strstr(err.message, "cannot read"));
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(test_a_journal_gives_the_report_that_the_run_gave),
		JOURNAL_TEST(test_a_line_torn_by_a_kill_is_left_out),
		JOURNAL_TEST(test_what_was_under_way_at_the_kill_counts_as_unfinished),
		JOURNAL_TEST(test_the_end_of_a_run_is_known),
		JOURNAL_TEST(test_a_run_that_goes_on_is_followed_line_by_line),
		JOURNAL_TEST(test_a_followed_journal_may_be_renamed_and_may_be_wrong),
		JOURNAL_TEST(test_what_is_no_journal_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
