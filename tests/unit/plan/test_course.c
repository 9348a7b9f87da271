#include "unit/plan/loading.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "plan/course.h"

#define PROFILE                                                                                                        \
	"target: http://127.0.0.1:8080/api\n"                                                                          \
	"load: {steady: {rate: 50/s, for: 60s}}\n"

static void
test_actions_are_ordered_by_time_and_say_what_they_do(void **state)
{
	(void)state;
	struct plan *plan =
		load(PROFILE "at:\n"
			     "  - {at: 30s, run: \"systemctl restart llm\", within: 5s}\n"
			     "  - {at: 10s, signal: KILL, to: /run/llm.pid}\n"
			     "  - {at: 30s, name: reload, url: /admin/reload}\n"
			     "  - {at: 0, url: \"http://127.0.0.1:9000/?full=1\", method: PUT, body: now}\n");
	const struct plan_action *actions = plan->course->actions;

	assert_int_equal(plan->course->actions_n, 4);
	assert_int_equal(actions[0].kind, ACTION_FETCH);
	assert_string_equal(actions[0].name, "PUT http://127.0.0.1:9000/?full=1");
	assert_string_equal(actions[0].fetch.place.path, "/?full=1");
	assert_int_equal(actions[0].fetch.place.url.port, 9000);
	assert_string_equal(actions[0].fetch.body, "now");
	assert_int_equal(actions[1].kind, ACTION_SIGNAL);
	assert_int_equal(actions[1].signal, SIGKILL);
	assert_string_equal(actions[1].pid_file, "/run/llm.pid");
	assert_string_equal(actions[1].name, "KILL to /run/llm.pid");
	assert_int_equal(actions[2].kind, ACTION_RUN);
	assert_int_equal(actions[2].within_ns, 5000000000);
	assert_string_equal(actions[2].name, "systemctl restart llm");
	assert_string_equal(actions[3].name, "reload");
	assert_string_equal(actions[3].fetch.method, "POST");
	plan_free(plan);
}

static void
test_a_path_alone_is_one_of_the_target(void **state)
{
	(void)state;
	struct plan *plan =
		load(PROFILE "ready: /health?full=1\nprobe: [/health, \"http://h:9000\", \"http://h/a/\"]\n");
	const struct plan_course *course = plan->course;

	assert_string_equal(course->ready.fetch.place.path, "/api/health?full=1");
	assert_int_equal(course->ready.fetch.place.url.port, 8080);
	assert_true(plan_status_expected(&course->ready.fetch.expect, 204));
	assert_false(plan_status_expected(&course->ready.fetch.expect, 302));
	assert_int_equal(course->probes_n, 3);
	assert_string_equal(course->probes[0].name, "/health");
	assert_string_equal(course->probes[0].fetch.place.path, "/api/health");
	assert_string_equal(course->probes[1].fetch.place.path, "/");
	assert_string_equal(course->probes[1].fetch.place.url.authority, "h:9000");
	assert_string_equal(course->probes[2].fetch.place.path, "/a/");
	plan_free(plan);
}

static void
test_a_unix_socket_may_be_probed(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE "probe: {url: \"http://unix:/run/x.sock:/health?a\", every: 200ms}\n");
	const struct plan_fetch *fetch = &plan->course->probes[0].fetch;

	assert_string_equal(fetch->place.url.unix_path, "/run/x.sock");
	assert_string_equal(fetch->place.path, "/health?a");
	assert_int_equal(plan->course->probes[0].every_ns, 200000000);
	plan_free(plan);
}

/* A command may hold a password; what is printed and kept shows where it comes from. */
static void
test_commands_show_references_in_place_of_secrets(void **state)
{
	(void)state;
	setenv("BRUNT_TEST_SECRET", "hunter2", 1);
	struct plan *plan = load(PROFILE "before: login ${env:BRUNT_TEST_SECRET}\n"
					 "at: [{at: 1s, run: \"login ${env:BRUNT_TEST_SECRET}\"}]\n");

	assert_string_equal(plan->course->before.command.text, "login hunter2");
	assert_string_equal(plan->course->before.command.shown, "login ${env:BRUNT_TEST_SECRET}");
	assert_string_equal(plan->course->actions[0].command.text, "login hunter2");
	assert_string_equal(plan->course->actions[0].name, "login ${env:BRUNT_TEST_SECRET}");
	plan_free(plan);
}

static void
test_where_nothing_is_asked_for_nothing_is_done(void **state)
{
	(void)state;
	struct plan *plan = load(PROFILE);
	const struct plan_course *course = plan->course;

	assert_null(course->before.command.text);
	assert_null(course->after.command.text);
	assert_null(course->beside.command.text);
	assert_null(course->ready.fetch.place.shown);
	assert_int_equal(course->actions_n + course->probes_n, 0);
	plan_free(plan);
}

static const struct mistake {
	const char *name, *more, *sentence;
} mistakes[] = {
	/* clang-format off */
	{"an empty before", "before: \" \"\n", "x.yaml:3:9: run: write a command for /bin/sh"},
	{"a before without a command", "before: {within: 5s}\n", "x.yaml:3:9: before: 'run' is missing: run by /bin/sh -c in a process group of its own; its output goes to stderr"},
	{"ready somewhere", "ready: somewhere\n", "x.yaml:3:8: url: 'somewhere' has no scheme; write http://somewhere"},
	{"ready by FTP", "ready: \"ftp://h/health\"\n", "x.yaml:3:8: url: the scheme of 'ftp://h/health' is neither http nor https"},
	{"a space in a place", "ready: \"/a b\"\n", "x.yaml:3:8: '/a b' is no place to ask: a space is written as %20, and '#' has none"},
	{"actions that are a map", "at: {at: 30s, run: x}\n", "x.yaml:3:5: at: write a list such as [{at: 30s, run: \"systemctl restart llm\"}]"},
	{"an action without a time", "at: [{run: x}]\n", "x.yaml:3:6: 'at' is missing: when, since the first level began"},
	{"an action that does nothing", "at: [{at: 5s}]\n", "x.yaml:3:6: at: what is to be done then? write 'run: COMMAND', 'signal: TERM', 'url: URL' or 'cap: {cpu: 0.5}'"},
	{"a cap on nothing", "at: [{at: 5s, cap: {}}]\n", "x.yaml:3:20: cap: to what? write {cpu: 0.5}, {memory: 256MiB} or both"},
	{"a cap on nobody knows whom", "at: [{at: 5s, cap: {cpu: 1}}]\n", "x.yaml:3:20: cap: which process the target is, nobody knows; write target.command or target.watch"},
	{"a cap of no cores", "at: [{at: 5s, cap: {cpu: 0}}]\n", "x.yaml:3:26: cpu: '0' is too little; the least is 0.01"},
	{"a cap with a signal", "at: [{at: 5s, cap: {cpu: 1}, signal: TERM}]\n", "x.yaml:3:6: to: which process the target is, nobody knows; write target.command, target.watch.pid or target.watch.pid_file, or a pid file here"},
	{"a cap with a signal to somebody", "at: [{at: 5s, cap: {cpu: 1}, signal: TERM, to: /x}]\n", "x.yaml:3:20: at: 'cap' has no place beside 'signal'"},
	{"a command with two ends", "at: [{at: 5s, run: \"true\", for: 5s, within: 6s}]\n", "x.yaml:3:45: within: 'for' says how long the command runs; it is ended then, and has not failed"},
	{"a phase of a signal", "at: [{at: 5s, signal: TERM, to: /x, for: 5s}]\n", "x.yaml:3:42: at: 'for' has no place beside 'signal'"},
	{"an action that does two things", "at: [{at: 5s, run: x, url: /y}]\n", "x.yaml:3:28: at: 'url' has no place beside 'run'"},
	{"a signal with a deadline", "at: [{at: 5s, signal: TERM, to: x.pid, within: 5s}]\n", "x.yaml:3:48: at: 'within' has no place beside 'signal'"},
	{"no such signal", "at: [{at: 5s, signal: TREM, to: x.pid}]\n", "x.yaml:3:23: signal: 'TREM' is not one of those; did you mean 'TERM'? Valid here: TERM, KILL, STOP, CONT, HUP, INT, QUIT, USR1, USR2"},
	{"a signal to nobody", "at: [{at: 5s, signal: SIGTERM}]\n", "x.yaml:3:6: to: which process the target is, nobody knows; write target.command, target.watch.pid or target.watch.pid_file, or a pid file here"},
	{"two probes of one name", "probe: [/health, {url: /health, every: 5s}]\n", "x.yaml:3:18: probe: there is a probe '/health' already; give one of them a name of its own"},
	{"a probe that never rests", "probe: {url: /health, every: 1ms}\n", "x.yaml:3:30: every: '1ms' is too little; the least is 10ms"},
	/* clang-format on */
};

static void
test_every_mistake_gets_its_sentence(void **state)
{
	(void)state;
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char profile[1024], text[1400];

		snprintf(profile, sizeof(profile), PROFILE "%s", mistakes[i].more);
		const char *got = refusal_of(profile, NULL, text, sizeof(text));

		if (strcmp(got, mistakes[i].sentence) != 0) {
			print_error("%s:\n  said   %s\n  wanted %s\n", mistakes[i].name, got, mistakes[i].sentence);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_are_ordered_by_time_and_say_what_they_do),
		cmocka_unit_test(test_a_path_alone_is_one_of_the_target),
		cmocka_unit_test(test_a_unix_socket_may_be_probed),
		cmocka_unit_test(test_commands_show_references_in_place_of_secrets),
		cmocka_unit_test(test_where_nothing_is_asked_for_nothing_is_done),
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
