#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "daemon/audit.h"
#include "daemon/audit_text.h"

#define AT (INT64_C(1790000000) * NS_PER_S + 7 * NS_PER_MS)

struct log {
	char dir[64], path[96];
	struct audit *audit;
};

static void
begin(struct log *l)
{
	struct error err = {0};

	snprintf(l->dir, sizeof(l->dir), "/tmp/brunt-audit-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	snprintf(l->path, sizeof(l->path), "%s/audit.ndjson", l->dir);
	l->audit = audit_open(l->path, &err);
	if (l->audit == NULL)
		fail_msg("%s", err.message);
}

static void
end(struct log *l)
{
	audit_close(l->audit);
	file_remove_tree(l->dir);
}

static char *
text_of(const char *path)
{
	struct error err = {0};
	char *text = file_read(path, (size_t)16 << 20, NULL, &err);

	assert_non_null(text);
	return text;
}

static cJSON *
last_line(const struct log *l)
{
	char *text = text_of(l->path);
	size_t length = strlen(text);

	assert_int_equal(text[length - 1], '\n');
	text[length - 1] = '\0';
	char *line = strrchr(text, '\n') != NULL ? strrchr(text, '\n') + 1 : text;
	cJSON *json = cJSON_Parse(line);

	if (json == NULL)
		fail_msg("no JSON: %s", line);
	assert_true(strlen(line) < AUDIT_LINE_MAX);
	free(text);
	return json;
}

static const char *
field(const cJSON *line, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(line, name));
}

static void
test_a_line_says_who_did_what_from_where_and_what_came_of_it(void **state)
{
	const struct audit_entry entry = {.who = "alice",
		.role = "admin",
		.from = "127.0.0.1:51234",
		.action = "run.stop",
		.what = "20261122T015500Z-0a1b2c",
		.outcome = "ok"};
	struct log l;
	struct stat status;

	(void)state;
	begin(&l);
	assert_true(audit_write(l.audit, &entry, AT));
	assert_true(audit_sync(l.audit));
	char *text = text_of(l.path);

	assert_string_equal(text,
		"{\"at\":\"2026-09-21T14:13:20.007Z\",\"who\":\"alice\",\"role\":\"admin\",\"from\":\"127.0.0.1:51234\","
		"\"action\":\"run.stop\",\"what\":\"20261122T015500Z-0a1b2c\",\"outcome\":\"ok\"}\n");
	free(text);
	assert_int_equal(stat(l.path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	end(&l);
}

static void
test_nothing_that_others_said_leaves_its_place(void **state)
{
	static const struct {
		const char *said, *written;
	} cases[] = {
		{"a\"b\\c", "a\\\"b\\\\c"},
		{"\",\"who\":\"root", "\\\",\\\"who\\\":\\\"root"},
		{"line\nline\r\x1b[31mred\x7f", "line\\u000aline\\u000d\\u001b[31mred\\u007f"},
		{"\xc2\x9b"
		 "31m",
			"\\u009b31m"}, /* C1: CSI */
		{"\xe2\x80\xae"
		 "gnp.exe",
			"\\u202egnp.exe"}, /* turns what follows around */
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xff\xc3(", "\\ufffd\\ufffd("},
		{"\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80",
			"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"},
		{"\xe2\x82", "\\ufffd\\ufffd"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text;

		buf_init(&text, 1024);
		audit_text_add(&text, cases[i].said, 512);
		assert_string_equal(text.bytes, cases[i].written);
		buf_fini(&text);
	}
}

static void
test_texts_without_end_are_cut_and_the_line_stays_one(void **state)
{
	static char much[20000];
	struct log l;

	(void)state;
	begin(&l);
	memset(much, '\x01', sizeof(much) - 1); /* six bytes each */
	const struct audit_entry entry = {much, much, much, much, much, much, much, false};

	assert_true(audit_write(l.audit, &entry, AT));
	cJSON *line = last_line(&l);

	assert_non_null(strstr(field(line, "detail"), "\xe2\x80\xa6"));
	assert_true(strlen(field(line, "detail")) > 300);
	cJSON_Delete(line);
	end(&l);
}

static void
test_refusals_cannot_fill_the_disk(void **state)
{
	const struct audit_entry refused = {.action = "refused", .outcome = "wrong_token", .is_light = true};
	const struct audit_entry done = {.action = "run.submit", .outcome = "ok"};
	struct log l;
	size_t lines = 0;

	(void)state;
	begin(&l);
	for (int i = 0; i < 10000; i++)
		assert_true(audit_write(l.audit, &refused, AT));
	char *text = text_of(l.path);

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	free(text);
	assert_int_equal(lines, AUDIT_LIGHT_AT_ONCE);
	assert_int_equal(audit_suppressed(l.audit), 10000 - AUDIT_LIGHT_AT_ONCE);
	assert_true(audit_write(l.audit, &done, AT)); /* what changes something is always written */
	cJSON *line = last_line(&l);

	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(line, "suppressed")), 10000 - AUDIT_LIGHT_AT_ONCE);
	cJSON_Delete(line);
	for (int i = 0; i < 100; i++)
		assert_true(audit_write(l.audit, &refused, AT + NS_PER_S));
	assert_int_equal(audit_suppressed(l.audit), 10000 - AUDIT_LIGHT_AT_ONCE + 100 - AUDIT_LIGHT_PER_S);
	end(&l);
}

static void
test_after_a_rotation_it_goes_on_in_a_new_file(void **state)
{
	const struct audit_entry first = {.action = "first", .outcome = "ok"},
				 second = {.action = "second", .outcome = "ok"};
	char old[128];
	struct error err = {0};
	struct log l;

	(void)state;
	begin(&l);
	snprintf(old, sizeof(old), "%s.1", l.path);
	assert_true(audit_write(l.audit, &first, AT));
	assert_int_equal(rename(l.path, old), 0);
	assert_true(audit_write(l.audit, &first, AT)); /* nobody has said so yet */
	assert_true(audit_reopen(l.audit, &err));
	assert_true(audit_write(l.audit, &second, AT));
	char *before = text_of(old), *now = text_of(l.path);

	assert_null(strstr(before, "second"));
	assert_null(strstr(now, "first"));
	assert_non_null(strstr(now, "second"));
	free(before);
	free(now);
	/* Where the new one cannot be made, the old one stays. */
	unlink(l.path);
	assert_int_equal(mkdir(l.path, 0700), 0);
	assert_false(audit_reopen(l.audit, &err));
	assert_true(audit_write(l.audit, &second, AT));
	end(&l);
}

static void
test_a_torn_last_line_stands_alone(void **state)
{
	const struct audit_entry entry = {.action = "start", .outcome = "ok"};
	struct error err = {0};
	struct log l;

	(void)state;
	begin(&l);
	assert_true(audit_write(l.audit, &entry, AT));
	audit_close(l.audit);
	FILE *file = fopen(l.path, "a");

	fputs("{\"at\":\"2026-", file);
	fclose(file);
	l.audit = audit_open(l.path, &err);
	assert_true(audit_write(l.audit, &entry, AT));
	cJSON *line = last_line(&l);

	assert_string_equal(field(line, "action"), "start");
	cJSON_Delete(line);
	char *text = text_of(l.path);

	assert_string_equal(strchr(text, '\n') + 1 + strlen("{\"at\":\"2026-\n"), strrchr(text, '{'));
	free(text);
	end(&l);
}

/* As a full disk would: a file may not grow beyond this. */
static void
test_what_could_not_be_written_is_told_and_counted(void **state)
{
	const struct audit_entry entry = {.action = "run.submit", .outcome = "ok"};
	struct rlimit before, small;
	struct log l;

	(void)state;
	begin(&l);
	assert_true(audit_write(l.audit, &entry, AT));
	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){100, before.rlim_max}; /* in the middle of the second line */
	setrlimit(RLIMIT_FSIZE, &small);
	assert_false(audit_write(l.audit, &entry, AT));
	assert_false(audit_write(l.audit, &entry, AT));
	assert_int_equal(audit_lost(l.audit), 2);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(audit_write(l.audit, &entry, AT));
	cJSON *line = last_line(&l);

	assert_string_equal(field(line, "action"), "run.submit");
	cJSON_Delete(line);
	end(&l);
}

static void
test_what_is_no_file_is_no_log(void **state)
{
	struct error err = {0};

	(void)state;
	assert_null(audit_open("/dev/null", &err));
	assert_non_null(strstr(err.message, "it is no file"));
	err = (struct error){0};
	assert_null(audit_open("/nowhere/at/all", &err));
	assert_non_null(strstr(err.message, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_says_who_did_what_from_where_and_what_came_of_it),
		cmocka_unit_test(test_nothing_that_others_said_leaves_its_place),
		cmocka_unit_test(test_texts_without_end_are_cut_and_the_line_stays_one),
		cmocka_unit_test(test_refusals_cannot_fill_the_disk),
		cmocka_unit_test(test_after_a_rotation_it_goes_on_in_a_new_file),
		cmocka_unit_test(test_a_torn_last_line_stands_alone),
		cmocka_unit_test(test_what_could_not_be_written_is_told_and_counted),
		cmocka_unit_test(test_what_is_no_file_is_no_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
