#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "request/template.h"

#define SEED 42

static const struct slot_scope nothing;

static struct template *
make(const char *head, const char *body)
{
	struct error err = {0};
	struct template *t =
		template_new(&nothing, head, strlen(head), body, body != NULL ? strlen(body) : 0, true, &err);

	if (t == NULL)
		fail_msg("%s", err.message);
	return t;
}

/* The text of arrival k, malloc'ed. Rendered into a buffer of the promised size, so that the sanitizer sees any excess.
 */
static char *
render(const struct template *t, uint64_t seed, uint64_t k)
{
	size_t most = template_render_max(t);
	char *into = malloc(most);

	assert_true(most > 0);
	size_t length = template_render(t, &(struct render){.seed = seed, .k = k}, into);

	assert_true(length <= most);
	char *text = strndup(into, length);

	free(into);
	return text;
}

static void
check_rendered(const char *head, const char *body, uint64_t k, const char *expected)
{
	struct template *t = make(head, body);
	char *text = render(t, SEED, k);

	assert_string_equal(text, expected);
	free(text);
	template_free(t);
}

static void
check_fixed(const char *head, const char *body, const char *expected)
{
	struct template *t = make(head, body);
	size_t length;
	const char *bytes = template_fixed(t, &length);

	assert_int_equal(template_render_max(t), 0);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(bytes, expected, length);
	template_free(t);
}

static void
check_refused(const char *head, const char *body, const char *words)
{
	struct error err = {0};

	assert_null(template_new(&nothing, head, strlen(head), body, strlen(body), true, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
}

static void
test_text_without_slots_is_fixed(void **context)
{
	(void)context;
	check_fixed("", NULL, "");
	check_fixed("GET / HTTP/1.1\r\n\r\n", NULL, "GET / HTTP/1.1\r\n\r\n");
	check_fixed("POST\r\n\r\n", "cost: $5 {a} $ $$ }", "POST\r\n\r\ncost: $5 {a} $ $$ }");
	check_fixed("a $${seq} b", "$${", "a ${seq} b${");
}

static void
test_length_of_a_fixed_body_is_settled_once(void **context)
{
	(void)context;
	check_fixed("L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "0123456789", "L: 10\r\n\r\n0123456789");
	check_fixed("L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "$${x}", "L: 4\r\n\r\n${x}");
	check_fixed("L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "", "L: 0\r\n\r\n");
}

static void
test_bytes_of_a_file_are_left_alone(void **context)
{
	(void)context;
	static const char head[] = "L: 9\r\n\r\n", body[] = "${seq}\0$${";
	struct error err = {0};
	struct template *t = template_new(&nothing, head, sizeof(head) - 1, body, sizeof(body) - 1, false, &err);
	size_t length;

	assert_non_null(t);
	const char *bytes = template_fixed(t, &length);

	assert_int_equal(length, sizeof(head) - 1 + sizeof(body) - 1);
	assert_memory_equal(bytes + sizeof(head) - 1, body, sizeof(body) - 1);
	template_free(t);
}

static void
test_seq_is_the_number_of_the_arrival(void **context)
{
	(void)context;
	check_rendered("GET /${seq}", NULL, 0, "GET /0");
	check_rendered("${seq}${seq}", NULL, 1234567890, "12345678901234567890");
	check_rendered("/${seq}/x", "b${seq}", INT64_MAX, "/9223372036854775807/xb9223372036854775807");
}

static void
test_length_counts_the_body_as_rendered(void **context)
{
	(void)context;
	check_rendered("L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "n=${seq}", 9, "L: 3\r\n\r\nn=9");
	check_rendered("L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "n=${seq}", 1000000, "L: 9\r\n\r\nn=1000000");
	check_rendered("/${seq} L: " TEMPLATE_CONTENT_LENGTH "\r\n\r\n", "${random(-77,-77)}${seq}$${", 10,
		"/10 L: 7\r\n\r\n-7710${");
}

/* Whatever is drawn, the head says what follows. */
static void
test_length_is_right_for_every_arrival(void **context)
{
	(void)context;
	struct template *t = make("L: " TEMPLATE_CONTENT_LENGTH "\n", "${random(-100,100000)} ${uuid} ${seq} ${now}");

	for (uint64_t k = 0; k < 2000; k++) {
		char *text = render(t, SEED, k), *body = strchr(text, '\n') + 1;

		assert_int_equal(strtoul(text + 3, NULL, 10), strlen(body));
		free(text);
	}
	template_free(t);
}

static void
test_uuid_has_version_4_and_repeats_with_its_seed(void **context)
{
	(void)context;
	struct template *t = make("${uuid}", NULL);

	for (uint64_t k = 0; k < 500; k++) {
		char *text = render(t, SEED, k), *again = render(t, SEED, k);
		char *next = render(t, SEED, k + 1), *other = render(t, SEED + 1, k);

		assert_int_equal(strlen(text), 36);
		assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
		for (int i = 0; i < 36; i++)
			assert_int_equal(text[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
		assert_int_equal(text[14], '4');
		assert_non_null(strchr("89ab", text[19]));
		assert_string_equal(text, again);
		assert_string_not_equal(text, next);
		assert_string_not_equal(text, other);
		free(text);
		free(again);
		free(next);
		free(other);
	}
	template_free(t);
}

static void
test_each_slot_draws_anew(void **context)
{
	(void)context;
	struct template *t = make("${uuid}", "${uuid}");
	char *text = render(t, SEED, 7);

	assert_memory_not_equal(text, text + 36, 18);
	assert_memory_not_equal(text + 19, text + 36 + 19, 17);
	assert_memory_not_equal(text + 19, text + 36, 4);
	free(text);
	template_free(t);
}

static void
test_random_covers_its_range_evenly(void **context)
{
	(void)context;
	struct template *t = make("${random(-2, 2)}", NULL);
	int counts[5] = {0};
	const int draws = 10000;

	for (int k = 0; k < draws; k++) {
		char *text = render(t, SEED, (uint64_t)k);
		long value = strtol(text, NULL, 10);

		assert_in_range(value + 2, 0, 4);
		counts[value + 2]++;
		free(text);
	}
	/* 2,000 expected, standard deviation 40: a sound draw fails by luck once in 10^6 seeds, and the seed is fixed
	 */
	for (int i = 0; i < 5; i++)
		assert_in_range(counts[i], 1800, 2200);
	template_free(t);
}

static void
test_random_takes_the_largest_ranges(void **context)
{
	(void)context;
	struct template *t = make("${random(-9223372036854775808,9223372036854775807)}", NULL);
	bool was_negative = false, was_positive = false;

	for (uint64_t k = 0; k < 100; k++) {
		char *text = render(t, SEED, k);
		char again[32];

		snprintf(again, sizeof(again), "%lld", strtoll(text, NULL, 10));
		assert_string_equal(text, again);
		was_negative |= text[0] == '-';
		was_positive |= text[0] != '-';
		free(text);
	}
	assert_true(was_negative && was_positive);
	template_free(t);
	check_rendered("${random(-9223372036854775808,-9223372036854775808)}", NULL, 3, "-9223372036854775808");
	check_rendered("${random(5,5)}", NULL, 3, "5");
}

static void
test_now_is_the_same_wherever_a_request_says_it(void **context)
{
	(void)context;
	struct template *t = make("${now} ", "${now}");
	int64_t before = wall_now_ns();
	char *text = render(t, SEED, 0), *space = strchr(text, ' ');
	int64_t said = strtoll(text, NULL, 10);

	assert_true(said >= before && said <= wall_now_ns());
	*space = '\0';
	assert_string_equal(text, space + 1);
	free(text);
	template_free(t);
}

static void
test_a_json_filter_takes_the_place_of_its_string(void **context)
{
	(void)context;
	check_rendered(
		"\r\n\r\n", "{\"n\": \"${seq|json}\", \"s\": \"${seq}\"}", 7, "\r\n\r\n{\"n\": 7, \"s\": \"7\"}");
	check_rendered("\r\n\r\n", " [\"${seq|json}\",\"\\\"\",${seq|json},\"${random(4,4)|json}\"]", 7,
		"\r\n\r\n [7,\"\\\"\",7,4]");
	check_rendered("Content-Type: application/json\r\n\r\n", "\"${seq|json}\"", 7,
		"Content-Type: application/json\r\n\r\n7");
	check_rendered("L: " TEMPLATE_CONTENT_LENGTH "\n", "{\"n\": \"${seq|json}\"}", 42, "L: 9\n{\"n\": 42}");
}

/* A uuid is no number: as a JSON value it keeps its quotes. */
static void
test_a_text_as_a_json_value_is_a_string(void **context)
{
	(void)context;
	struct template *t = make("\n", "[\"${uuid|json}\"]");
	char *text = render(t, SEED, 1);

	assert_int_equal(strlen(text), 1 + 2 + 36 + 2);
	assert_memory_equal(text, "\n[\"", 3);
	assert_string_equal(text + 3 + 36, "\"]");
	free(text);
	template_free(t);
}

static void
test_filters_out_of_place_are_refused_in_words(void **context)
{
	(void)context;
	check_refused("/${seq|json}", "", "only a JSON body takes |json");
	check_refused("Content-Type: text/plain\r\n\r\n", "{${seq|json}}", "only a JSON body takes |json");
	check_refused("/", "{\"a\": \"x${seq|json}\"}", "stands for a whole value");
	check_refused("/", "{\"a\": \"${seq|json}x\"}", "stands for a whole value");
	check_refused("/", "{\"a\": \"${seq}${seq|json}\"}", "stands for a whole value");
	check_refused("/", "{\"a\": \"\\\"${seq|json}\"}", "stands for a whole value");
	check_refused(
		"/", "{\"a\": \"${seq|upper}\"}", "'upper' is not a filter; write ${…|json}, ${…|raw}, ${…|urlencode}");
}

static void
test_slots_that_do_not_exist_are_refused_in_words(void **context)
{
	(void)context;
	check_refused("/${sku}", "", "'${sku}' is not something to fill in; write ${seq}, ${uuid}, ${now}");
	check_refused("/", "${content_length}", "'${content_length}' is not");
	check_refused("/${}", "", "'${}' is not");
	check_refused("/${seq", "", "'${seq' has no '}'");
	check_refused("/", "${", "'${' has no '}'");
	check_refused("/${SEQ}", "", "'${SEQ}' is not");
	check_refused("/${random}", "", "'${random}' is not");
	check_refused("/${random(1)}", "", "'${random(1)}' is not");
	check_refused("/${random(1,)}", "", "is not");
	check_refused("/${random(1,2}", "", "is not");
	check_refused("/${random(1,2)x}", "", "is not");
	check_refused("/${random(1.5,2)}", "", "is not");
	check_refused("/${random(1,--2)}", "", "is not");
	check_refused("/${random(9,1)}", "", "the smaller number first");
	check_refused("/${random(1,9223372036854775808)}", "", "is not");
}

static void
test_too_many_slots_are_refused(void **context)
{
	(void)context;
	struct buf text;

	buf_init(&text, 4096);
	for (int i = 0; i < TEMPLATE_SLOTS_MAX; i++)
		buf_add_text(&text, "${seq}");
	template_free(make(text.bytes, NULL));
	buf_add_text(&text, "${seq}");
	check_refused(text.bytes, "", "64 ${…} at most");
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_without_slots_is_fixed),
		cmocka_unit_test(test_length_of_a_fixed_body_is_settled_once),
		cmocka_unit_test(test_bytes_of_a_file_are_left_alone),
		cmocka_unit_test(test_seq_is_the_number_of_the_arrival),
		cmocka_unit_test(test_length_counts_the_body_as_rendered),
		cmocka_unit_test(test_length_is_right_for_every_arrival),
		cmocka_unit_test(test_uuid_has_version_4_and_repeats_with_its_seed),
		cmocka_unit_test(test_each_slot_draws_anew),
		cmocka_unit_test(test_random_covers_its_range_evenly),
		cmocka_unit_test(test_random_takes_the_largest_ranges),
		cmocka_unit_test(test_now_is_the_same_wherever_a_request_says_it),
		cmocka_unit_test(test_a_json_filter_takes_the_place_of_its_string),
		cmocka_unit_test(test_a_text_as_a_json_value_is_a_string),
		cmocka_unit_test(test_filters_out_of_place_are_refused_in_words),
		cmocka_unit_test(test_slots_that_do_not_exist_are_refused_in_words),
		cmocka_unit_test(test_too_many_slots_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
