#include "unit/plan/loading.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Profiles that extend one another, and the references in them, in a directory of their own. */

static char directory[64];

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/brunt-plan-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	mkdir(path_of("base"), 0700);
	write_file("base/base.yaml", "name: base\ntarget: {url: \"http://h\", timeout: 5s}\n"
				     "load: {steady: {rate: 5/s, for: 1s}, warmup: 2s}\n"
				     "requests: [{name: a, get: /}, {name: b, get: /b}]\nslo: [\"p95 < 1s\"]\n");
	write_file("secret.txt", "s3cr\"t\r\n");
	write_file("base/body.bin", "${seq}");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
		"base/base.yaml", "base/body.bin", "base", "secret.txt", "x.yaml", "y.yaml"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(path_of(names[i]));
	return rmdir(directory);
}

static struct plan *
load_here(const char *text, struct error *err)
{
	write_file("x.yaml", text);
	return plan_load_file(path_of("x.yaml"), NULL, 0, &fake_tables, err);
}

static void
test_maps_are_merged_lists_replaced_and_null_removes(void **state)
{
	(void)state;
	struct error err = {0};
	struct plan *plan = load_here("extends: base/base.yaml\nname: over\ntarget: {timeout: 7s}\n"
				      "requests: [{name: c, get: /c}]\nslo:\n",
		&err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_string_equal(plan->name, "over");
	assert_string_equal(plan->target.url.host, "h");
	assert_int_equal(plan->target.timeout_ns, 7000000000);
	assert_int_equal(plan->requests_n, 1);
	assert_string_equal(plan->requests[0].name, "c");
	assert_int_equal(plan->slos_n, 0);
	assert_string_equal(plan->effective_yaml, "name: over\ntarget:\n  url: \"http://h\"\n  timeout: 7s\n"
						  "load:\n  steady:\n    rate: 5/s\n    for: 1s\n  warmup: 2s\n"
						  "requests:\n  - name: c\n    get: /c\n");
	plan_free(plan);
}

static void
test_a_new_shape_replaces_the_inherited_one(void **state)
{
	(void)state;
	struct error err = {0};
	struct plan *plan = load_here("extends: base/base.yaml\nload: {ramp: {to: 9/s, over: 1s}}\n", &err);

	assert_non_null(plan);
	assert_ptr_equal(plan->scenarios[0].load.shape.choice, &fake_ramp);
	assert_int_equal(plan->scenarios[0].load.warmup_ns, 2000000000);
	plan_free(plan);
}

static void
test_a_url_alone_extends_a_target_map(void **state)
{
	(void)state;
	struct error err = {0};
	struct plan *plan = load_here("extends: base/base.yaml\ntarget: http://i\n", &err);

	assert_non_null(plan);
	assert_string_equal(plan->target.url.host, "i");
	assert_int_equal(plan->target.timeout_ns, 5000000000);
	plan_free(plan);
}

static void
test_a_mistake_in_the_base_is_placed_there(void **state)
{
	(void)state;
	struct error err = {0};

	write_file("y.yaml", "target: http://h\nload: {steady: {rate: 5/z, for: 1s}}\n");
	assert_null(load_here("extends: y.yaml\n", &err));
	assert_string_equal(strrchr(err.where, '/'), "/y.yaml:2:23");
}

static void
test_profiles_that_extend_themselves_are_refused(void **state)
{
	(void)state;
	struct error err = {0};

	assert_null(load_here("extends: ./x.yaml\n", &err));
	assert_string_equal(err.message, "extends: './x.yaml' extends itself, through this line");
	err = (struct error){0};
	write_file("y.yaml", "extends: x.yaml\n");
	assert_null(load_here("extends: y.yaml\n", &err));
	assert_string_equal(strrchr(err.where, '/'), "/y.yaml:1:10");
	assert_string_equal(err.message, "extends: 'x.yaml' extends itself, through this line");
}

static void
test_8_profiles_may_extend_one_another_and_9_may_not(void **state)
{
	(void)state;
	for (int n = 8; n <= 9; n++) {
		struct error err = {0};
		char name[64], text[128];

		for (int i = 1; i <= n; i++) {
			snprintf(name, sizeof(name), "base/%d.yaml", i);
			snprintf(text, sizeof(text), "extends: %d.yaml\n", i + 1);
			if (i == n)
				snprintf(
					text, sizeof(text), "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n");
			write_file(name, text);
		}
		struct plan *plan = load_here("extends: base/1.yaml\n", &err);

		for (int i = 1; i <= n; i++) {
			snprintf(name, sizeof(name), "base/%d.yaml", i);
			remove(path_of(name));
		}
		assert_int_equal(plan != NULL, n == 8);
		if (plan == NULL)
			assert_string_equal(err.message, "extends: more than 8 profiles extend one another");
		plan_free(plan);
	}
}

#define HEADERS(value) "extends: base/base.yaml\nrequests: [{name: a, post: /, headers: {A: \"" value "\"}}]\n"

static const char *
header_of(const struct plan *plan)
{
	return ((const struct plan_pair *)plan->requests[0].headers.items)[0].value;
}

static void
test_references_reach_the_request_and_no_output(void **state)
{
	(void)state;
	struct error err = {0};

	setenv("BRUNT_TEST", "t0ken", 1);
	struct plan *plan = load_here(HEADERS("Bearer ${env:BRUNT_TEST}-${file:secret.txt}-${seq}"), &err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_string_equal(header_of(plan), "Bearer t0ken-s3cr\"t-${seq}");
	assert_null(strstr(plan->effective_yaml, "t0ken"));
	assert_null(strstr(plan->effective_json, "t0ken"));
	assert_null(strstr(plan->effective_json, "s3cr"));
	assert_non_null(strstr(plan->effective_yaml, "Bearer ${env:BRUNT_TEST}-${file:secret.txt}-${seq}"));
	assert_non_null(strstr(plan->effective_json, "Bearer ${env:BRUNT_TEST}-${file:secret.txt}-${seq}"));
	plan_free(plan);
}

static void
test_the_hash_does_not_depend_on_secrets(void **state)
{
	(void)state;
	struct error err = {0};
	char hash[17];

	setenv("BRUNT_TEST", "one", 1);
	struct plan *plan = load_here(HEADERS("${env:BRUNT_TEST}"), &err);

	assert_non_null(plan);
	memcpy(hash, plan->hash, sizeof(hash));
	plan_free(plan);
	setenv("BRUNT_TEST", "two", 1);
	plan = load_here(HEADERS("${env:BRUNT_TEST}"), &err);
	assert_string_equal(plan->hash, hash);
	plan_free(plan);
	plan = load_here(HEADERS("${env:BRUNT_TEST} "), &err);
	assert_string_not_equal(plan->hash, hash);
	plan_free(plan);
}

static void
test_no_message_shows_a_secret(void **state)
{
	(void)state;
	static const char *const profiles[] = {
		"target: {url: \"http://h\", timeout: \"${env:BRUNT_TEST}\"}\nload: {steady: {rate: 5/s, for: 1s}}\n",
		"target: \"${env:BRUNT_TEST}\"\nload: {steady: {rate: 5/s, for: 1s}}\n",
		"extends: base/base.yaml\nname: \"${env:BRUNT_TEST}\"\n",
		"extends: base/base.yaml\npacing: \"${env:BRUNT_TEST}\"\n",
		"extends: base/base.yaml\nrequests: [{name: a, get: \"${env:BRUNT_TEST}\"}]\n",
		"extends: base/base.yaml\nrequests: [{name: a, post: /, body_file: \"${env:BRUNT_TEST}\"}]\n",
		"extends: base/base.yaml\nrequests: [{name: a, get: /, read: \"${env:BRUNT_TEST}\"}]\n",
		"extends: base/base.yaml\nrequests: [{name: a, method: \"${env:BRUNT_TEST}\", path: /}]\n",
		"extends: base/base.yaml\nload: {steady: {rate: \"${env:BRUNT_TEST}\", for: 1s}}\n",
		"extends: base/base.yaml\nstop: \"${env:BRUNT_TEST}\"\n",
		"extends: base/base.yaml\nbreak_when: {cpu: \"${env:BRUNT_TEST}\"}\n",
		"extends: base/base.yaml\nslo: \"${env:BRUNT_TEST}\"\n",
	};

	setenv("BRUNT_TEST", "hidden value", 1);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		struct error err = {0};
		struct plan *plan = load_here(profiles[i], &err);

		assert_null(plan);
		if (strstr(err.message, "hidden") != NULL)
			fail_msg("profile %zu shows it: %s", i, err.message);
	}
}

static void
test_a_secret_cannot_bring_a_slot_or_a_header_of_its_own(void **state)
{
	(void)state;
	struct error err = {0};

	setenv("BRUNT_TEST", "a${seq}", 1);
	assert_null(load_here(HEADERS("${env:BRUNT_TEST}"), &err));
	assert_string_equal(err.message,
		"what 'BRUNT_TEST' stands for holds '${', which a request would read as a slot of its own");
	err = (struct error){0};
	setenv("BRUNT_TEST", "a\r\nB: c", 1);
	assert_null(load_here(HEADERS("${env:BRUNT_TEST}"), &err));
	assert_string_equal(err.message, "headers: the value of 'A' holds a line end or control character");
}

static void
test_an_escaped_reference_is_left_alone(void **state)
{
	(void)state;
	struct error err = {0};
	struct plan *plan = load_here(HEADERS("$${env:NO_SUCH} ${uuid}"), &err);

	assert_non_null(plan);
	assert_string_equal(header_of(plan), "$${env:NO_SUCH} ${uuid}");
	plan_free(plan);
}

static void
test_paths_are_relative_to_the_file_that_names_them(void **state)
{
	(void)state;
	struct error err = {0};

	write_file("y.yaml", "extends: base/base.yaml\nload: {trace: {file: secret.txt}}\n");
	struct plan *plan =
		load_here("extends: y.yaml\nrequests: [{name: a, post: /, body_file: base/body.bin}]\n", &err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_string_equal(
		((const struct fake_trace *)plan->scenarios[0].load.shape.params)->file, path_of("secret.txt"));
	assert_string_equal(plan->requests[0].body, "${seq}");
	assert_int_equal(plan->requests[0].body_length, 6);
	assert_false(plan->requests[0].has_slots);
	plan_free(plan);
}

static void
test_the_effective_profile_names_inherited_files_from_its_own_place(void **state)
{
	(void)state;
	struct error err = {0};

	write_file("base/y.yaml", "extends: base.yaml\nload: {stages: [{trace: {file: body.bin}}]}\n"
				  "requests: [{name: a, post: /, body_file: body.bin, headers: {A: \"${file:body2.txt} "
				  "$${file:x}\"}, expect: {body: body.bin}}]\n");
	write_file("base/body2.txt", "b");
	write_file("base/body.bin", "1\n");
	struct plan *plan = load_here("extends: base/y.yaml\n", &err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_non_null(strstr(plan->effective_yaml, "file: base/body.bin\n"));
	assert_non_null(strstr(plan->effective_yaml, "body_file: base/body.bin\n"));
	assert_non_null(strstr(plan->effective_yaml, "${file:base/body2.txt} $${file:x}"));
	assert_non_null(strstr(plan->effective_yaml, "body: body.bin\n"));
	assert_null(strstr(plan->effective_json, directory));
	assert_string_equal(header_of(plan), "b $${file:x}");

	/* It says the same in the place of the profile. */
	write_file("x.yaml", plan->effective_yaml);
	struct plan *again = plan_load_file(path_of("x.yaml"), NULL, 0, &fake_tables, &err);

	if (again == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_string_equal(again->requests[0].body, "1\n");
	assert_string_equal(again->effective_yaml, plan->effective_yaml);
	plan_free(again);
	plan_free(plan);
	char text[512], moved[512];

	snprintf(text, sizeof(text), "extends: %s\n", path_of("base/y.yaml"));
	snprintf(moved, sizeof(moved), "body_file: %s\n", path_of("base/body.bin"));
	plan = plan_load_text(text, strlen(text), "elsewhere/x.yaml", NULL, 0, &fake_tables, &err);
	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	assert_non_null(strstr(plan->effective_yaml, moved)); /* as absolute as its user wrote it */
	plan_free(plan);
	write_file("base/body.bin", "${seq}");
	remove(path_of("base/y.yaml"));
	remove(path_of("base/body2.txt"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_are_merged_lists_replaced_and_null_removes),
		cmocka_unit_test(test_a_new_shape_replaces_the_inherited_one),
		cmocka_unit_test(test_a_url_alone_extends_a_target_map),
		cmocka_unit_test(test_a_mistake_in_the_base_is_placed_there),
		cmocka_unit_test(test_profiles_that_extend_themselves_are_refused),
		cmocka_unit_test(test_8_profiles_may_extend_one_another_and_9_may_not),
		cmocka_unit_test(test_references_reach_the_request_and_no_output),
		cmocka_unit_test(test_the_hash_does_not_depend_on_secrets),
		cmocka_unit_test(test_no_message_shows_a_secret),
		cmocka_unit_test(test_a_secret_cannot_bring_a_slot_or_a_header_of_its_own),
		cmocka_unit_test(test_an_escaped_reference_is_left_alone),
		cmocka_unit_test(test_paths_are_relative_to_the_file_that_names_them),
		cmocka_unit_test(test_the_effective_profile_names_inherited_files_from_its_own_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
