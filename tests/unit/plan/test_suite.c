#include "unit/plan/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "plan/suite.h"

/* A folder of profiles; the suite itself is text that stands in it. */

static char folder[64];

static void
write_profile(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/brunt-suite-XXXXXX");
	assert_non_null(mkdtemp(folder));
	write_profile("smoke.yaml", "target: http://127.0.0.1:8080\nload: {steady: {rate: 50/s, for: 1s}}\n");
	write_profile("soak.yaml", "extends: smoke.yaml\nload: {steady: {for: 60s}}\n");
	write_profile("wrong.yaml", "target: http://127.0.0.1:8080\nload: {steady: {rate: 50/z, for: 1s}}\n");
	write_profile("inner.yaml", "name: inner\nsuite: [smoke.yaml]\n");
	return 0;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = {"smoke.yaml", "soak.yaml", "wrong.yaml", "inner.yaml"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static struct plan_suite *
read_suite(const char *text, const char *const *set, struct error *err)
{
	struct plan_setting settings[8] = {0};
	char path[128];
	size_t n = 0;

	for (; set != NULL && set[n] != NULL; n++)
		assert_true(plan_setting_parse(set[n], &settings[n], err));
	snprintf(path, sizeof(path), "%s/nightly.yaml", folder);
	return suite_load_text(text, strlen(text), path, settings, n, &fake_tables, err);
}

static struct plan_suite *
load_suite(const char *text, const char *const *set)
{
	struct error err = {0};
	struct plan_suite *suite = read_suite(text, set, &err);

	if (suite == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return suite;
}

/* The sentence about a suite that must not load, without the folder. */
static void
assert_refused(const char *text, const char *set, const char *wanted)
{
	const char *sets[] = {set, NULL};
	struct error err = {0};
	char sentence[1400];
	struct plan_suite *suite = read_suite(text, set != NULL ? sets : NULL, &err);

	if (suite != NULL || !error_is_set(&err))
		fail_msg("accepted: %s", text);
	error_text(&err, sentence, sizeof(sentence));
	const char *found = strncmp(sentence, folder, strlen(folder)) == 0 ? sentence + strlen(folder) + 1 : sentence;

	if (strncmp(found, wanted, strlen(wanted)) != 0)
		fail_msg("'%s' does not begin with '%s'", found, wanted);
}

static double
rate_of(const struct suite_item *item)
{
	const struct fake_steady *steady = item->experiment->arms[0].plan->scenarios[0].load.shape.params;

	return steady->rate;
}

static void
test_a_profile_without_a_suite_is_none(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(read_suite("target: http://127.0.0.1:8080\n", NULL, &err));
	assert_false(error_is_set(&err));
}

static void
test_items_are_found_beside_the_suite_and_named_after_their_files(void **state)
{
	(void)state;
	struct plan_suite *suite = load_suite("suite:\n"
					      "  - smoke.yaml\n"
					      "  - {profile: soak.yaml, name: long, category: endurance}\n",
		NULL);

	assert_string_equal(suite->name, "nightly");
	assert_int_equal(suite->items_n, 2);
	assert_string_equal(suite->items[0].name, "smoke");
	assert_string_equal(suite->items[0].category, "suite");
	assert_string_equal(suite->items[0].shown, "smoke.yaml");
	assert_string_equal(suite->items[1].name, "long");
	assert_string_equal(suite->items[1].category, "endurance");
	assert_null(suite->items[1].only_if.text);
	assert_true(suite->pass_rate == 1);
	assert_int_equal(suite->limit_ns, 0);
	assert_true(rate_of(&suite->items[1]) == 50);
	suite_free(suite);
}

static void
test_settings_are_the_suites_then_the_items_then_the_command_lines(void **state)
{
	static const char *const set[] = {"load.steady.for=9s", "pass_rate=50%", "suite[1].category=b", NULL};

	(void)state;
	struct plan_suite *suite = load_suite("set: {load.steady.rate: 70/s, seed: 3}\n"
					      "suite:\n"
					      "  - smoke.yaml\n"
					      "  - {profile: soak.yaml, set: {load.steady.rate: 90/s, seed: 4}}\n",
		set);

	assert_true(suite->pass_rate == 0.5);
	assert_string_equal(suite->items[1].category, "b");
	assert_true(rate_of(&suite->items[0]) == 70);
	assert_true(rate_of(&suite->items[1]) == 90);
	assert_int_equal(suite->items[0].experiment->arms[0].plan->seed, 3);
	assert_int_equal(suite->items[1].experiment->arms[0].plan->seed, 4);
	assert_int_equal(suite->items[1].settings_n, 5);
	assert_string_equal(suite->items[1].settings[2], "load.steady.rate=90/s");
	assert_string_equal(suite->items[1].settings[4], "load.steady.for=9s");
	suite_free(suite);
}

static void
test_a_setting_may_be_any_yaml(void **state)
{
	(void)state;
	struct plan_suite *suite = load_suite("suite:\n"
					      "  - profile: smoke.yaml\n"
					      "    set:\n"
					      "      requests: [{name: \"ab\", weight: 2, get: '/x?y=1'}]\n"
					      "      load.steady: {rate: \"20/s\", for: 2s}\n",
		NULL);
	const struct plan *plan = suite->items[0].experiment->arms[0].plan;

	assert_string_equal(plan->requests[0].name, "ab");
	assert_string_equal(plan->requests[0].path, "/x?y=1");
	assert_true(rate_of(&suite->items[0]) == 20);
	suite_free(suite);
}

static void
test_needs_are_items_before(void **state)
{
	(void)state;
	struct plan_suite *suite =
		load_suite("suite:\n"
			   "  - smoke.yaml\n"
			   "  - {profile: soak.yaml, needs: smoke}\n"
			   "  - {profile: smoke.yaml, name: c, needs: [soak, smoke], only_if: test -e x}\n",
			NULL);

	assert_int_equal(suite->items[1].needs_n, 1);
	assert_int_equal(suite->items[2].needs_n, 2);
	assert_int_equal(suite->items[2].needs[0], 1);
	assert_int_equal(suite->items[2].needs[1], 0);
	assert_string_equal(suite->items[2].only_if.text, "test -e x");
	suite_free(suite);
}

static void
test_mistakes_are_told_where_they_stand(void **state)
{
	(void)state;
	assert_refused("suite: []\n", NULL, "nightly.yaml:1:8: suite: write a list of profiles");
	assert_refused("suite: smoke.yaml\n", NULL, "nightly.yaml:1:8: suite: write a list of profiles");
	assert_refused("suite: [nowhere.yaml]\n", NULL, "nightly.yaml:1:9: cannot read 'nowhere.yaml'");
	assert_refused("suite: [{name: a}]\n", NULL, "nightly.yaml:1:9: 'profile' is missing");
	assert_refused("suite: [wrong.yaml]\n", NULL, "wrong.yaml:2:23: rate: '50/z' is not");
	assert_refused("suite: [inner.yaml]\n", NULL, "inner.yaml:2:8: suite: this is a suite of profiles");
	assert_refused("suite: [smoke.yaml, smoke.yaml]\n", NULL,
		"nightly.yaml:1:21: name: there is a 'smoke' in this suite already");
	assert_refused("suite: [{profile: smoke.yaml, name: a/b}]\n", NULL, "nightly.yaml:1:37: name: ");
	assert_refused("suite: [smoke.yaml]\nload: {}\n", NULL, "nightly.yaml:2:7: load: a suite has none of its own");
	assert_refused("suite: [smoke.yaml]\nlimits: 3s\n", NULL,
		"nightly.yaml:2:1: unknown key 'limits'; did you mean 'limit'?");
	assert_refused("suite: [smoke.yaml]\npass_rate: 120%\n", NULL, "nightly.yaml:2:12: pass_rate: ");
}

static void
test_a_need_must_be_there_and_come_before(void **state)
{
	(void)state;
	assert_refused("suite:\n  - {profile: smoke.yaml, needs: [soak]}\n  - soak.yaml\n", NULL,
		"nightly.yaml:2:34: needs: 'soak' comes later");
	assert_refused("suite:\n  - {profile: smoke.yaml, needs: smoke}\n", NULL,
		"nightly.yaml:2:34: needs: 'smoke' cannot wait for itself");
	assert_refused("suite:\n  - smoke.yaml\n  - {profile: soak.yaml, needs: smok}\n", NULL,
		"nightly.yaml:3:33: needs: there is no 'smok' before this; did you mean 'smoke'?");
}

static void
test_what_is_set_wrongly_is_told_where_the_suite_says_it(void **state)
{
	(void)state;
	assert_refused("suite:\n  - profile: smoke.yaml\n    set:\n      load.steady.rate: 50/z\n", NULL,
		"nightly.yaml:4:7: set: load.steady.rate: rate: '50/z' is not");
	assert_refused("suite:\n  - profile: smoke.yaml\n    set: {load.steady.rat: 50/s}\n", NULL,
		"nightly.yaml:3:11: set: load.steady.rat: unknown key 'rat'");
	assert_refused("set: 7\nsuite: [smoke.yaml]\n", NULL, "nightly.yaml:1:6: set: write a map");
	assert_refused("suite: [smoke.yaml]\n", "load.steady.rate=50/z", "--set load.steady.rate: rate: '50/z' is not");
}

static void
test_keys_of_a_suite_are_a_mistake_elsewhere(void **state)
{
	char text[1400];

	(void)state;
	assert_string_equal(
		refusal_of("target: http://127.0.0.1:8080\nload: {steady: {rate: 1/s, for: 1s}}\nlimit: 1h\n", NULL,
			text, sizeof(text)),
		"x.yaml:3:8: limit: there is no 'suite' that this belongs to");
	assert_non_null(strstr(refusal_of("suite: [a.yaml]\n", NULL, text, sizeof(text)), "this is a suite"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_profile_without_a_suite_is_none),
		cmocka_unit_test(test_items_are_found_beside_the_suite_and_named_after_their_files),
		cmocka_unit_test(test_settings_are_the_suites_then_the_items_then_the_command_lines),
		cmocka_unit_test(test_a_setting_may_be_any_yaml),
		cmocka_unit_test(test_needs_are_items_before),
		cmocka_unit_test(test_mistakes_are_told_where_they_stand),
		cmocka_unit_test(test_a_need_must_be_there_and_come_before),
		cmocka_unit_test(test_what_is_set_wrongly_is_told_where_the_suite_says_it),
		cmocka_unit_test(test_keys_of_a_suite_are_a_mistake_elsewhere),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
