#include "unit/import/importing.h"

#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

/* One command line, and what curl would send. */
struct row {
	const char *command, *method, *path, *header, *value, *body;
};

static void
check_row(const struct row *row)
{
	struct imported imported = import_text("curl", &(struct import_options){.with_secrets = true}, row->command);

	if (imported.plan == NULL)
		fail_msg("%s: %s", row->command, imported.err.message);
	const struct plan_request *request = &imported.plan->requests[0];

	assert_int_equal(imported.plan->requests_n, 1);
	assert_string_equal(request->method, row->method);
	assert_string_equal(request->path, row->path);
	if (row->header != NULL) {
		const char *value = header_of(request, row->header);

		assert_non_null(value);
		assert_string_equal(value, row->value);
	}
	assert_int_equal(request->body != NULL, row->body != NULL);
	if (row->body != NULL)
		assert_string_equal(request->body, row->body);
	imported_free(&imported);
}

static void
test_a_command_is_what_curl_would_send(void **state)
{
	static const struct row rows[] = {
		{"curl http://h/", "GET", "/", NULL, NULL, NULL},
		{"curl h", "GET", "/", NULL, NULL, NULL},
		{"curl -I http://h/a", "HEAD", "/a", NULL, NULL, NULL},
		{"curl http://h/a#part", "GET", "/a", NULL, NULL, NULL},
		{"curl 'http://h?q=1'", "GET", "/?q=1", NULL, NULL, NULL},
		{"curl http://h/a -d x=1 -d y=2", "POST", "/a", "Content-Type", "application/x-www-form-urlencoded",
			"x=1&y=2"},
		{"curl http://h/a -dx -H'content-type: text/plain'", "POST", "/a", "Content-Type", "text/plain", "x"},
		{"curl -XDELETE http://h/a", "DELETE", "/a", NULL, NULL, NULL},
		{"curl -sSX PATCH --data-raw '@a' http://h/a", "PATCH", "/a", NULL, NULL, "@a"},
		{"curl -G -d a=b -d c http://h/a", "GET", "/a?a=b&c", NULL, NULL, NULL},
		{"curl -G -d a=b 'http://h/a?z'", "GET", "/a?z&a=b", NULL, NULL, NULL},
		{"curl --data-urlencode 'q=a b&c' http://h/", "POST", "/", NULL, NULL, "q=a+b%26c"},
		{"curl --data-urlencode =é http://h/", "POST", "/", NULL, NULL, "%C3%A9"},
		{"curl --json '{\"a\": 1}' http://h/", "POST", "/", "Accept", "application/json", "{\"a\": 1}"},
		{"curl -u me:pass http://h/", "GET", "/", "Authorization", "Basic bWU6cGFzcw==", NULL},
		{"curl http://me:p%40ss@h/", "GET", "/", "Authorization", "Basic bWU6cEBzcw==", NULL},
		{"curl -b a=1 -b 'b=2; c=3' http://h/", "GET", "/", "Cookie", "a=1; b=2; c=3", NULL},
		{"curl -A x/1 -e 'http://r;auto' http://h/", "GET", "/", "Referer", "http://r", NULL},
		{"curl -H 'X-Empty;' http://h/", "GET", "/", "X-Empty", "", NULL},
		{"curl -H 'X: 1' -H 'X: 2' http://h/", "GET", "/", "X", "1, 2", NULL},
		{"curl --url-query 'a=b c' http://h/a", "GET", "/a?a=b+c", NULL, NULL, NULL},
		{"curl -r 0-99 http://h/", "GET", "/", "Range", "bytes=0-99", NULL},
		{"curl -g 'http://h/{a}'", "GET", "/{a}", NULL, NULL, NULL},
		{"curl --no-buffer --no-silent 'http://h/a b'", "GET", "/a%20b", NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void
test_words_are_those_of_a_shell(void **state)
{
	static const struct row rows[] = {
		{"curl \\\n  -d 'a'\\''b' \\\r\n http://h/", "POST", "/", NULL, NULL, "a'b"},
		{"curl -d \"a\\\"b\\$c\\d\" http://h/", "POST", "/", NULL, NULL, "a\"b$c\\d"},
		{"curl -d $'a\\n\\t\\x41\\u00e9\\'\\\\\\101' http://h/", "POST", "/", NULL, NULL, "a\n\tA\xc3\xa9'\\A"},
		{"# a remark\n\n$ curl -d a\\ b http://h/ # more\n", "POST", "/", NULL, NULL, "a b"},
		{"/usr/bin/curl http://h/ -d 'a;b|c&d' 2>/dev/null | jq .", "POST", "/", NULL, NULL, "a;b|c&d"},
		{"(curl http://h/a)", "GET", "/a", NULL, NULL, NULL},
		{"curl -d $ http://h/", "POST", "/", NULL, NULL, "$"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void
test_a_dollar_and_a_brace_stay_what_they_are(void **state)
{
	static const struct row rows[] = {
		{"curl -g 'http://h/${seq}' -d 'a${uuid}b$${c}' -H 'X: ${env:HOME}'", "POST", "/$${seq}", "X",
			"$${env:HOME}", "a$${uuid}b$$${c}"},
	};

	(void)state;
	check_row(&rows[0]);
}

static void
test_a_variable_is_a_reference_to_the_environment(void **state)
{
	struct imported imported;

	(void)state;
	assert_int_equal(setenv("SERVER", "http://h:81", 1), 0);
	assert_int_equal(setenv("TOKEN", "t", 1), 0);
	imported = import_text("curl", NULL, "curl -H \"Authorization: Bearer $TOKEN\" -d \"a=${TOKEN}\" $SERVER/a");
	assert_non_null(imported.plan);
	assert_string_equal(imported.plan->target.url.host, "h");
	assert_string_equal(header_of(&imported.plan->requests[0], "Authorization"), "Bearer t");
	assert_string_equal(imported.plan->requests[0].body, "a=t");
	assert_int_equal(imported.import.draft->secrets.n, 0);
	imported_free(&imported);
}

static void
test_secrets_go_into_the_environment_unless_they_are_wanted(void **state)
{
	static const char command[] =
		"curl -H 'Authorization: Bearer sesame' -H 'X-Api-Key: open' 'http://h/?access_token=up&a=b'";
	static const char *const secrets[] = {"sesame", "open", "=up"};
	struct imported imported = import_text("curl", NULL, command);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		assert_null(strstr(imported.import.profile.bytes, secrets[i]));
		assert_null(strstr(imported.import.notes.bytes, secrets[i]));
	}
	assert_string_equal(header_of(&imported.plan->requests[0], "Authorization"), "Bearer sesame");
	assert_string_equal(imported.plan->requests[0].path, "/?access_token=up&a=b");
	assert_true(notes_say(&imported, "set AUTHORIZATION before it runs: the header Authorization of 1 request"));
	imported_free(&imported);
	imported = import_text("curl", &(struct import_options){.with_secrets = true}, command);
	assert_non_null(strstr(imported.import.profile.bytes, "Bearer sesame"));
	imported_free(&imported);
}

static void
test_what_cannot_be_taken_over_is_said_with_its_line(void **state)
{
	static const char *const rows[][2] = {
		{"curl -F a=b http://h/x", "given:2: this command is left out: -F sends multipart/form-data"},
		{"curl -L http://h/x", "given:2: --location is not taken over"},
		{"curl -d @- http://h/x", "given:2: this command is left out: its body comes from stdin"},
		{"curl -d @/nowhere http://h/x", "given:2: this command is left out: its body: cannot read '/nowhere'"},
		{"curl 'http://h/{a,b}'", "given:2: 'http://h/{a,b}' is left out: a pattern"},
		{"curl --bogus http://h/x", "nobody here knows its option '--bogus'"},
		{"curl -H \"A: $(cat x)\" http://h/x", "given:2: this command is left out: it runs another command"},
		{"curl 'http://h/x", "given:2: this command is left out: a quote ' is not closed"},
		{"curl ^\"http://h/x^\"", "given:2: this command is left out: it is written for cmd.exe"},
		{"curl -H 'A:", "given:2: this command is left out"},
		{"curl -H", "-H wants a value"},
		{"curl -d a < b http://h/x", "it reads its input"},
		{"curl ftp://h/x", "'ftp://h/x' is left out: it is no URL of http or https"},
		{"curl -X 'G T' http://h/x", "'G T' is no method"},
		{"curl -b jar http://h/x", "cookies out of a file"},
		{"wget http://h/x", "given:2: 'wget' is no command of curl"},
		{"curl -s", "there is no URL in it"},
		{"curl -r $'1\\n2' http://h/x", "the header 'Range' is left out: its value holds a line end"},
		{"curl -A $'\\xff' http://h/x", "the header 'User-Agent' is left out: its value is no UTF-8"},
		{"curl http://a_b!/x", "is left out: url: 'a_b!' is not a host name"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[200];

		snprintf(text, sizeof(text), "curl http://h/good\n%s", rows[i][0]);
		struct imported imported = import_text("curl", NULL, text);

		if (!notes_say(&imported, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], imported.import.notes.bytes);
		imported_free(&imported);
	}
}

static void
test_several_servers_are_refused_and_one_of_them_is_chosen(void **state)
{
	static const char text[] = "curl http://a/1\ncurl http://B:80/2 http://a:81/3 ; curl http://b/4";
	struct imported imported = import_text("curl", NULL, text);

	(void)state;
	assert_null(imported.plan);
	assert_non_null(
		strstr(imported.err.message, "1 to http://a, 2 to http://b, 1 to http://a:81; choose one with --host"));
	imported_free(&imported);
	imported = import_text("curl", &(struct import_options){.host = "b"}, text);
	assert_int_equal(imported.plan->requests_n, 2);
	assert_true(notes_say(&imported, "2 requests to other hosts are left out"));
	imported_free(&imported);
	imported = import_text("curl", &(struct import_options){.host = "c"}, text);
	assert_null(imported.plan);
	imported_free(&imported);
	imported = import_text("curl", &(struct import_options){.host = "b", .url = "http://127.0.0.1:8080"}, text);
	assert_string_equal(imported.plan->target.url.host, "127.0.0.1");
	imported_free(&imported);
}

static void
test_an_unverified_server_is_so_in_the_profile(void **state)
{
	struct imported imported = import_text("curl", NULL, "curl -k https://h/a");

	(void)state;
	assert_non_null(strstr(imported.import.profile.bytes, "\n  tls: {verify: false}\n"));
	assert_int_equal(imported.plan->target.url.port, 443);
	imported_free(&imported);
	imported = import_text("curl", NULL, "curl -k http://h/a");
	assert_null(strstr(imported.import.profile.bytes, "tls"));
	imported_free(&imported);
}

static void
test_the_same_request_is_one_with_more_weight(void **state)
{
	struct imported imported = import_text("curl", NULL,
		"curl http://h/a\ncurl http://h/b\ncurl http://h/b\ncurl http://h/b -H 'X: 1'\ncurl http://h/b -d ''");

	(void)state;
	assert_int_equal(imported.plan->requests_n, 4);
	assert_string_equal(imported.plan->requests[0].name, "b");
	assert_true(imported.plan->requests[0].weight == 2);
	assert_string_equal(imported.plan->requests[2].name, "b-2");
	assert_string_equal(imported.plan->requests[3].body, "");
	imported_free(&imported);
}

static void
test_a_flow_keeps_every_step_in_its_order(void **state)
{
	struct imported imported = import_text("curl", &(struct import_options){.modes = IMPORT_AS_FLOW},
		"curl http://h/b\ncurl http://h/a\ncurl http://h/b");

	(void)state;
	assert_int_equal(imported.plan->requests_n, 3);
	assert_non_null(imported.plan->scenarios[0].flow);
	assert_string_equal(imported.plan->requests[1].path, "/a");
	assert_string_equal(imported.plan->requests[2].path, "/b");
	imported_free(&imported);
}

static void
test_a_body_that_is_no_text_lies_beside_the_profile(void **state)
{
	char folder[] = "/tmp/brunt-import-XXXXXX", out[64], command[128];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(out, sizeof(out), "%s/body", folder);
	file = fopen(out, "w");
	assert_non_null(file);
	assert_int_equal(fwrite("\x00${x}\xff\n", 1, 7, file), 7);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "curl --data-binary @%s http://h/", out);
	struct imported imported = import_text("curl", NULL, command);

	assert_null(imported.plan);
	assert_non_null(strstr(imported.err.message, "--out FILE"));
	imported_free(&imported);
	snprintf(out, sizeof(out), "%s/p.yaml", folder);
	imported = import_text("curl", &(struct import_options){.out = out}, command);
	assert_int_equal(imported.plan->requests[0].body_length, 7);
	assert_memory_equal(imported.plan->requests[0].body, "\x00${x}\xff\n", 7);
	imported_free(&imported);
	assert_true(file_remove_tree(folder));
}

static void
test_what_is_none_at_all_gets_its_sentence(void **state)
{
	static const char *const rows[][2] = {{"", "there is no command of curl in it"},
		{"echo a", "there is no command of curl in it"},
		{"curl -F a=b http://h/", "there is no request in it that could be taken over"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imported imported = import_text("curl", NULL, rows[i][0]);

		assert_null(imported.plan);
		assert_non_null(strstr(imported.err.message, rows[i][1]));
		imported_free(&imported);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_command_is_what_curl_would_send),
		cmocka_unit_test(test_words_are_those_of_a_shell),
		cmocka_unit_test(test_a_dollar_and_a_brace_stay_what_they_are),
		cmocka_unit_test(test_a_variable_is_a_reference_to_the_environment),
		cmocka_unit_test(test_secrets_go_into_the_environment_unless_they_are_wanted),
		cmocka_unit_test(test_what_cannot_be_taken_over_is_said_with_its_line),
		cmocka_unit_test(test_several_servers_are_refused_and_one_of_them_is_chosen),
		cmocka_unit_test(test_an_unverified_server_is_so_in_the_profile),
		cmocka_unit_test(test_the_same_request_is_one_with_more_weight),
		cmocka_unit_test(test_a_flow_keeps_every_step_in_its_order),
		cmocka_unit_test(test_a_body_that_is_no_text_lies_beside_the_profile),
		cmocka_unit_test(test_what_is_none_at_all_gets_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
