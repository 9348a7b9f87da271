#include "unit/import/importing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

/* Kinds of files that are read line by line: URLs, targets of vegeta, access logs. */

static void
test_a_line_is_a_url_or_a_method_and_a_url_in_either_order(void **state)
{
	struct imported imported = import_text("urls", NULL,
		"# a list\nhttp://h/a\n\nPOST http://h/b {\"x\": 1}\nhttp://h/c PUT q=1&r=2\r\nDELETE http://h/d\nhttp://h/e POST <file\n"
		"no url\n");
	const struct plan_request *requests = imported.plan->requests;

	(void)state;
	assert_int_equal(imported.plan->requests_n, 5);
	assert_string_equal(requests[0].method, "GET");
	assert_string_equal(requests[1].body, "{\"x\": 1}");
	assert_string_equal(header_of(&requests[1], "Content-Type"), "application/json");
	assert_string_equal(requests[2].method, "PUT");
	assert_string_equal(requests[2].body, "q=1&r=2");
	assert_string_equal(requests[3].method, "DELETE");
	assert_null(requests[4].body);
	assert_true(notes_say(&imported, "given:7: a body out of a file"));
	assert_true(notes_say(&imported, "given:8: 'no' is left out: it is no URL of http or https"));
	assert_true(notes_say(&imported, "5 requests taken over, 1 thing left out, 1 changed"));
	imported_free(&imported);
}

/* As vegeta's README has them. */
static void
test_targets_of_vegeta_are_read_in_its_format_http(void **state)
{
	char body[] = "/tmp/brunt-vegeta-XXXXXX", text[600];
	int fd = mkstemp(body);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{\"a\": \"${x}\"}", 13), 13);
	close(fd);
	snprintf(text, sizeof(text),
		"GET http://goku:9090/path/to/dragon?item=ball\nGET http://user:password@goku:9090/path/to\n"
		"HEAD http://goku:9090/path/to/success\n\n# a remark\nDELETE http://goku:9090/path/to/remove\n"
		"Confirmation-Token: 90215\nX-Account-ID: 8675309\nX-Account-ID: 2\n\nPOST http://goku:9090/things\n@%s\n"
		"PATCH http://goku:9090/thing/71988591\n@/nowhere\n",
		body);
	struct imported imported = import_text("vegeta", &(struct import_options){.with_secrets = true}, text);
	const struct plan_request *requests = imported.plan->requests;

	unlink(body);
	assert_int_equal(imported.plan->target.url.port, 9090);
	assert_int_equal(imported.plan->requests_n, 5);
	assert_string_equal(header_of(&requests[1], "Authorization"), "Basic dXNlcjpwYXNzd29yZA==");
	assert_string_equal(requests[2].method, "HEAD");
	assert_string_equal(header_of(&requests[3], "X-Account-ID"), "8675309, 2");
	assert_string_equal(requests[4].body, "{\"a\": \"$${x}\"}");
	assert_true(notes_say(&imported, "given:13: this target is left out: its body: cannot read '/nowhere'"));
	imported_free(&imported);
}

static void
test_targets_of_vegeta_are_read_in_its_format_json(void **state)
{
	struct imported imported = import_text("vegeta", NULL,
		"{\"method\": \"POST\", \"url\": \"http://goku:9090/a\", \"body\": \"aGkhCg==\", \"header\": {\"X-A\": [\"b\", \"c\"]}}\n"
		"{\"method\": \"GET\", \"url\": \"http://goku:9090/b\"}\n{\"method\": \"GET\"}\n{\n"
		"{\"method\": \"POST\", \"url\": \"http://goku:9090/c\", \"body\": \"?\"}\n");

	(void)state;
	assert_int_equal(imported.plan->requests_n, 2);
	assert_string_equal(imported.plan->requests[0].body, "hi!\n");
	assert_string_equal(header_of(&imported.plan->requests[0], "X-A"), "b, c");
	assert_true(notes_say(&imported, "given:3: this target is left out: it has no method, or no url"));
	assert_true(notes_say(&imported, "given:4: this line is left out"));
	assert_true(notes_say(&imported, "given:5: this target is left out: its body is not in Base64"));
	imported_free(&imported);
}

static const char access_log[] =
	"10.0.0.1 - - [31/Dec/2023:23:59:58 +0100] \"GET /a?x=1 HTTP/1.1\" 200 612 \"-\" \"curl/7\"\n"
	"10.0.0.1 - bob [31/Dec/2023:23:59:59 +0100] \"GET /b\\\"c\\x22 HTTP/1.1\" 200 612\n"
	"10.0.0.2 - - [31/Dec/2023:23:59:59 +0100] \"GET /a?x=1 HTTP/2.0\" 200 612 \"-\" \"a [b] \\\"c\\\"\"\n"
	"::1 - - [31/Dec/2023:22:59:59 +0000] \"GET /style.css HTTP/1.1\" 200 612 \"-\" \"-\"\n"
	"10.0.0.1 - - [29/Feb/2024:00:00:01 +0000] \"POST /d HTTP/1.1\" 200 612 \"-\" \"curl/7\"\n"
	"10.0.0.1 - - [29/Feb/2024:00:00:01 +0000] \"\\x16\\x03\\x01\" 400 612 \"-\" \"-\"\n"
	"10.0.0.1 - - [29/Feb/2024:00:00:01 +0000] \"-\" 408 0 \"-\" \"-\"\n"
	"junk\n";

static void
test_an_access_log_is_requests_by_how_often(void **state)
{
	const struct import_options options = {.url = "http://127.0.0.1:8080", .modes = IMPORT_NO_ASSETS};
	struct imported imported = import_text("access-log", &options, access_log);

	(void)state;
	assert_int_equal(imported.plan->requests_n, 2);
	assert_string_equal(imported.plan->target.url.host, "127.0.0.1");
	assert_string_equal(imported.plan->requests[0].path, "/a?x=1");
	assert_true(imported.plan->requests[0].weight == 2);
	assert_string_equal(imported.plan->requests[1].path, "/b\"c\"");
	assert_true(notes_say(&imported, "given:4: left out as --no-assets says"));
	assert_true(notes_say(&imported, "given:5: POST is left out"));
	assert_true(notes_say(&imported, "given:6: left out: what was asked is no request of HTTP (and 1 more)"));
	assert_true(notes_say(&imported, "given:8: this line is left out"));
	assert_true(notes_say(&imported, "2 requests taken over, 5 things left out"));
	imported_free(&imported);
}

/* Between the first and the second line lies a second; the three of that second are spread over it. */
static void
test_a_trace_has_the_logs_times(void **state)
{
	char folder[] = "/tmp/brunt-import-XXXXXX", out[64];
	struct import_options options = {
		.url = "http://127.0.0.1:8080", .modes = IMPORT_AS_TRACE | IMPORT_WRITES, .out = out};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(out, sizeof(out), "%s/p.yaml", folder);
	struct imported imported = import_text("access-log", &options, access_log);
	const char *arrivals = imported.import.files[0].bytes;

	assert_string_equal(strchr(arrivals, '\n') + 1,
		"0.000000 a-x-1\n1.000000 b-c\n1.333333 a-x-1\n1.666667 style.css\n5101203.000000 post-d\n");
	assert_true(file_remove_tree(folder));
	imported_free(&imported);
	options.out = NULL;
	imported = import_text("access-log", &options, access_log);
	assert_null(imported.plan);
	assert_non_null(strstr(imported.err.message, "a trace goes into a file beside the profile"));
	imported_free(&imported);
}

static void
test_of_a_log_of_several_servers_one_is_chosen(void **state)
{
	static const char text[] =
		"a.example:80 10.0.0.1 - - [22/Nov/2026:20:32:00 +0000] \"GET /a HTTP/1.1\" 200 612 \"-\" \"-\"\n"
		"b.example:443 10.0.0.1 - - [22/Nov/2026:20:32:00 +0000] \"GET /b HTTP/1.1\" 200 612 \"-\" \"-\"\n";
	struct import_options options = {.url = "http://127.0.0.1:8080"};
	struct imported imported = import_text("access-log", &options, text);

	(void)state;
	assert_null(imported.plan);
	assert_non_null(strstr(imported.err.message, "choose one with --host"));
	imported_free(&imported);
	options.host = "b.example";
	imported = import_text("access-log", &options, text);
	assert_string_equal(imported.plan->requests[0].path, "/b");
	imported_free(&imported);
}

static void
test_the_most_frequent_are_taken_and_the_rest_is_counted(void **state)
{
	struct imported imported = import_text("urls", &(struct import_options){.most = 2},
		"http://h/1\nhttp://h/2\nhttp://h/3\nhttp://h/3\nhttp://h/2\nhttp://h/4\n");

	(void)state;
	assert_int_equal(imported.plan->requests_n, 2);
	assert_string_equal(imported.plan->requests[0].path, "/2");
	assert_string_equal(imported.plan->requests[1].path, "/3");
	assert_true(notes_say(&imported, "2 requests, 2 different ones, are left out"));
	imported_free(&imported);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_a_url_or_a_method_and_a_url_in_either_order),
		cmocka_unit_test(test_targets_of_vegeta_are_read_in_its_format_http),
		cmocka_unit_test(test_targets_of_vegeta_are_read_in_its_format_json),
		cmocka_unit_test(test_an_access_log_is_requests_by_how_often),
		cmocka_unit_test(test_a_trace_has_the_logs_times),
		cmocka_unit_test(test_of_a_log_of_several_servers_one_is_chosen),
		cmocka_unit_test(test_the_most_frequent_are_taken_and_the_rest_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
