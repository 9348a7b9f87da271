#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cmd/tables.h"
#include "cmd/written_profile.h"
#include "plan/plan.h"

/* The profile that `brunt stress URL` writes: read again, it asks for what the URL says. */

static struct plan *
plan_of(const char *url, const char *slo, struct error *err)
{
	struct written_profile profile = {.command = "stress",
		.url = url,
		.load = "{search: {from: 20/s, max: 100/s}}",
		.timeout = "5s",
		.slos = {slo},
		.slos_n = slo != NULL};
	struct plan *plan = NULL;
	struct buf text;

	buf_init(&text, 65536);
	if (written_profile_add(&profile, &text, err))
		plan = plan_load_text(text.bytes, text.length, "written", NULL, 0, cmd_tables(), err);
	buf_fini(&text);
	return plan;
}

static void
test_the_request_is_what_the_url_asks_for(void **state)
{
	static const struct {
		const char *url, *host, *target;
		unsigned port;
	} rows[] = {
		{"http://example.org", "example.org", "/", 80},
		{"http://example.org:8080/", "example.org", "/", 8080},
		{"http://[::1]:81/a/b?c=\"d\\e\"&f=g", "::1", "/a/b?c=\"d\\e\"&f=g", 81},
		{"http://h?q=1", "h", "/?q=1", 80},
		{"http://h/a#part", "h", "/a", 80},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		struct plan *plan = plan_of(rows[i].url, NULL, &err);

		if (plan == NULL)
			fail_msg("%s: %s", rows[i].url, err.message);
		assert_string_equal(plan->target.url.host, rows[i].host);
		assert_int_equal(plan->target.url.port, rows[i].port);
		assert_int_equal(plan->requests_n, 1);
		assert_string_equal(plan->requests[0].path, rows[i].target);
		plan_free(plan);
	}
}

static void
test_a_unix_socket_is_a_target_too(void **state)
{
	struct error err = {0};
	struct plan *plan = plan_of("http+unix:///run/x.sock", NULL, &err);

	(void)state;
	assert_non_null(plan);
	assert_string_equal(plan->target.url.unix_path, "/run/x.sock");
	assert_string_equal(plan->requests[0].path, "/");
	plan_free(plan);
}

static void
test_what_no_url_is_gets_its_sentence(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(plan_of("example.org:8080/x", NULL, &err));
	assert_non_null(strstr(err.message, "http://example.org"));
}

static void
test_an_objective_stands_as_it_was_given(void **state)
{
	struct error err = {0};
	struct plan *plan = plan_of("http://h/", "root.p95 <= 200ms (stretch 100ms)", &err);

	(void)state;
	assert_non_null(plan);
	assert_int_equal(plan->slos_n, 1);
	plan_free(plan);
}

static void
test_a_file_that_is_there_is_not_overwritten(void **state)
{
	char path[] = "/tmp/brunt-written-XXXXXX", where[256];
	struct error err = {0};
	struct buf text;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	buf_init(&text, 100);
	buf_add_text(&text, "name: x\n");
	assert_false(written_profile_save(&text, path, where, sizeof(where), &err));
	assert_non_null(strstr(err.message, "File exists"));
	assert_true(written_profile_save(&text, NULL, where, sizeof(where), &err));
	assert_int_equal(access(where, R_OK), 0);
	buf_fini(&text);
	close(fd);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_request_is_what_the_url_asks_for),
		cmocka_unit_test(test_a_unix_socket_is_a_target_too),
		cmocka_unit_test(test_what_no_url_is_gets_its_sentence),
		cmocka_unit_test(test_an_objective_stands_as_it_was_given),
		cmocka_unit_test(test_a_file_that_is_there_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
