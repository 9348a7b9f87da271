#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "daemon/submission.h"
#include "unit/load/plans.h"

static char dir[] = "/tmp/brunt-submission-XXXXXX";

static const struct plan_choice *const protocols[] = {&http1, NULL}, *const readers[] = {&discard, NULL};
static const struct plan_metric *const metrics[] = {NULL};
static const struct plan_tables tables = {
	.shapes = shape_choices, .protocols = protocols, .readers = readers, .metrics = metrics};

#define LOAD "load: {steady: {rate: 5/s, for: 10s}}\nrequests: [{name: a, get: /}]\n"
#define TARGET "target: {url: \"http://127.0.0.1:1\"}\n"

static bool
admits_nothing(void *context, const struct submission *submission, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err)
{
	(void)context;
	(void)submission;
	(void)experiment;
	(void)suite;
	return error_set(err, "too much");
}

static void
parse(struct submission *submission, const char *body)
{
	struct error err = {0};

	submission_init(submission);
	if (!submission_parse_json(submission, body, strlen(body), &err))
		fail_msg("%s: %s: %s", body, err.where, err.message);
}

/* The body is refused at this place, by a sentence that has these words. */
static void
assert_refused(const char *body, const char *where, const char *words)
{
	struct submission submission;
	struct error err = {0};

	submission_init(&submission);
	if (submission_parse_json(&submission, body, strlen(body), &err))
		fail_msg("%s was taken", body);
	assert_string_equal(err.where, where);
	if (strstr(err.message, words) == NULL)
		fail_msg("%s: '%s' does not say '%s'", body, err.message, words);
	submission_fini(&submission);
}

static void
test_a_body_says_what_is_to_be_run_by_one_of_three_ways(void **state)
{
	struct submission submission;

	(void)state;
	parse(&submission,
		"{\"name\": \"nightly\", \"set\": {\"load.steady.rate\": \"9/s\", \"seed\": 7}, \"baseline\": "
		"\"last\", \"on_busy\": \"refuse\", \"yaml\": null, \"workers\": 3, \"shards\": null}");
	assert_int_equal(submission.sharing.workers, 3);
	assert_int_equal(submission.sharing.shards, 0);
	assert_string_equal(submission.profile, "nightly");
	assert_null(submission.text);
	assert_int_equal(submission.settings_n, 2);
	assert_string_equal(submission.settings[0], "load.steady.rate=9/s");
	assert_string_equal(submission.settings[1], "seed=7");
	assert_string_equal(submission.baseline, "last");
	assert_true(submission.refuses_busy);
	submission_fini(&submission);
	parse(&submission, "{\"yaml\": \"target: x\\n\"}");
	assert_string_equal(submission.text, "target: x\n");
	assert_int_equal(submission.text_length, 10);
	submission_fini(&submission);
	assert_refused("{}", "body:1:1", "exactly one");
	assert_refused("{\"name\": \"a\", \"yaml\": \"b\"}", "body:1:1", "exactly one");
	assert_refused("[]", "body:1:1", "an object such as");
	assert_refused("\"name\"", "body:1:1", "an object such as");
}

static void
test_what_is_wrong_is_told_by_its_place(void **state)
{
	(void)state;
	assert_refused("{\"name\": \"a\",\n  \"nmae\": 1}", "body:2:11", "did you mean");
	assert_refused("{\"name\": \"../a\"}", "body:1:10", "letters, digits");
	assert_refused("{\"name\": \"a\",\n\"on_busy\": \"wait\"}", "body:2:12", "\"queue\" or \"refuse\"");
	assert_refused("{\"name\": \"a\", \"set\": {\"a=b\": 1}}", "body:1:30", "a path");
	assert_refused("{\"name\": \"a\", \"set\": {\"a\": [1]}}", "body:1:28", "a text or a number");
	assert_refused("{\"name\": \"a\",\n\n \"b\" 1}", "body:3:6", "no JSON");
	assert_refused("{\"profile\": \"target: x\"}", "body:1:13", "write an object");
	assert_refused("{\"name\": \"a\", \"name\": \"b\"}", "body:1:15", "twice");
}

static void
test_more_settings_than_may_be_are_refused(void **state)
{
	struct submission submission;
	struct error err = {0};
	char body[4096] = "{\"name\": \"a\", \"set\": {";

	(void)state;
	for (size_t i = 0; i <= SUBMISSION_SETTINGS_MAX; i++)
		snprintf(body + strlen(body), sizeof(body) - strlen(body), "%s\"k%zu\": 1", i > 0 ? ", " : "", i);
	snprintf(body + strlen(body), sizeof(body) - strlen(body), "}}");
	submission_init(&submission);
	assert_false(submission_parse_json(&submission, body, strlen(body), &err));
	assert_non_null(strstr(err.message, "more than 64"));
	submission_fini(&submission);
}

/* A profile that comes as an object keeps its place in the body, so that its mistakes are told by the body's lines. */
static void
test_a_profile_as_an_object_keeps_its_place(void **state)
{
	static const struct {
		const char *body, *where;
	} bodies[] = {
		{"{\"profile\": {\"laod\": 1}}", "profile:1:14"},
		{"{\n  \"profile\": {\n    \"laod\": 1}}", "profile:3:5"},
		{"{\"baseline\": \"a\", \"set\": {\"x\": \"\xc3\xa4\xc3\xb6\"}, \"profile\": {\"laod\": 1}}",
			"profile:1:51"},
		/* By what else ends a line, too. */
		{"{\r\"profile\": {\"laod\": 1}}", "profile:2:13"},
		{"{\r\n\"profile\": {\"laod\": 1}}", "profile:2:13"},
		{"{\"set\": {\"x\": \"\xe2\x80\xa8\"},\"profile\": {\"laod\": 1}}", "profile:2:16"},
		{"{\"set\": {\"x\": \"\xc2\x85\"},\"profile\": {\"laod\": 1}}", "profile:2:16"},
	};
	const struct submission_terms terms = {.tables = &tables};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct submission submission;
		struct error err = {0};

		parse(&submission, bodies[i].body);
		submission.settings_n = 0;
		assert_false(submission_check(&submission, &terms, &err));
		if (strcmp(err.where, bodies[i].where) != 0)
			fail_msg("%s: %s: %s", bodies[i].body, err.where, err.message);
		submission_fini(&submission);
	}
}

static void
test_escaped_characters_beyond_16_bits_come_through(void **state)
{
	struct submission submission;

	(void)state;
	parse(&submission, "{\"yaml\": \"# \\ud83d\\ude00 \\\\ud83d\\n\"}");
	assert_string_equal(submission.text, "# \xf0\x9f\x98\x80 \\ud83d\n");
	submission_fini(&submission);
}

static void
check_text(struct submission *submission, const char *text, const struct submission_terms *terms, bool is_fine)
{
	struct error err = {0};

	submission_init(submission);
	submission_take_text(submission, text, strlen(text));
	if (submission_check(submission, terms, &err) != is_fine)
		fail_msg("%s: %s: %s", text, err.where, err.message);
}

static void
test_what_it_turns_out_to_be(void **state)
{
	const struct submission_terms terms = {.tables = &tables};
	struct submission submission;
	char targets[64];

	(void)state;
	check_text(&submission, "name: shop\n" TARGET LOAD, &terms, true);
	assert_string_equal(submission.name, "shop");
	assert_int_equal(submission.kind, SUBMISSION_RUN);
	assert_int_equal(submission.runs_n, 1);
	assert_int_equal(submission.planned_ns, 10 * NS_PER_S);
	assert_true(submission.has_stream && submission.has_control);
	assert_string_equal(submission_targets_text(&submission, targets, sizeof(targets)), "127.0.0.1:1");
	assert_string_equal(submission_targets_text(&submission, targets, 8), "127.0.0");
	submission_fini(&submission);
	check_text(&submission,
		"target: {url: \"http://127.0.0.1:1\"}\nrepeats: 3\narms: {a: {}, b: {set: {target.url: "
		"\"http://[::1]:2\"}}}\n" LOAD,
		&terms, true);
	assert_int_equal(submission.kind, SUBMISSION_ARMS);
	assert_int_equal(submission.runs_n, 6);
	assert_int_equal(submission.planned_ns, 60 * NS_PER_S);
	assert_false(submission.has_control);
	assert_string_equal(submission_targets_text(&submission, targets, sizeof(targets)), "127.0.0.1:1, [::1]:2");
	submission_fini(&submission);
}

static void
test_what_came_along_may_not_do_what_only_the_operator_may(void **state)
{
	static const char *const texts[] = {
		TARGET LOAD "before: id\n",
		"target: {url: \"http://127.0.0.1:1\", command: id}\n" LOAD,
		"extends: /etc/passwd\n" TARGET LOAD,
		TARGET LOAD "seed: ${env:SEED}\n",
	};
	const struct submission_terms terms = {.tables = &tables},
				      strict = {.tables = &tables, .admits = admits_nothing};
	struct submission submission;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		check_text(&submission, texts[i], &terms, false);
		assert_false(submission.is_denied);
		submission_fini(&submission);
	}
	check_text(&submission, TARGET LOAD, &strict, false);
	assert_true(submission.is_denied);
	submission_fini(&submission);
}

static void
write_profile(const char *name, const char *text)
{
	struct error err = {0};
	char path[128];

	snprintf(path, sizeof(path), "%s/%s.yaml", dir, name);
	assert_true(file_write_atomic(path, text, strlen(text), &err));
}

static bool
check_named(const char *name, const char *setting, struct submission *submission, struct error *err)
{
	const struct submission_terms terms = {.tables = &tables, .profiles = dir};

	submission_init(submission);
	submission_take_profile(submission, name);
	if (setting != NULL)
		assert_true(submission_add_setting(submission, setting, err));
	return submission_check(submission, &terms, err);
}

static void
test_a_profile_of_the_operators_is_found_by_its_name(void **state)
{
	const struct submission_terms none = {.tables = &tables};
	struct submission submission;
	struct error err = {0};

	(void)state;
	write_profile("nightly", TARGET LOAD "before: \"true\"\n");
	assert_true(check_named("nightly", NULL, &submission, &err));
	assert_non_null(strstr(submission.path, "/nightly.yaml"));
	submission_fini(&submission);
	assert_false(check_named("nobody", NULL, &submission, &err));
	assert_true(submission.is_unknown);
	submission_fini(&submission);
	assert_false(check_named("../nightly", NULL, &submission, &err));
	assert_false(submission.is_unknown);
	submission_fini(&submission);
	assert_false(check_named("nightly", "before=id", &submission, &err));
	submission_fini(&submission);
	submission_init(&submission);
	submission_take_profile(&submission, "nightly");
	assert_false(submission_check(&submission, &none, &err));
	submission_fini(&submission);
}

/* Else whoever may run it could have its secrets sent to himself. */
static void
test_secrets_of_the_operators_go_to_their_own_target_alone(void **state)
{
	struct submission submission;
	struct error err = {0};

	(void)state;
	setenv("BRUNT_TEST_TOKEN", "secret", 1);
	write_profile("plain", TARGET LOAD);
	write_profile("secret", TARGET "load: {steady: {rate: 5/s, for: 10s}}\n"
				       "requests: [{name: a, get: /, headers: {X: \"${env:BRUNT_TEST_TOKEN}\"}}]\n");
	assert_true(check_named("plain", "target.url=http://127.0.0.1:2", &submission, &err));
	submission_fini(&submission);
	assert_true(check_named("secret", "load.steady.rate=1/s", &submission, &err));
	submission_fini(&submission);
	assert_false(check_named("secret", "target.url=http://127.0.0.1:2", &submission, &err));
	assert_non_null(strstr(err.message, "secrets"));
	submission_fini(&submission);
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	(void)state;
	return !file_remove_tree(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_body_says_what_is_to_be_run_by_one_of_three_ways),
		cmocka_unit_test(test_what_is_wrong_is_told_by_its_place),
		cmocka_unit_test(test_more_settings_than_may_be_are_refused),
		cmocka_unit_test(test_a_profile_as_an_object_keeps_its_place),
		cmocka_unit_test(test_escaped_characters_beyond_16_bits_come_through),
		cmocka_unit_test(test_what_it_turns_out_to_be),
		cmocka_unit_test(test_what_came_along_may_not_do_what_only_the_operator_may),
		cmocka_unit_test(test_a_profile_of_the_operators_is_found_by_its_name),
		cmocka_unit_test(test_secrets_of_the_operators_go_to_their_own_target_alone),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
