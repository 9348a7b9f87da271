#include "plan/untrusted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "plan/rows.h"

static bool
is_taken(const char *profile, struct error *err)
{
	*err = (struct error){0};
	return untrusted_check_text(profile, strlen(profile), "profile", err);
}

static void
expect_taken(const char *profile)
{
	struct error err;

	if (!is_taken(profile, &err))
		fail_msg("%s: refused: %s: %s", profile, err.where, err.message);
}

static void
expect_refused(const char *profile, const char *where, const char *word)
{
	struct error err;

	if (is_taken(profile, &err))
		fail_msg("taken: %s", profile);
	assert_string_equal(err.where, where);
	if (strstr(err.message, word) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, word);
}

static void
test_a_load_of_a_url_is_taken(void **state)
{
	(void)state;
	expect_taken("name: nightly\ntarget: {url: http://127.0.0.1:8080, watch: {port: 8080}}\n"
		     "load: {steps: {from: 5/s, by: 5/s, every: 1s, to: 50/s}}\n"
		     "requests:\n  - {name: buy, post: /orders, headers: {X: y}, json: {sku: \"${uuid}\"}, "
		     "expect: {status: 2xx}}\n"
		     "slo: [\"p95 < 1s\"]\nprobe: /health\nregression: {baseline: last-week}\n"
		     "data: {prompts: {synthetic: 500}}\n"
		     "at: [{at: 5s, url: /admin/reload}]\n");
}

static void
test_what_runs_a_command_is_refused_with_its_line(void **state)
{
	(void)state;
	expect_refused("name: x\ntarget:\n  url: http://h\n  command: id\n", "profile:4:3", "runs a command");
	expect_refused("before: touch /tmp/x\n", "profile:1:1", "runs a command");
	expect_refused("at: [{at: 1s, run: id}]", "profile:1:15", "runs a command");
	expect_refused("canary: {promote: id}", "profile:1:10", "runs a command");
	expect_refused("target: {energy: {command: id}}", "profile:1:10", "runs a command");
}

/* A spike's `before` and `after` are times; a hook's are commands, also of an arm that is called spike. */
static void
test_a_spike_is_no_hook(void **state)
{
	(void)state;
	expect_taken("load: {spike: {base: 10/s, peak: 100/s, before: 30s, during: 10s, after: 30s}}");
	expect_taken("scenarios: {a: {load: {spike: {base: 1/s, peak: 9/s, before: 0, after: 1.5m}}}}");
	expect_taken("matrix: {load.spike.before: [1s, 2s]}\narms: {a: {set: {load.spike.after: 3s}}}");
	expect_refused("arms: {spike: {before: id}}", "profile:1:16", "runs a command");
	expect_refused("arms: {spike: {after: {run: id}}}", "profile:1:16", "runs a command");
	expect_refused("arms: {spike: {after: []}}", "profile:1:16", "runs a command");
	expect_refused("matrix: {arms.spike.before: [1s, id]}", "profile:1:10", "runs a command");
	expect_refused("before: 30s", "profile:1:1", "runs a command");
}

static void
test_what_reads_a_file_is_refused(void **state)
{
	(void)state;
	expect_refused("extends: /etc/passwd", "profile:1:1", "file");
	expect_refused("requests: [{name: a, post: /, body_file: /etc/shadow}]", "profile:1:31", "reads a file");
	expect_refused("data: {x: /etc/passwd}", "profile:1:8", "reads a file");
	expect_refused("data: {x: {file: /etc/passwd}}", "profile:1:12", "reads a file");
	expect_refused("load: {trace: {file: /etc/passwd}}", "profile:1:8", "reads a file");
	expect_refused("load: {stages: [{file: /etc/passwd}]}", "profile:1:18", "reads a file");
	expect_refused("regression: {baseline: ../secret.json}", "profile:1:14", "reads a file");
	expect_refused("suite: [/etc/passwd]", "profile:1:1", "files");
}

static void
test_references_are_refused_wherever_they_stand(void **state)
{
	(void)state;
	expect_refused("target: http://${env:HOST}/", "profile:1:9", "environment");
	expect_refused("requests: [{name: a, post: /, json: {x: [\"${file:/etc/passwd}\"]}}]", "profile:1:42", "reads");
}

static void
test_other_processes_are_left_alone(void **state)
{
	(void)state;
	expect_refused("at: [{at: 1s, signal: KILL}]", "profile:1:15", "signal");
	expect_refused("at: [{at: 1s, cap: {cpu: 1}}]", "profile:1:15", "cgroup");
	expect_refused("target: {watch: {pid_file: /etc/passwd}}", "profile:1:18", "reads a file");
}

static void
test_results_go_where_the_daemon_says(void **state)
{
	(void)state;
	expect_refused("output: /etc", "profile:1:1", "written");
	expect_refused("output: {dir: /etc}", "profile:1:10", "written");
	expect_taken("output: {interval: 1s}");
}

/* Arms and matrices set what they like by its path. */
static void
test_settings_within_a_profile_are_looked_at(void **state)
{
	(void)state;
	expect_refused("arms: {a: {set: {target.command: id}}}", "profile:1:18", "runs a command");
	expect_refused("arms: [{name: a, set: {\"requests[0].body_file\": /etc/passwd}}]", "profile:1:24", "reads");
	expect_refused("arms: {a: {before: id}}", "profile:1:12", "runs a command");
	expect_refused("matrix: {target.command: [id]}", "profile:1:10", "runs a command");
	expect_refused("matrix: {target: [{url: http://h, command: id}]}", "profile:1:35", "runs a command");
	expect_refused("matrix: {data.x: [/etc/passwd]}", "profile:1:19", "reads a file");
}

/* What looks like a body in a path is none: it is a scenario that is called so. */
static void
test_names_with_dots_open_no_door(void **state)
{
	(void)state;
	expect_taken("requests: [{name: a, post: /, json: {command: run, file: x, before: y}}]");
	expect_refused("scenarios: {\"a.requests.b.json\": {load: {trace: {file: /etc/passwd}}}}", "profile:1:42",
		"reads a file");
	expect_refused("scenarios: {headers: {load: {trace: x}}}", "profile:1:30", "reads a file");
	expect_refused("arms: {json: {before: id}}", "profile:1:15", "runs a command");
}

static void
test_aliases_are_what_they_stand_for(void **state)
{
	(void)state;
	expect_refused("requests: [{name: a, post: /, json: &x {command: id}}]\ntarget: *x\n", "profile:2:9",
		"runs a command");
}

static void
test_settings_that_come_along_are_looked_at(void **state)
{
	static const char *const bad[] = {"target.command=id", "output.dir=/etc", "requests[0].body_file=/etc/passwd",
		"requests.buy.body_file=/etc/passwd", "requests.a.b.body_file=x", "target={command: id}",
		"data.x=/etc/passwd", "name=${env:SECRET}", "arms.a.set.target.command=id", "extends=x.yaml",
		"arms.spike.before=id"};
	static const char *const good[] = {
		"load.spike.before=10s", "load.steady.rate=50/s", "requests.buy.weight=3", "target.timeout=5s"};
	struct plan_setting setting;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = {0};

		assert_true(plan_setting_parse(bad[i], &setting, &err));
		if (untrusted_check_setting(&setting, &err))
			fail_msg("taken: %s", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct error err = {0};

		assert_true(plan_setting_parse(good[i], &setting, &err));
		assert_true(untrusted_check_setting(&setting, &err));
	}
}

/* Keys whose help speaks of files or commands, and that do neither read nor run one by what stands there. */
static const char *const harmless[] = {"name", "user", "password", "value", "bearer", "metric", "prometheus", "influx",
	"requests_log", "formats", "baseline", "key", "synthetic", "cgroup", "url", "set"};

static bool
is_harmless(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (strcmp(harmless[i], name) == 0)
			return true;
	return false;
}

static bool
looks_dangerous(const struct plan_key *key)
{
	static const char *const words[] = {"file", "command", "director", "/bin/sh"};

	if (key->parse == plan_parse_shell || key->parse == plan_parse_path || key->parse == plan_parse_input ||
		key->is_path)
		return true;
	if ((key->type != PLAN_TEXT && key->type != PLAN_CUSTOM) || key->keys != NULL || is_harmless(key->name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(key->help, words[i]) != NULL || (key->form != NULL && strstr(key->form, words[i]) != NULL))
			return true;
	return false;
}

/* The profile that has this key at this place: "requests: [{grpc: {message: {file: x}}}]". */
static void
check_rows(const struct plan_key *keys, const char *before, const char *after, int depth, int *checked)
{
	for (; depth < 6 && keys->type != PLAN_KEYS_END_TYPE; keys++) {
		char profile[512], inner_before[400], inner_after[64];
		struct error err;

		snprintf(profile, sizeof(profile), "%s%s: x%s", before, keys->name, after);
		if (looks_dangerous(keys)) {
			++*checked;
			if (is_taken(profile, &err))
				fail_msg("%s: %s: no row of untrusted.def forbids it", profile, keys->help);
		}
		if (keys->keys == NULL)
			continue;
		bool is_list = keys->type == PLAN_CUSTOM || keys->type == PLAN_LIST;

		snprintf(inner_before, sizeof(inner_before), "%s%s: %s", before, keys->name, is_list ? "[{" : "{");
		snprintf(inner_after, sizeof(inner_after), "%s%s", is_list ? "}]" : "}", after);
		check_rows(keys->keys, inner_before, inner_after, depth + 1, checked);
	}
}

static void
test_every_key_that_reads_or_runs_something_is_forbidden(void **state)
{
	int checked = 0;

	(void)state;
	check_rows(profile_keys, "{", "}", 0, &checked);
	assert_true(checked >= 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_load_of_a_url_is_taken),
		cmocka_unit_test(test_what_runs_a_command_is_refused_with_its_line),
		cmocka_unit_test(test_a_spike_is_no_hook),
		cmocka_unit_test(test_what_reads_a_file_is_refused),
		cmocka_unit_test(test_references_are_refused_wherever_they_stand),
		cmocka_unit_test(test_other_processes_are_left_alone),
		cmocka_unit_test(test_results_go_where_the_daemon_says),
		cmocka_unit_test(test_settings_within_a_profile_are_looked_at),
		cmocka_unit_test(test_names_with_dots_open_no_door),
		cmocka_unit_test(test_aliases_are_what_they_stand_for),
		cmocka_unit_test(test_settings_that_come_along_are_looked_at),
		cmocka_unit_test(test_every_key_that_reads_or_runs_something_is_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
