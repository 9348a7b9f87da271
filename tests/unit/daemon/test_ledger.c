#include "daemon/ledger.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/file.h"

static char dir[] = "/tmp/brunt-ledger-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	return !file_remove_tree(dir);
}

static struct ledger *
open_it(void)
{
	struct error err = {0};
	struct ledger *ledger = ledger_open(dir, &err);

	if (ledger == NULL)
		fail_msg("%s", err.message);
	return ledger;
}

static struct ledger_run
a_run(const char *id, const char *name)
{
	return (struct ledger_run){.id = id,
		.name = name,
		.submitted_by = "unix",
		.target = "127.0.0.1:1",
		.load = "steady",
		.submitted_ns = 1000,
		.exit_code = -1};
}

struct seen {
	char ids[512], figures[256];
	size_t n;
	struct ledger_run last;
};

static bool
see(void *context, const struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct seen *seen = context;

	seen->n++;
	seen->last = *run;
	snprintf(seen->ids + strlen(seen->ids), sizeof(seen->ids) - strlen(seen->ids), "%s ", run->id);
	for (size_t i = 0; i < n; i++)
		snprintf(seen->figures + strlen(seen->figures), sizeof(seen->figures) - strlen(seen->figures), "%s=%g ",
			figures[i].name, figures[i].value);
	return true;
}

static struct seen
list(struct ledger *ledger, struct ledger_filter filter)
{
	struct seen seen = {.n = 0};
	struct error err = {0};

	if (!ledger_list_runs(ledger, &filter, see, &seen, &err))
		fail_msg("%s", err.message);
	return seen;
}

static void
put(struct ledger *ledger, struct ledger_run *run, const struct ledger_figure *figures, size_t n)
{
	struct error err = {0};

	if (!ledger_put_run(ledger, run, figures, n, &err))
		fail_msg("%s", err.message);
}

static void
test_a_run_is_found_again_after_it_was_closed(void **state)
{
	const struct ledger_figure figures[] = {{"p95", 12.5e6}, {"error_rate", 0.01}, {"ttft.p95", NAN}};
	struct ledger *ledger = open_it();
	struct ledger_run run = a_run("20261122T020000Z-000001", "nightly");

	(void)state;
	put(ledger, &run, NULL, 0);
	assert_int_equal(run.number, 1);
	run.state = LEDGER_ENDED;
	run.status = "pass";
	run.exit_code = 0;
	run.number = 0;
	put(ledger, &run, figures, 3);
	assert_int_equal(run.number, 1);
	ledger_close(ledger);
	ledger = open_it();
	struct seen seen = list(ledger, (struct ledger_filter){.id = "20261122T020000Z-000001"});

	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.state, LEDGER_ENDED);
	assert_string_equal(seen.figures, "error_rate=0.01 p95=1.25e+07 ");
	ledger_close(ledger);
}

static void
test_lists_are_newest_first_and_filtered(void **state)
{
	struct ledger *ledger = open_it();
	struct ledger_run a = a_run("a", "one"), b = a_run("b", "two"), c = a_run("c", "one");

	(void)state;
	a.state = c.state = LEDGER_ENDED;
	a.status = "fail";
	c.status = "pass";
	put(ledger, &a, NULL, 0);
	put(ledger, &b, NULL, 0);
	put(ledger, &c, NULL, 0);
	assert_string_equal(list(ledger, (struct ledger_filter){0}).ids, "c b a ");
	assert_string_equal(list(ledger, (struct ledger_filter){.limit = 2}).ids, "c b ");
	assert_string_equal(list(ledger, (struct ledger_filter){.before = b.number}).ids, "a ");
	assert_string_equal(list(ledger, (struct ledger_filter){.name = "one"}).ids, "c a ");
	assert_string_equal(list(ledger, (struct ledger_filter){.states = BIT(LEDGER_QUEUED)}).ids, "b ");
	assert_string_equal(list(ledger, (struct ledger_filter){.states = BIT(LEDGER_QUEUED) | BIT(LEDGER_ENDED),
						 .status = "fail,pass"})
				    .ids,
		"c a ");
	assert_string_equal(list(ledger, (struct ledger_filter){.status = "pas"}).ids, "");
	ledger_close(ledger);
}

static void
test_a_deleted_run_takes_its_figures_along(void **state)
{
	const struct ledger_figure figure = {"p95", 1};
	struct ledger *ledger = open_it();
	struct ledger_run a = a_run("a", "one"), b = a_run("b", "one");
	struct error err = {0};

	(void)state;
	put(ledger, &a, &figure, 1);
	assert_true(ledger_delete_run(ledger, "a", &err));
	put(ledger, &b, NULL, 0);
	assert_true(b.number > a.number); /* numbers are never given twice */
	assert_string_equal(list(ledger, (struct ledger_filter){0}).figures, "");
	ledger_close(ledger);
}

static bool
see_alert(void *context, const struct ledger_alert *alert)
{
	struct ledger_alert *into = context;

	*into = *alert;
	into->text = NULL;
	return false;
}

static void
test_alerts_are_acknowledged_once_they_are_there(void **state)
{
	struct ledger *ledger = open_it();
	struct ledger_alert alert = {.rule = "slow",
		.severity = "warning",
		.text = "p95 is 2 s",
		.value = 2e9,
		.threshold = NAN,
		.since_ns = 5,
		.fired_ns = 6,
		.is_quiet = true};
	struct ledger_alert found = {0};
	struct error err = {0};

	(void)state;
	assert_true(ledger_put_alert(ledger, &alert, &err));
	assert_int_equal(alert.number, 1);
	assert_false(ledger_acknowledge(ledger, 2, "alice", NULL, 7, &err));
	assert_string_equal(err.message, "");
	assert_true(ledger_acknowledge(ledger, 1, "alice", "known", 7, &err));
	alert.ended_ns = 9;
	assert_true(ledger_put_alert(ledger, &alert, &err));
	struct ledger_alert_filter filter = {.resolved = true, .acknowledged = 1, .limit = 10};

	assert_true(ledger_list_alerts(ledger, &filter, see_alert, &found, &err));
	assert_int_equal(found.number, 1);
	assert_int_equal(found.acknowledged_ns, 7); /* that it is over does not make it unseen */
	assert_true(isnan(found.threshold));
	assert_true(found.is_quiet && found.fired_ns == 6);
	filter = (struct ledger_alert_filter){.firing = true, .acknowledged = -1};
	found.number = 0;
	assert_true(ledger_list_alerts(ledger, &filter, see_alert, &found, &err));
	assert_int_equal(found.number, 0);
	ledger_close(ledger);
}

static void
take_note(void *context, const char *name, const char *text)
{
	char *into = context, *end = into + strlen(into);

	snprintf(end, 128 - (size_t)(end - into), "%s%s;", name, text);
}

static void
test_notes_are_kept_by_kind(void **state)
{
	struct ledger *ledger = open_it();
	char notes[128] = "";
	struct error err = {0};

	(void)state;
	assert_true(ledger_put_note(ledger, "schedule", "a", "{}", &err));
	assert_true(ledger_put_note(ledger, "schedule", "b", "1", &err));
	assert_true(ledger_put_note(ledger, "other", "a", "x", &err));
	assert_true(ledger_put_note(ledger, "schedule", "b", "2", &err));
	assert_true(ledger_put_note(ledger, "schedule", "a", NULL, &err));
	assert_true(ledger_list_notes(ledger, "schedule", take_note, notes, &err));
	assert_string_equal(notes, "b2;");
	ledger_close(ledger);
}

static bool
write_two(struct ledger *ledger, void *context, struct error *err)
{
	const bool *is_good = context;

	return ledger_put_note(ledger, "x", "a", "1", err) && ledger_put_note(ledger, "x", "b", "2", err) &&
	       (*is_good || error_set(err, "no"));
}

static void
test_what_is_written_together_is_written_whole_or_not_at_all(void **state)
{
	struct ledger *ledger = open_it();
	char notes[128] = "";
	struct error err = {0};
	bool is_good = false;

	(void)state;
	assert_false(ledger_together(ledger, write_two, &is_good, &err));
	assert_string_equal(err.message, "no");
	assert_true(ledger_list_notes(ledger, "x", take_note, notes, &err));
	assert_string_equal(notes, "");
	is_good = true;
	assert_true(ledger_together(ledger, write_two, &is_good, &err));
	assert_true(ledger_list_notes(ledger, "x", take_note, notes, &err));
	assert_string_equal(notes, "a1;b2;");
	ledger_close(ledger);
}

static void
put_ended(struct ledger *ledger, const char *id, const char *name, int64_t ended_ns, uint64_t bytes)
{
	struct ledger_run run = a_run(id, name);
	struct error err = {0};

	run.state = LEDGER_ENDED;
	run.ended_ns = ended_ns;
	run.bytes = bytes;
	run.has_files = true;
	assert_true(ledger_put_run(ledger, &run, NULL, 0, &err));
}

/* Which go, one after the other: "a1 b1 ". */
static void
assert_spent(struct ledger *ledger, const struct ledger_limits *limits, const char *wanted)
{
	struct error err = {0};
	char id[LEDGER_ID_MAX], spent[128] = "";

	while (ledger_spent_run(ledger, limits, id, &err)) {
		snprintf(spent + strlen(spent), sizeof(spent) - strlen(spent), "%s ", id);
		assert_true(ledger_drop_files(ledger, id, &err));
	}
	assert_string_equal(err.message, "");
	assert_string_equal(spent, wanted);
}

static void
test_what_is_beyond_a_limit_goes_the_oldest_first(void **state)
{
	struct ledger *ledger = open_it();
	struct ledger_run running = a_run("r", "a");
	struct error err = {0};

	(void)state;
	running.state = LEDGER_RUNNING;
	running.has_files = true;
	assert_true(ledger_put_run(ledger, &running, NULL, 0, &err));
	put_ended(ledger, "a1", "a", 100, 10);
	put_ended(ledger, "b1", "b", 200, 10);
	put_ended(ledger, "a2", "a", 150, 10);
	put_ended(ledger, "a3", "a", 400, 10);
	assert_spent(ledger, &(struct ledger_limits){0, 0, 0}, "");
	assert_spent(ledger, &(struct ledger_limits){.runs = 2}, "a1 ");
	assert_spent(ledger, &(struct ledger_limits){.ended_from_ns = 150}, ""); /* from then on */
	/* What goes by its age takes no room from others. */
	assert_spent(ledger, &(struct ledger_limits){.ended_from_ns = 151, .bytes = 20}, "a2 ");
	assert_spent(ledger, &(struct ledger_limits){.bytes = 19}, "b1 ");
	assert_spent(ledger, &(struct ledger_limits){.bytes = 1}, ""); /* the newest stays */
	ledger_close(ledger);
}

static void
run_sql(const char *sql)
{
	char path[64];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/brunt.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
expect_refused(const char *words)
{
	struct error err = {0};

	assert_null(ledger_open(dir, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
}

static void
test_databases_of_others_are_left_alone(void **state)
{
	(void)state;
	run_sql("CREATE TABLE recipes (name TEXT)");
	expect_refused("no database of brunt's");
	run_sql("SELECT * FROM recipes");
}

static void
test_a_newer_brunts_database_is_not_touched(void **state)
{
	(void)state;
	ledger_close(open_it());
	run_sql("PRAGMA user_version = 1000");
	expect_refused("newer brunt");
}

static void
test_what_is_no_database_is_said_to_be_none(void **state)
{
	char path[64];
	struct error err = {0};

	(void)state;
	snprintf(path, sizeof(path), "%s/brunt.db", dir);
	assert_true(file_write_atomic(path, "this is a text, and a long one at that", 38, &err));
	expect_refused("not a database");
}

static void
test_only_the_daemon_may_read_it(void **state)
{
	char path[64];
	struct stat status;

	(void)state;
	ledger_close(open_it());
	snprintf(path, sizeof(path), "%s/brunt.db", dir);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 077, 0);
}

/* What was told to be in it is in it, however its writer ended. */
static void
test_what_was_written_survives_a_kill(void **state)
{
	int told[2];
	char last = 0, c;

	(void)state;
	assert_int_equal(pipe(told), 0);
	pid_t writer = fork();

	if (writer == 0) {
		struct ledger *ledger = open_it();
		struct error err = {0};

		for (char id[2] = "a"; id[0] <= 'z'; id[0]++) {
			struct ledger_run run = a_run(id, "one");

			if (!ledger_put_run(ledger, &run, NULL, 0, &err) || write(told[1], id, 1) != 1)
				_exit(1);
			if (id[0] == 'q')
				kill(getpid(), SIGKILL);
		}
		_exit(0);
	}
	close(told[1]);
	waitpid(writer, NULL, 0);
	while (read(told[0], &c, 1) == 1)
		last = c;
	close(told[0]);
	assert_int_equal(last, 'q');
	struct ledger *ledger = open_it();

	assert_int_equal(list(ledger, (struct ledger_filter){0}).n, 'q' - 'a' + 1);
	ledger_close(ledger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_run_is_found_again_after_it_was_closed),
		TEST(test_lists_are_newest_first_and_filtered),
		TEST(test_a_deleted_run_takes_its_figures_along),
		TEST(test_alerts_are_acknowledged_once_they_are_there),
		TEST(test_notes_are_kept_by_kind),
		TEST(test_what_is_written_together_is_written_whole_or_not_at_all),
		TEST(test_what_is_beyond_a_limit_goes_the_oldest_first),
		TEST(test_databases_of_others_are_left_alone),
		TEST(test_a_newer_brunts_database_is_not_touched),
		TEST(test_what_is_no_database_is_said_to_be_none),
		TEST(test_only_the_daemon_may_read_it),
		TEST(test_what_was_written_survives_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
