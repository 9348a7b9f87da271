#include "daemon/agenda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"

/* Life after life of an agenda over one ledger; nothing is due in it. */

static char dir[] = "/tmp/brunt-agenda-XXXXXX";

struct life {
	uv_loop_t loop;
	struct config *config;
	struct ledger *ledger;
	struct desk *desk;
	struct agenda *agenda;
};

static void
begin(struct life *life, const char *yaml)
{
	struct error err = {0};

	life->config = config_load_text(yaml, strlen(yaml), "brunt.yaml", &err);
	if (life->config == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_int_equal(uv_loop_init(&life->loop), 0);
	life->ledger = ledger_open(dir, &err);
	assert_non_null(life->ledger);
	life->desk = desk_new(&life->loop, life->ledger);
	life->agenda =
		agenda_new(&(struct agenda_config){.loop = &life->loop, .desk = life->desk, .config = life->config});
	assert_true(agenda_restore(life->agenda, life->ledger, &err));
}

static void
end(struct life *life)
{
	agenda_free(life->agenda);
	desk_free(life->desk); /* all is written */
	uv_run(&life->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&life->loop), 0);
	ledger_close(life->ledger);
	config_free(life->config);
}

static void
put_note(const char *kind, const char *name, const char *text)
{
	struct error err = {0};
	struct ledger *ledger = ledger_open(dir, &err);

	assert_true(ledger_put_note(ledger, kind, name, text, &err));
	ledger_close(ledger);
}

static const struct schedule_state *
state_of(const struct life *life, const char *name)
{
	const struct schedule *schedule = agenda_schedule(life->agenda);

	return schedule_state_at(schedule, schedule_find(schedule, name));
}

#define HOURLY "schedules: {a: {profile: p, every: 1h}}\n"

static void
test_what_was_kept_of_a_schedule_is_there_again(void **state)
{
	struct life life;

	(void)state;
	begin(&life, HOURLY);
	int64_t looked_ns = state_of(&life, "a")->looked_ns;

	assert_true(schedule_pause(agenda_schedule(life.agenda), "a", true, wall_now_ns()));
	agenda_keep(life.agenda, "a");
	agenda_keep(life.agenda, "nobody");
	end(&life);
	begin(&life, HOURLY);
	assert_true(state_of(&life, "a")->is_paused);
	assert_int_equal(state_of(&life, "a")->looked_ns, looked_ns);
	end(&life);
}

static void
test_a_schedule_whose_times_are_others_has_missed_nothing(void **state)
{
	struct life life;

	(void)state;
	put_note(AGENDA_STATES, "a",
		"{\"when\":\"0 2 * * * UTC +0\",\"looked_ns\":1,\"last_due_ns\":1,\"started\":5,\"overlapped\":0,"
		"\"missed\":2,\"active\":1,\"is_paused\":false}");
	begin(&life, HOURLY);
	assert_int_equal(state_of(&life, "a")->started, 5);
	assert_int_equal(state_of(&life, "a")->active, 1);
	assert_true(state_of(&life, "a")->looked_ns > 1);
	end(&life);
}

static void
test_notes_that_cannot_be_read_are_left_out(void **state)
{
	struct life life;

	(void)state;
	put_note(AGENDA_STATES, "a", "{\"when\":");
	put_note(AGENDA_WISHES, "b", "{\"profile\":\"p\",\"every\":\"1 fortnight\"}");
	put_note(AGENDA_WISHES, "c", "{\"profile\":\"p\",\"every\":\"2h\"}");
	begin(&life, HOURLY);
	assert_int_equal(state_of(&life, "a")->started, 0);
	assert_false(state_of(&life, "a")->is_paused);
	assert_int_equal(schedule_count(agenda_schedule(life.agenda)), 2);
	assert_false(schedule_wish_at(agenda_schedule(life.agenda), 1)->is_of_file);
	assert_string_equal(schedule_wish_at(agenda_schedule(life.agenda), 1)->every, "2h");
	end(&life);
}

static void
test_what_is_in_the_file_is_the_files(void **state)
{
	const struct schedule_wish wish = {.name = "a", .profile = "q", .every = "3h"};
	struct error err = {0};
	struct life life;

	(void)state;
	put_note(AGENDA_WISHES, "a", "{\"profile\":\"p\",\"every\":\"2h\"}"); /* the file has it since */
	begin(&life, HOURLY);
	assert_string_equal(schedule_wish_at(agenda_schedule(life.agenda), 0)->every, "1h");
	assert_false(agenda_put(life.agenda, &wish, &err));
	assert_non_null(strstr(err.message, "the operator's file"));
	end(&life);
	begin(&life, "");
	assert_string_equal(schedule_wish_at(agenda_schedule(life.agenda), 0)->every, "2h"); /* and has it no more */
	assert_true(agenda_put(life.agenda, &wish, &err));
	assert_string_equal(schedule_wish_at(agenda_schedule(life.agenda), 0)->every, "3h");
	end(&life);
}

static int
empty(void **state)
{
	(void)state;
	for (char const *const *name = (const char *const[]){"a", "b", "c", NULL}; *name != NULL; name++) {
		put_note(AGENDA_STATES, *name, NULL);
		put_note(AGENDA_WISHES, *name, NULL);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_was_kept_of_a_schedule_is_there_again, empty),
		cmocka_unit_test_setup(test_a_schedule_whose_times_are_others_has_missed_nothing, empty),
		cmocka_unit_test_setup(test_notes_that_cannot_be_read_are_left_out, empty),
		cmocka_unit_test_setup(test_what_is_in_the_file_is_the_files, empty),
	};

	if (mkdtemp(dir) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	(void)file_remove_tree(dir);
	return failed;
}
