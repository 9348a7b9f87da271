#include "unit/plan/loading.h"

#include <stdio.h>

#include "plan/course.h"

#define LOAD "load: {steady: {rate: 5/s, for: 1s}}\n"

static void
test_tls_is_verified_and_resumed_where_nothing_is_said(void **state)
{
	(void)state;
	struct plan *plan = load("target: https://h\n" LOAD);
	const struct plan_tls *tls = &plan->target.tls;

	assert_true(tls->verify);
	assert_true(tls->resume);
	assert_int_equal(tls->min_version, PLAN_TLS_1_2);
	assert_null(tls->ca);
	assert_null(tls->cert);
	assert_null(tls->key);
	assert_null(tls->server_name);
	assert_null(tls->ciphers);
	assert_null(tls->ciphersuites);
	plan_free(plan);
}

static void
test_each_value_knows_where_it_stands(void **state)
{
	(void)state;
	struct plan *plan = load("target:\n"
				 "  url: https://h:8443\n"
				 "  tls:\n"
				 "    ca: /etc/group\n"
				 "    cert: /etc/passwd\n"
				 "    key: /etc/hostname\n"
				 "    server_name: other.test\n"
				 "    min_version: 1.3\n"
				 "    ciphers: ECDHE-RSA-AES128-GCM-SHA256\n"
				 "    ciphersuites: TLS_AES_128_GCM_SHA256\n"
				 "    resume: false\n" LOAD);
	const struct plan_tls *tls = &plan->target.tls;

	assert_string_equal(tls->cert, "/etc/passwd");
	assert_string_equal(tls->server_name, "other.test");
	assert_int_equal(tls->min_version, PLAN_TLS_1_3);
	assert_false(tls->resume);
	assert_int_equal(tls->said_cert.line, 5);
	assert_int_equal(tls->said_cert.column, 11);
	assert_string_equal(tls->said_cert.file, "x.yaml");
	assert_string_equal(tls->said_cert.shown, "/etc/passwd");
	assert_int_equal(tls->said_ca.line, 4);
	assert_int_equal(tls->said_key.line, 6);
	assert_int_equal(tls->said_ciphers.line, 9);
	assert_int_equal(tls->said_ciphersuites.line, 10);
	plan_free(plan);
}

/* An authority of one's own, or none at all, is meant for the target: not for a webhook elsewhere. */
static void
test_what_else_is_asked_at_the_targets_host_is_asked_in_the_same_way(void **state)
{
	(void)state;
	struct plan *plan = load(
		"target: {url: \"https://h:8443\", tls: {verify: false, server_name: n.test}}\n" LOAD "ready: /health\n"
		"probe: [\"https://H:9443/x\", \"https://other/x\"]\n");
	const struct plan_course *course = plan->course;

	assert_false(course->ready.fetch.place.tls.verify);
	assert_string_equal(course->ready.fetch.place.tls.server_name, "n.test");
	assert_int_equal(course->ready.fetch.place.url.port, 8443);
	assert_false(course->probes[0].fetch.place.tls.verify);
	assert_true(course->probes[1].fetch.place.tls.verify);
	assert_true(course->probes[1].fetch.place.tls.resume);
	assert_null(course->probes[1].fetch.place.tls.server_name);
	plan_free(plan);
}

static void
test_mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *tls, *sentence;
	} cases[] = {
		{"{ca: /nowhere/ca.pem}", "x.yaml:1:36: cannot read '/nowhere/ca.pem': No such file or directory"},
		{"{key: /etc/passwd}", "x.yaml:1:37: key: there is no 'cert' that this is the key of"},
		{"{min_version: 1.1}", "x.yaml:1:45: min_version: '1.1' is not one of 1.2, 1.3"},
		{"{insecure: true}",
			"x.yaml:1:32: unknown key 'insecure'; valid here: ca, cert, key, verify, server_name, "
			"min_version, ciphers, ciphersuites, resume"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], said[1400];

		snprintf(text, sizeof(text), "target: {url: https://h, tls: %s}\n" LOAD, cases[i].tls);
		assert_string_equal(refusal_of(text, NULL, said, sizeof(said)), cases[i].sentence);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_is_verified_and_resumed_where_nothing_is_said),
		cmocka_unit_test(test_each_value_knows_where_it_stands),
		cmocka_unit_test(test_what_else_is_asked_at_the_targets_host_is_asked_in_the_same_way),
		cmocka_unit_test(test_mistakes_are_told_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
