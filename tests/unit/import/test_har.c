#include "unit/import/importing.h"

#include <stdio.h>

#include "base/check.h"
#include "base/file.h"

/* Entries with single quotes for double ones. */
#define ENTRY(at, took, method, url, headers, rest)                                                                    \
	"{'startedDateTime': '2026-11-22T20:32:" at "Z', 'time': " took ", 'request': {'method': '" method             \
	"', 'url': '" url "', 'headers': [" headers "]" rest "}"

static const char recorded[] = "{'log': {'version': '1.2', 'pages': [{'title': 'Shop & more'}], 'entries': [" ENTRY(
	"00.000", "200", "GET", "https://h/",
	"{'name': ':authority', 'value': 'h'}, {'name': 'Cookie', 'value': 'old=1'}, {'name': 'Host', 'value': 'h'}",
	"}, 'response': {'status': 200, 'headers': [{'name': 'set-cookie', 'value': 'sid=7; Path=/'}], 'content': {'mimeType': 'text/html'}}") "," ENTRY("01.200",
	"50.5", "GET", "https://h/x.css", "",
	"}, '_resourceType': 'stylesheet', 'response': {'status': 200}") "," ENTRY("03.250", "10", "POST",
	"https://h/login?a=${b}",
	"{'name': 'cookie', 'value': 'old=1; sid=7'}, {'name': 'content-length', 'value': '7'}",
	", 'postData': {'mimeType': 'application/x-www-form-urlencoded', 'text': 'u=a&p=${c}'}}, 'response': {'status': 302}") "," ENTRY("04.000",
	"10", "POST", "https://h/form", "",
	", 'postData': {'mimeType': 'application/x-www-form-urlencoded', 'params': [{'name': 'a b', 'value': 'c&d'}, {'name': 'e'}]}}, 'response': {'status': 200}") "," ENTRY("05.000",
	"10", "POST", "https://h/up", "",
	", 'postData': {'mimeType': 'multipart/form-data', 'params': [{'name': 'f', 'fileName': 'x.png'}]}}, 'response': {'status': 200}") "," ENTRY("05.000",
	"10", "GET", "https://h/gone", "", "}, 'response': {'status': 0}") "," ENTRY("05.000", "10", "GET",
	"https://h/kept", "", "}, '_fromCache': 'disk', 'response': {'status': 200}") "," ENTRY("05.000", "10", "GET",
	"data:image/png;base64,AAAA", "", "}, 'response': {'status': 200}") "," ENTRY("05.000", "10", "GET",
	"https://cdn/a.js", "", "}, 'response': {'status': 200}") "]}}";

static struct imported
import_har(const struct import_options *options, const char *quoted)
{
	char *text = must_strdup(quoted);

	for (char *p = text; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	struct import_options here = *options;

	here.url = "http://127.0.0.1:8080"; /* whatever the scheme was */
	struct imported imported = import_text("har", &here, text);

	free(text);
	return imported;
}

static void
test_a_recording_is_requests_with_what_the_browser_sent(void **state)
{
	struct imported imported =
		import_har(&(struct import_options){.host = "h", .modes = IMPORT_NO_ASSETS}, recorded);
	const struct plan_request *requests = imported.plan->requests;

	(void)state;
	assert_string_equal(imported.plan->name, "shop-more");
	assert_int_equal(imported.plan->requests_n, 3);
	assert_string_equal(header_of(&requests[0], "Cookie"), "old=1");
	assert_int_equal(requests[0].headers.n, 1);
	assert_string_equal(requests[1].path, "/login?a=$${b}");
	assert_string_equal(requests[1].body, "u=a&p=$${c}");
	assert_string_equal(header_of(&requests[1], "cookie"), "old=1; sid=7");
	assert_string_equal(header_of(&requests[1], "Content-Type"), "application/x-www-form-urlencoded");
	assert_string_equal(requests[2].body, "a+b=c%26d&e=");
	assert_null(strstr(imported.import.profile.bytes, "sid=7"));
	assert_true(notes_say(&imported, "given, entry 2: left out: as --no-assets says"));
	assert_true(notes_say(&imported, "given, entry 5: left out: it sends a file"));
	assert_true(notes_say(&imported, "given, entry 6: left out: it was never answered"));
	assert_true(notes_say(&imported, "given, entry 7: left out: it came from the browser's cache"));
	assert_true(notes_say(&imported, "given, entry 8: 'data:image/png;base64,AAAA' is left out"));
	assert_true(notes_say(&imported, "1 requests to other hosts are left out"));
	imported_free(&imported);
}

/* As npm's chrome-har writes what DevTools tell: most fields twice, and JSON taken to pieces. */
static void
test_what_is_said_twice_is_sent_once_and_json_is_put_together(void **state)
{
	static const char twice[] = "{'log': {'version': '1.2', 'entries': [" ENTRY("00.000", "10", "POST",
		"https://h/basket",
		"{'name': 'X-Page', 'value': 'a, b'}, {'name': 'Accept', 'value': 'x'}, {'name': 'x-page', 'value': 'a, b'}, {'name': 'Accept', 'value': 'y'}",
		", 'postData': {'mimeType': 'application/json; charset=utf-8', 'params': [{'name': 'id', 'value': 17}, {'name': 'of', "
		"'value': {'a': [true, null]}}, {'name': '${q}', 'value': 'ü'}]}}, 'response': {'status': 200}") "]}}";
	struct imported imported = import_har(&(struct import_options){.host = "h"}, twice);
	const struct plan_request *requests = imported.plan->requests;

	(void)state;
	assert_string_equal(header_of(&requests[0], "X-Page"), "a, b");
	assert_string_equal(header_of(&requests[0], "Accept"), "x, y");
	assert_string_equal(requests[0].body, "{\"id\":17,\"of\":{\"a\":[true,null]},\"$${q}\":\"ü\"}");
	imported_free(&imported);
}

/* A pause is from one answer's end to the next request; a cookie that the server set is kept by the session. */
static void
test_a_flow_has_the_pauses_and_the_cookies_of_the_recording(void **state)
{
	struct imported imported = import_har(&(struct import_options){.host = "h", .modes = IMPORT_AS_FLOW}, recorded);
	const char *profile = imported.import.profile.bytes;

	(void)state;
	assert_int_equal(imported.plan->requests_n, 4);
	assert_non_null(strstr(profile, "session: {cookies: true}"));
	assert_non_null(strstr(profile, "get: /\n    think: 1000ms\n"));
	assert_non_null(strstr(profile, "think: 1999ms\n"));
	assert_null(header_of(&imported.plan->requests[2], "cookie"));
	assert_true(
		notes_say(&imported, "given, entry 1: the cookie 'old' is from before the recording, and left out"));
	assert_false(notes_say(&imported, "'sid'"));
	imported_free(&imported);
}

static void
test_a_recording_is_a_trace_with_its_times(void **state)
{
	char folder[] = "/tmp/brunt-import-XXXXXX", out[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(out, sizeof(out), "%s/p.yaml", folder);
	struct imported imported =
		import_har(&(struct import_options){.host = "h", .modes = IMPORT_AS_TRACE, .out = out}, recorded);

	assert_string_equal(strchr(imported.import.files[0].bytes, '\n') + 1,
		"0.000000 root\n1.200000 x.css\n3.250000 post-login-a\n4.000000 post-form\n");
	assert_true(file_remove_tree(folder));
	imported_free(&imported);
}

static void
test_what_is_no_recording_gets_its_sentence(void **state)
{
	static const char *const rows[][2] = {{"", "line 1: this is no JSON value"},
		{"{\n\n]", "line 3: a name in quotes is missing"}, {"[]", "an object is wanted"},
		{"{}", "it has no log.entries"}, {"{'log': {'entries': 1}}", "it has no log.entries"},
		{"{'log': {'entries': [1, {}, {'request': []}]}}", "no request in it that could be taken over"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imported imported = import_har(&(struct import_options){0}, rows[i][0]);

		assert_null(imported.plan);
		if (strstr(imported.err.message, rows[i][1]) == NULL)
			fail_msg("'%s' does not say '%s'", imported.err.message, rows[i][1]);
		imported_free(&imported);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recording_is_requests_with_what_the_browser_sent),
		cmocka_unit_test(test_what_is_said_twice_is_sent_once_and_json_is_put_together),
		cmocka_unit_test(test_a_flow_has_the_pauses_and_the_cookies_of_the_recording),
		cmocka_unit_test(test_a_recording_is_a_trace_with_its_times),
		cmocka_unit_test(test_what_is_no_recording_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
