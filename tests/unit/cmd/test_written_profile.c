#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/check.h"
#include "cmd/tables.h"
#include "cmd/written_profile.h"
#include "plan/plan.h"

/* The profile that `brunt stress URL` and `brunt run URL` write: read again, it asks for what the URL and the flags
 * say. */

static struct plan *
plan_written(struct written_profile profile, struct error *err)
{
	struct plan *plan = NULL;
	struct buf text;

	profile.command = "stress";
	profile.load = "{search: {from: 20/s, max: 100/s}}";
	profile.timeout = "5s";
	buf_init(&text, 65536);
	if (written_profile_add(&profile, &text, err))
		plan = plan_load_text(text.bytes, text.length, "written", NULL, 0, cmd_tables(), err);
	buf_fini(&text);
	return plan;
}

static struct plan *
plan_of(const char *url, const char *slo, struct error *err)
{
	return plan_written((struct written_profile){.url = url, .slos = {slo}, .slos_n = slo != NULL}, err);
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
test_over_websocket_the_url_is_what_is_asked_for_and_headers_are_the_connections(void **state)
{
	struct error err = {0};
	struct plan *plan = plan_written((struct written_profile){.url = "wss://h/talk/?of=a&b=c#part",
						 .body = "say \"${seq}\"",
						 .is_form = true,
						 .is_insecure = true,
						 .user = "me:secret",
						 .headers = {"Origin: http://shop"},
						 .headers_n = 1},
		&err);

	(void)state;
	if (plan == NULL)
		fail_msg("%s", err.message);
	assert_string_equal(plan->target.url.resource, "/talk/?of=a&b=c");
	assert_int_equal(plan->target.url.port, 443);
	assert_false(plan->target.tls.verify);
	assert_int_equal(plan->target.websocket.headers.n, 2);
	assert_memory_equal(plan->requests[0].body, "say \"", 5);
	assert_int_equal(plan->requests[0].headers.n, 0);
	plan_free(plan);
	plan = plan_of("ws://h:81", NULL, &err);
	if (plan == NULL)
		fail_msg("%s", err.message);
	assert_int_equal(plan->requests_n, 1);
	assert_int_equal(plan->target.url.port, 81);
	plan_free(plan);
}

static void
test_a_message_has_no_method(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(plan_written((struct written_profile){.url = "ws://h/", .method = "POST", .body = "x"}, &err));
	assert_non_null(strstr(err.message, "--method"));
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
test_the_method_is_the_flags_or_follows_from_the_body(void **state)
{
	static const struct {
		const char *method, *body, *wanted;
	} rows[] = {{NULL, NULL, "GET"}, {NULL, "x", "POST"}, {"put", "x", "PUT"}, {"GET", "x", "GET"},
		{"delete", NULL, "DELETE"}, {"PROPFIND", NULL, "PROPFIND"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		struct plan *plan = plan_written(
			(struct written_profile){.url = "http://h/a", .method = rows[i].method, .body = rows[i].body},
			&err);

		if (plan == NULL)
			fail_msg("%s: %s", rows[i].wanted, err.message);
		assert_string_equal(plan->requests[0].method, rows[i].wanted);
		assert_string_equal(plan->requests[0].path, "/a");
		plan_free(plan);
	}
}

static void
test_headers_and_body_arrive_as_they_were_given(void **state)
{
	static const char body[] = "\"a\": 'b'\n\t# {c} \\d \x01\x7f \xc3\xa9";
	struct error err = {0};
	struct plan *plan = plan_written((struct written_profile){.url = "http://h",
						 .body = body,
						 .headers = {"X-A: b: c", "X-B:  \"d\" # e", "X-C:"},
						 .headers_n = 3},
		&err);

	(void)state;
	if (plan == NULL)
		fail_msg("%s", err.message);
	const struct plan_request *request = &plan->requests[0];
	const struct plan_pair *headers = request->headers.items;

	assert_int_equal(request->headers.n, 3);
	assert_string_equal(headers[0].name, "X-A");
	assert_string_equal(headers[0].value, "b: c");
	assert_string_equal(headers[1].value, "\"d\" # e");
	assert_string_equal(headers[2].value, "");
	assert_int_equal(request->body_length, sizeof(body) - 1);
	assert_memory_equal(request->body, body, sizeof(body) - 1);
	plan_free(plan);
}

static void
test_data_is_a_form_unless_a_header_says_otherwise(void **state)
{
	static const struct {
		const char *header, *type;
	} rows[] = {{"X: y", "application/x-www-form-urlencoded"}, {"content-type: text/plain", "text/plain"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = {0};
		struct plan *plan = plan_written((struct written_profile){.url = "http://h",
							 .body = "a=b",
							 .is_form = true,
							 .user = "me:pass",
							 .headers = {rows[i].header},
							 .headers_n = 1},
			&err);
		size_t types = 0;

		assert_non_null(plan);
		const struct plan_list *list = &plan->requests[0].headers;

		for (size_t k = 0; k < list->n; k++) {
			const struct plan_pair *header = &((const struct plan_pair *)list->items)[k];

			if (strcasecmp(header->name, "Content-Type") == 0 && ++types > 0)
				assert_string_equal(header->value, rows[i].type);
			if (strcasecmp(header->name, "Authorization") == 0)
				assert_string_equal(header->value, "Basic bWU6cGFzcw==");
		}
		assert_int_equal(types, 1);
		assert_int_equal(list->n, i == 0 ? 3 : 2);
		plan_free(plan);
	}
}

static void
test_a_bodys_file_is_found_from_wherever_the_profile_lies(void **state)
{
	char folder[] = "/tmp/brunt-body-XXXXXX", before[PATH_MAX];
	struct written_profile profile = {.url = "http://h", .body_file = "body"};
	struct error err = {0};

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_null(plan_written(profile, &err));
	assert_non_null(strstr(err.message, "--body-file: cannot read 'body': No such file"));
	FILE *file = fopen("body", "w");

	assert_non_null(file);
	fputs("1 2", file);
	fclose(file);
	err = (struct error){0};
	struct plan *plan = plan_written(profile, &err);

	assert_int_equal(remove("body"), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rmdir(folder), 0);
	if (plan == NULL)
		fail_msg("%s", err.message);
	assert_string_equal(plan->requests[0].method, "POST");
	assert_int_equal(plan->requests[0].body_length, 3);
	plan_free(plan);
}

static void
test_a_value_stays_one_value_whatever_is_in_it(void **state)
{
	static const char *const rows[][2] = {{"20/s", "20/s"}, {"5%", "5%"}, {"10 users", "\"10 users\""},
		{"1s}, seed: {", "\"1s}, seed: {\""}, {"%5", "\"%5\""}, {"", "\"\""}, {"a\"b", "\"a\\\"b\""}};
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&text);
		written_profile_add_value(&text, rows[i][0]);
		assert_string_equal(text.bytes, rows[i][1]);
	}
	buf_fini(&text);
}

static void
test_what_finds_no_room_is_refused_and_not_cut(void **state)
{
	struct written_profile profile = {.command = "run", .url = "http://h", .load = "{}", .timeout = "5s"};
	struct error err = {0};
	struct buf text;

	(void)state;
	profile.body = "a body that is longer than what there is room for, once all that comes before it is there";
	buf_init(&text, 200);
	assert_false(written_profile_add(&profile, &text, &err));
	assert_non_null(strstr(err.message, "--body-file"));
	buf_fini(&text);
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
	assert_false(written_profile_save(&text, path, &err));
	assert_non_null(strstr(err.message, "File exists"));
	assert_true(written_profile_keep(&text, where, sizeof(where), &err));
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
		cmocka_unit_test(test_over_websocket_the_url_is_what_is_asked_for_and_headers_are_the_connections),
		cmocka_unit_test(test_a_message_has_no_method),
		cmocka_unit_test(test_what_no_url_is_gets_its_sentence),
		cmocka_unit_test(test_an_objective_stands_as_it_was_given),
		cmocka_unit_test(test_the_method_is_the_flags_or_follows_from_the_body),
		cmocka_unit_test(test_headers_and_body_arrive_as_they_were_given),
		cmocka_unit_test(test_data_is_a_form_unless_a_header_says_otherwise),
		cmocka_unit_test(test_a_bodys_file_is_found_from_wherever_the_profile_lies),
		cmocka_unit_test(test_a_value_stays_one_value_whatever_is_in_it),
		cmocka_unit_test(test_what_finds_no_room_is_refused_and_not_cut),
		cmocka_unit_test(test_a_file_that_is_there_is_not_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
