#include "unit/request/feeding.h"

#define SEED 42

static struct feeding
of(enum plan_feed_format format, enum plan_feed_order order, const char *bytes)
{
	struct feeding f = {.feed = {.format = (int)format, .order = (int)order}};

	feeding_write(&f, bytes, strlen(bytes));
	return f;
}

/* What arrival k sends. */
static void
check_row(enum plan_feed_format format, const char *bytes, const char *head, const char *body, uint64_t k,
	const char *expected)
{
	struct feeding f = of(format, FEED_SEQUENTIAL, bytes);

	if (!feeding_open(&f, head, body))
		fail_msg("%s: %s", f.err.where, f.err.message);
	char *text = feeding_render(&f, &(struct render){.seed = SEED, .k = k});

	assert_string_equal(text, expected);
	free(text);
	feeding_close(&f);
}

/* The sentence, with the file's own name left out. */
static void
check_refused(enum plan_feed_format format, const char *bytes, size_t length, const char *head, const char *body,
	const char *place, const char *words)
{
	struct feeding f = {.feed = {.format = (int)format}};

	feeding_write(&f, bytes, length);
	assert_false(feeding_open(&f, head, body));
	const char *where = strncmp(f.err.where, f.path, strlen(f.path)) == 0 ? f.err.where + strlen(f.path) : "";

	if (strcmp(where, place) != 0 || strstr(f.err.message, words) == NULL)
		fail_msg("'%s' '%s' is not '%s' '%s'", f.err.where, f.err.message, place, words);
	feeding_close(&f);
}

static void
refused(enum plan_feed_format format, const char *bytes, const char *head, const char *body, const char *place,
	const char *words)
{
	check_refused(format, bytes, strlen(bytes), head, body, place, words);
}

static void
csv_refused(const char *bytes, const char *place, const char *words)
{
	check_refused(FEED_FORMAT_CSV, bytes, strlen(bytes), "/${f.a}", NULL, place, words);
}

static void
test_csv_is_read_by_rfc_4180(void **context)
{
	static const char text[] = "a,b,\"c d\"\r\n"
				   "1,two,three\r\n"
				   "\"x,\"\"y\"\"\",\"line\nbreak\",\r\n"
				   "\n"
				   "\"\",,last";

	(void)context;
	check_row(FEED_FORMAT_CSV, text, "", "${f.a}|${f.b}|${f.c d}", 0, "1|two|three");
	check_row(FEED_FORMAT_CSV, text, "", "${f.a}|${f.b}|${f.c d}", 1, "x,\"y\"|line\nbreak|");
	check_row(FEED_FORMAT_CSV, text, "", "${f.a}|${f.b}|${f.c d}", 2, "||last");
	check_row(FEED_FORMAT_CSV, text, "", "${f.a}|${f.b}|${f.c d}", 3, "1|two|three");
	check_row(FEED_FORMAT_CSV,
		"\xef\xbb\xbf"
		"a\nx\n",
		"", "${f.a}", 0, "x");
	check_row(FEED_FORMAT_CSV, "\xef\xbb\xbf\"a\"\nx", "", "${f.a}", 0, "x");
}

static void
test_csv_mistakes_have_their_place(void **context)
{
	(void)context;
	csv_refused("a,b\n1,2\n1\n", ":3:1", "this row has 1 field, the header row has 2");
	csv_refused("a,b\n1,2,3\n", ":2:1", "this row has 3 fields, the header row has 2");
	csv_refused("a,b,a\n1,2,3\n", ":1:5", "the column 'a' stands twice");
	csv_refused("a,,b\n", ":1:3", "without a name");
	csv_refused("a,b\n\"1,2\n3,4\n", ":2:1", "never closed");
	csv_refused("a,b\n1,\"x\"y\n", ":2:6", "follows the closing quote");
	csv_refused("a,b\nü1,x\"y\n", ":2:5", "a quote inside a field");
	csv_refused("a\n1\r2\n", ":2:2", "carriage return");
	csv_refused("", "", "no row in it: it is empty");
	csv_refused("a,b\r\n", "", "no row in it");
	csv_refused("a\n\xc3\xa4\xc3(\n", ":2:2", "not UTF-8 (byte 0xC3)");
	check_refused(FEED_FORMAT_CSV, "a\nx\0y\n", 6, "/${f.a}", NULL, ":2:2", "NUL");
	csv_refused("id,name\n1,2\n", "", "rows has no column 'a'; valid here: id, name");
	csv_refused("aa,name\n1,2\n", "", "rows has no column 'a'; did you mean 'aa'?");
}

static void
test_unknown_feeds_are_named(void **context)
{
	struct feeding f = of(FEED_FORMAT_LINES, FEED_SEQUENTIAL, "x\n");

	(void)context;
	assert_false(feeding_open(&f, "/${g.line}", NULL));
	assert_non_null(strstr(f.err.message, "'${g.line}': there is no 'g' under data"));
	feeding_close(&f);
}

static void
test_values_are_escaped_for_where_they_stand(void **context)
{
	static const char text[] = "a\n\"q\"\"uo te\nü%&+/\\\t\x01\"\n";

	(void)context;
	check_row(FEED_FORMAT_CSV, text, "GET /x?q=${f.a}&r=1 HTTP/1.1\r\n", NULL, 0,
		"GET /x?q=q%22uo%20te%0A%C3%BC%25%26%2B%2F%5C%09%01&r=1 HTTP/1.1\r\n");
	check_row(FEED_FORMAT_CSV, text, "\n", "{\"a\": \"<${f.a}>\"}", 0,
		"\n{\"a\": \"<q\\\"uo te\\nü%&+/\\\\\\t\\u0001>\"}");
	check_row(FEED_FORMAT_CSV, text, "\n", "<${f.a}>", 0, "\n<q\"uo te\nü%&+/\\\t\x01>");
	check_row(FEED_FORMAT_CSV, text, "Content-Type: application/x-www-form-urlencoded\r\n", "a=${f.a}", 0,
		"Content-Type: application/x-www-form-urlencoded\r\na=q%22uo%20te%0A%C3%BC%25%26%2B%2F%5C%09%01");
	check_row(FEED_FORMAT_CSV, "a\na/b?c=%20\n", "GET /${f.a|raw} ${f.a}", NULL, 0,
		"GET /a/b?c=%20 a%2Fb%3Fc%3D%2520");
}

static void
test_values_that_cannot_stand_there_are_refused(void **context)
{
	(void)context;
	refused(FEED_FORMAT_CSV, "a\nok\n\"x\ny\"\n", "GET / 1\r\nX: ${f.a}\r\n", NULL, ":3:1",
		"holds a line end or control character, which no header does");
	refused(FEED_FORMAT_CSV, "a\nok\n\"x\ny\"\n", "GET / 1\r\nX: ${f.a|raw}\r\n", NULL, ":3:1",
		"which no header does");
	refused(FEED_FORMAT_LINES, "ok\nx y\n", "GET /${f.line|raw}", NULL, ":2:1", "leave out |raw");
	refused(FEED_FORMAT_LINES, "1\n1x\n", "\n", "{\"n\": ${f.line}}", ":2:1", "is no JSON value");
	refused(FEED_FORMAT_JSONL, "{\"a\": {}}\n", "/${f.a}", NULL, ":1:1", "is no text");
	refused(FEED_FORMAT_JSONL, "{\"a\": null}\n", "/${f.a}", NULL, ":1:1", "is no text");
}

static void
test_jsonl_is_read_by_path(void **context)
{
	static const char text[] =
		"{\"a\": {\"b\": [10, \"zw\\u00f6lf\\n\"], \"c.d\": true}, \"t\": \"\\ud83d\\ude00\"}\r\n"
		"\n"
		"  {\"t\": \"\", \"a\" : {\"c.d\" :-1.5e3 ,\"b\": [\"\\/\", {\"x\": [1, \"}\"]}]}}";

	(void)context;
	check_row(FEED_FORMAT_JSONL, text, "", "${f.a.b.0} ${f.a.b.1|raw} ${f.a.c.d} ${f.t}", 0, "10 zwölf\n true 😀");
	check_row(FEED_FORMAT_JSONL, text, "", "${f.a.b.0|raw} ${f.a.b.1|raw} ${f.a.c.d} ${f.t}", 1,
		"/ {\"x\": [1, \"}\"]} -1.5e3 ");
	check_row(FEED_FORMAT_JSONL, text, "\n", "{\"v\": \"${f.a|json}\", \"t\": \"${f.t|json}\"}", 0,
		"\n{\"v\": {\"b\": [10, \"zw\\u00f6lf\\n\"], \"c.d\": true}, \"t\": \"😀\"}");
	check_row(FEED_FORMAT_JSONL, text, "\n", "[${f.a.b.1}]", 0, "\n[\"zwölf\\n\"]");
	check_row(
		FEED_FORMAT_CSV, "a\n\"[1,\"\"x\"\"]\"\n", "\n", "{\"a\": \"${f.a|json}\"}", 0, "\n{\"a\": [1,\"x\"]}");
}

static void
test_jsonl_mistakes_have_their_place(void **context)
{
	static const char later[] = "{\"a\": 1}\n{\"b\": 2}\n";

	(void)context;
	refused(FEED_FORMAT_JSONL, "{\"a\": 1}\n{\"a\": 01}\n", "/${f.a}", NULL, ":2:8", "");
	refused(FEED_FORMAT_JSONL, "[1]\n", "/${f.a}", NULL, ":1:1", "each line is an object");
	refused(FEED_FORMAT_JSONL, later, "/${f.a}", NULL, ":2:1", "this row has no 'a'");
	refused(FEED_FORMAT_JSONL, later, "/${f.aa}", NULL, "", "no column 'aa'; valid here: a");
	refused(FEED_FORMAT_JSONL, "\n \n", "/${f.a}", NULL, "", "no row");
	refused(FEED_FORMAT_JSONL, "{\"a\":\"\xff\"}", "/${f.a}", NULL, ":1:7", "UTF-8");
}

static void
test_conversations_become_prompts(void **context)
{
	static const char text[] =
		"[{\"id\": \"1\", \"conversations\": []},\n"
		" {\"conversations\": [{\"from\": \"system\", \"value\": \"be\"}, {\"from\": \"human\", \"value\": \"Hi \\\"you\\\"\"},"
		" {\"from\": \"gpt\", \"value\": \"Ho\"}, {\"from\": \"human\", \"value\": \"And?\"}, {\"from\": \"gpt\", \"value\": \"so\"}]},\n"
		" {\"messages\": [{\"role\": \"user\", \"content\": \"Q\"}, {\"role\": \"assistant\", \"content\": \"A\"}]}]";
	struct feeding f = of(FEED_FORMAT_SHAREGPT, FEED_SEQUENTIAL, text);

	(void)context;
	check_row(FEED_FORMAT_SHAREGPT, text, "", "${f.prompt}|${f.answer}|${f.turns}", 0, "Hi \"you\"|Ho|2");
	check_row(FEED_FORMAT_SHAREGPT, text, "", "${f.prompt}|${f.answer}|${f.turns}", 1, "Q|A|1");
	check_row(FEED_FORMAT_SHAREGPT, text, "\n", "{\"messages\": \"${f.messages|json}\"}", 0,
		"\n{\"messages\": [{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\"},"
		"{\"role\":\"assistant\",\"content\":\"Ho\"},{\"role\":\"user\",\"content\":\"And?\"}]}");
	assert_true(feeding_open(&f, "/", NULL));
	assert_int_equal(feed_rows(feeds_at(f.feeds, 0)), 2);
	assert_int_equal(feed_skipped(feeds_at(f.feeds, 0)), 1);
	feeding_close(&f);
	refused(FEED_FORMAT_SHAREGPT, "{\"a\": 1}", "/", NULL, ":1:1", "format: jsonl");
	refused(FEED_FORMAT_SHAREGPT, "[{\"conversations\": [{\"from\": \"x\", \"value\": \"\"}]}]", "/", NULL, ":1:21",
		"who says this?");
	refused(FEED_FORMAT_SHAREGPT, "[{\"conversations\": []}]", "/", NULL, "", "that could be used");
}

static void
test_lines_are_rows(void **context)
{
	(void)context;
	check_row(FEED_FORMAT_LINES, "one\r\n\r\ntwo, \"2\"", "", "${f.line}", 0, "one");
	check_row(FEED_FORMAT_LINES, "one\r\n\r\ntwo, \"2\"", "", "${f.line}", 1, "two, \"2\"");
	refused(FEED_FORMAT_LINES, "x\n", "/${f.text}", NULL, "", "no column 'text'; valid here: line");
}

/* One arrival has one row, whatever fills it in. */
static void
test_an_arrival_has_one_row(void **context)
{
	(void)context;
	for (int order = FEED_SEQUENTIAL; order <= FEED_SHUFFLE; order++) {
		struct feeding f = of(FEED_FORMAT_CSV, (enum plan_feed_order)order, "a,b\n1,1\n2,2\n3,3\n4,4\n5,5\n");

		assert_true(feeding_open(&f, "${f.a}", "${f.b}"));
		for (uint64_t k = 0; k < 100; k++) {
			char *text = feeding_render(&f, &(struct render){.seed = SEED, .k = k, .turn = k % 3});

			assert_int_equal(text[0], text[1]);
			if (order == FEED_SEQUENTIAL)
				assert_int_equal(text[0], '1' + k % 5);
			free(text);
		}
		feeding_close(&f);
	}
}

/* Each of n rows once in a round, for every n up to a few bits, and in another order each round. */
static void
test_shuffle_uses_each_row_once_per_round(void **context)
{
	struct feed *feed;
	unsigned char seen[300];

	(void)context;
	for (size_t n = 1; n <= sizeof(seen); n += n < 40 ? 1 : 37) {
		struct feeding f = {.feed = {.format = FEED_FORMAT_LINES, .order = FEED_SHUFFLE}};
		char lines[2 * sizeof(seen) + 1] = "";
		size_t same = 0;

		for (size_t i = 0; i < n; i++)
			snprintf(lines + 2 * i, sizeof(lines) - 2 * i, "x\n");
		feeding_write(&f, lines, strlen(lines));
		assert_true(feeding_open(&f, "/", NULL));
		feed = feeds_at(f.feeds, 0);
		for (uint64_t round = 0; round < 4; round++) {
			memset(seen, 0, sizeof(seen));
			for (uint64_t i = 0; i < n; i++) {
				seen[feed_row_of(feed, SEED, round * n + i)]++;
				same += feed_row_of(feed, SEED, round * n + i) == feed_row_of(feed, SEED, i);
			}
			for (size_t i = 0; i < n; i++)
				assert_int_equal(seen[i], 1);
		}
		assert_true(n < 8 || same < 3 * n);
		feeding_close(&f);
	}
}

/* Each row as often as any other in each place of a round: chi-square over 100 rows × 100 rounds at the first place,
 * 99 degrees of freedom, 0.999 quantile 148.2; of random order the same over 10,000 draws. The seed is fixed. */
static void
test_rows_are_drawn_evenly(void **context)
{
	(void)context;
	for (int order = FEED_RANDOM; order <= FEED_SHUFFLE; order++) {
		struct feeding f = {.feed = {.format = FEED_FORMAT_LINES, .order = order}};
		char lines[201] = "";
		double counts[100] = {0}, chi2 = 0;

		for (size_t i = 0; i < 100; i++)
			snprintf(lines + 2 * i, sizeof(lines) - 2 * i, "x\n");
		feeding_write(&f, lines, strlen(lines));
		assert_true(feeding_open(&f, "/", NULL));
		for (uint64_t i = 0; i < 10000; i++)
			counts[feed_row_of(feeds_at(f.feeds, 0), SEED, order == FEED_SHUFFLE ? i * 100 : i)]++;
		for (size_t i = 0; i < 100; i++)
			chi2 += (counts[i] - 100) * (counts[i] - 100) / 100;
		assert_true(chi2 < 148.2 && chi2 > 50);
		feeding_close(&f);
	}
}

/* 10,000 draws: within five standard deviations of what the weights say, and never where they say never. */
static void
test_rows_come_by_their_weights(void **context)
{
	struct feeding f = {.feed = {.format = FEED_FORMAT_CSV, .order = FEED_RANDOM, .weights = "w"}};
	static const char rows[] = "id,w\na,0\nb,1\nc,0\nd,2.5\ne,6.5\nf,0\n";
	size_t counts[6] = {0};

	(void)context;
	feeding_write(&f, rows, strlen(rows));
	assert_true(feeding_open(&f, "/${f.id}", NULL));
	for (uint64_t k = 0; k < 10000; k++)
		counts[feed_row_of(feeds_at(f.feeds, 0), SEED, k)]++;
	assert_int_equal(counts[0] + counts[2] + counts[5], 0);
	assert_in_range(counts[1], 850, 1150);
	assert_in_range(counts[3], 2280, 2720);
	assert_in_range(counts[4], 6260, 6740);
	feeding_close(&f);
}

static void
test_weights_that_are_none_have_their_place(void **context)
{
	static const struct {
		const char *rows, *words;
	} wrong[] = {
		{"id,w\na,1\nb,-1\n", "'w' is to weigh this row"},
		{"id,w\na,1\nb,x\n", "'w' is to weigh this row"},
		{"id,w\na,1\nb,\n", "'w' is to weigh this row"},
		{"id,w\na,1\nb,1e999\n", "'w' is to weigh this row"},
		{"id,w\na,0\nb,0\n", "every row weighs 0"},
		{"id,v\na,1\n", "has no column 'w'"},
	};

	(void)context;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct feeding f = {.feed = {.format = FEED_FORMAT_CSV, .order = FEED_RANDOM, .weights = "w"}};

		feeding_write(&f, wrong[i].rows, strlen(wrong[i].rows));
		assert_false(feeding_open(&f, "/${f.id}", NULL));
		if (strstr(f.err.message, wrong[i].words) == NULL)
			fail_msg("'%s' does not say '%s'", f.err.message, wrong[i].words);
		feeding_close(&f);
	}
}

/* The first of ten at an exponent of 1: 10,000 / (1 + 1/2 + … + 1/10) = 3,414. */
static void
test_the_first_rows_come_most_often_by_zipf(void **context)
{
	struct feeding f = {.feed = {.format = FEED_FORMAT_LINES, .order = FEED_ZIPF, .exponent = 1}};
	static const char rows[] = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
	size_t counts[10] = {0};

	(void)context;
	feeding_write(&f, rows, strlen(rows));
	assert_true(feeding_open(&f, "/${f.line}", NULL));
	for (uint64_t k = 0; k < 10000; k++)
		counts[feed_row_of(feeds_at(f.feeds, 0), SEED, k)]++;
	for (size_t i = 0; i < 10; i++)
		assert_true(counts[i] * (i + 1) > 3414 * 8 / 10 && counts[i] * (i + 1) < 3414 * 12 / 10);
	feeding_close(&f);
}

static void
test_the_longest_value_bounds_the_request(void **context)
{
	struct feeding f = of(FEED_FORMAT_LINES, FEED_SEQUENTIAL, "a\nüü\n%\n");

	(void)context;
	assert_true(feeding_open(&f, "/${f.line}", NULL));
	assert_int_equal(template_render_max(f.template), 1 + 12);
	feeding_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_is_read_by_rfc_4180),
		cmocka_unit_test(test_csv_mistakes_have_their_place),
		cmocka_unit_test(test_unknown_feeds_are_named),
		cmocka_unit_test(test_values_are_escaped_for_where_they_stand),
		cmocka_unit_test(test_values_that_cannot_stand_there_are_refused),
		cmocka_unit_test(test_jsonl_is_read_by_path),
		cmocka_unit_test(test_jsonl_mistakes_have_their_place),
		cmocka_unit_test(test_conversations_become_prompts),
		cmocka_unit_test(test_lines_are_rows),
		cmocka_unit_test(test_an_arrival_has_one_row),
		cmocka_unit_test(test_shuffle_uses_each_row_once_per_round),
		cmocka_unit_test(test_rows_are_drawn_evenly),
		cmocka_unit_test(test_rows_come_by_their_weights),
		cmocka_unit_test(test_weights_that_are_none_have_their_place),
		cmocka_unit_test(test_the_first_rows_come_most_often_by_zipf),
		cmocka_unit_test(test_the_longest_value_bounds_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
