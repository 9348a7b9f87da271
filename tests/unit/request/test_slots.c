#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "plan/plan.h"
#include "request/template.h"

/* What single slots render, beside those of test_template.c. */

#define SEED 42

static char rendered[8192];

/* Rendered into a buffer of the promised size, so that the sanitizer sees any excess. */
static const char *
render_for(const struct slot_scope *scope, const char *head, const char *body, uint64_t k)
{
	struct error err = {0};
	struct template *t = template_new(scope, head, strlen(head), body, body != NULL ? strlen(body) : 0, true, &err);

	if (t == NULL)
		fail_msg("%s", err.message);
	size_t most = template_render_max(t);
	char *into = malloc(most);
	size_t length = template_render(t, &(struct render){.seed = SEED, .k = k}, into);

	assert_true(length <= most && length < sizeof(rendered));
	memcpy(rendered, into, length);
	rendered[length] = '\0';
	free(into);
	template_free(t);
	return rendered;
}

static const char *
render(const char *head, const char *body, uint64_t k)
{
	return render_for(&(struct slot_scope){0}, head, body, k);
}

static void
check_refused(const char *head, const char *words)
{
	struct error err = {0};
	struct template *t = template_new(&(struct slot_scope){0}, head, strlen(head), NULL, 0, true, &err);

	if (t != NULL || strstr(err.message, words) == NULL)
		fail_msg("'%s': %s", head, t != NULL ? "accepted" : err.message);
}

static void
test_now_is_said_in_the_unit_that_is_asked_for(void **context)
{
	(void)context;
	int64_t before_ns = wall_now_ns();

	render("\n${now}|${now(us)}|${now(ms)}|${now(s)}|${now(iso)}", NULL, 0);
	int64_t after_ns = wall_now_ns(), ns = strtoll(rendered + 1, NULL, 10);
	char wanted[200], iso[32];

	assert_in_range(ns, before_ns, after_ns);
	wall_text(ns, iso, sizeof(iso));
	snprintf(wanted, sizeof(wanted), "\n%lld|%lld|%lld|%lld|%.19s.%03dZ", (long long)ns, (long long)ns / 1000,
		(long long)ns / 1000000, (long long)ns / 1000000000, iso, (int)(ns / 1000000 % 1000));
	assert_string_equal(rendered, wanted);
	assert_non_null(strstr(render("/${now(iso)}", NULL, 0), "%3A"));
	assert_int_equal(strlen(render("/\n\n", "{\"t\": \"${now(iso)|json}\"}", 0)),
		strlen("/\n\n{\"t\": \"2026-11-22T20:35:00.123Z\"}"));
	check_refused("/${now(h)}", "write ${now} (ns since 1970), ${now(us)}");
}

/* RFC 9562 §5.7; and later ones sort after earlier ones. */
static void
test_uuid7_begins_with_the_time(void **context)
{
	unsigned long long ms;
	char last[40] = "";

	(void)context;
	for (uint64_t k = 0; k < 50; k++) {
		uint64_t before_ms = (uint64_t)(wall_now_ns() / NS_PER_MS);

		render("${uuid7}", NULL, k);
		assert_int_equal(strlen(rendered), 36);
		ms = strtoull(
			(char[]){rendered[0], rendered[1], rendered[2], rendered[3], rendered[4], rendered[5],
				rendered[6], rendered[7], rendered[9], rendered[10], rendered[11], rendered[12], 0},
			NULL, 16);
		assert_in_range(ms, before_ms, (uint64_t)(wall_now_ns() / NS_PER_MS));
		assert_int_equal(rendered[14], '7');
		assert_non_null(strchr("89ab", rendered[19]));
		assert_true(memcmp(rendered, last, 13) >= 0);
		memcpy(last, rendered, 37);
	}
}

static void
test_characters_are_as_many_as_asked_for_and_even(void **context)
{
	unsigned counts[128] = {0};

	(void)context;
	for (uint64_t k = 0; k < 1000; k++) {
		render("${hex(16)}", NULL, k);
		assert_int_equal(strlen(rendered), 16);
		assert_int_equal(strspn(rendered, "0123456789abcdef"), 16);
		render("${string(62)}", NULL, k);
		assert_int_equal(strlen(rendered), 62);
		for (const char *p = rendered; *p != '\0'; p++)
			counts[(unsigned char)*p & 127]++;
	}
	/* 62,000 draws of 62 characters: ±5 standard deviations of 1,000. */
	for (int c = 0; c < 128; c++)
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			assert_in_range(counts[c], 840, 1160);
		else
			assert_int_equal(counts[c], 0);
	char one[64];

	snprintf(one, sizeof(one), "%s", render("${hex(16)}${hex(16)}", NULL, 1));
	assert_memory_not_equal(one, render("${hex(16)}${hex(16)}", NULL, 2), 32);
	assert_memory_not_equal(rendered, rendered + 16, 16);
	check_refused("/${hex(0)}", "1 to 4096 characters");
	check_refused("/${string(99999999999999999999)}", "1 to 4096 characters");
	check_refused("/${hex(x)}", "is not something to fill in");
}

static void
test_zipf_covers_its_range_from_either_side_of_0(void **context)
{
	unsigned first = 0;

	(void)context;
	for (uint64_t k = 0; k < 1000; k++) {
		long long value = strtoll(render("${zipf(-3, 6, 1.5)}", NULL, k), NULL, 10);

		assert_true(value >= -3 && value <= 6);
		first += value == -3;
	}
	assert_in_range(first, 450, 570); /* 1 / (sum of r^−1.5 for r to 10) = 0.501 */
	check_refused("/${zipf(1,10)}", "is not something to fill in");
	check_refused("/${zipf(1,10,21)}", "is not something to fill in");
	check_refused("/${zipf(1,10,nan)}", "is not something to fill in");
	check_refused("/${zipf(10,1,1)}", "is not something to fill in");
	check_refused("/${zipf(1,9223372036854775807,1)}", "is not something to fill in");
}

/* RFC 4648 §10's vectors are single letters; here by `base64` of coreutils: printf 'x-12345' | base64. */
static void
test_base64_encodes_what_a_slot_renders(void **context)
{
	(void)context;
	assert_string_equal(render("\n${seq|base64}", NULL, 7), "\nNw==");
	assert_string_equal(render("\n${seq|base64}", NULL, 12345), "\nMTIzNDU=");
	assert_string_equal(render("/${seq|base64}", NULL, 7), "/Nw%3D%3D");
	assert_string_equal(render("/${seq|base64|raw}", NULL, 7), "/Nw==");
	assert_string_equal(render("/\n\n", "{\"a\": \"${seq|base64}\", \"b\": \"${seq|base64|json}\"}", 7),
		"/\n\n{\"a\": \"Nw==\", \"b\": \"Nw==\"}");
	assert_string_equal(render("/\n\n", "{\"a\": ${seq|base64}}", 7), "/\n\n{\"a\": \"Nw==\"}");
	assert_string_equal(render("/${seq|base64|base64}", NULL, 7), "/Tnc9PQ%3D%3D");
	/* The largest that a path may need. */
	assert_int_equal(strlen(render("/${string(4095)|base64}", NULL, 7)), 1 + 5460);
	check_refused("/${nothing|base64}", "is not something to fill in");
	check_refused("/${|base64}", "is not");
}

static void
test_a_text_within_a_text_draws_numbers_of_its_own(void **context)
{
	char one[128];

	(void)context;
	snprintf(one, sizeof(one), "%s", render("${hex(8)}|${hex(8)|base64}|${hex(8)|base64}", NULL, 3));
	assert_string_equal(one, render("${hex(8)}|${hex(8)|base64}|${hex(8)|base64}", NULL, 3));
	assert_string_not_equal(strchr(one, '|') + 1, strrchr(one, '|') + 1);
	assert_memory_not_equal(strchr(one, '|') + 1, strrchr(one, '|') + 1, 8);
}

static void
test_urlencode_is_as_in_a_path(void **context)
{
	(void)context;
	assert_int_equal(strlen(render("\n${now(iso)|urlencode}", NULL, 0)), 1 + 24 + 4);
	assert_non_null(strstr(rendered, "%3A"));
	assert_non_null(strstr(render("\n\n", "{\"a\": \"${now(iso)|urlencode}\"}", 0), "%3A"));
}

/* RFC 7617 §2: "Aladdin" and "open sesame". */
static void
test_basic_is_a_name_and_a_password_with_slots(void **context)
{
	struct plan_request request = {.name = "x", .basic = "Aladdin${seq}:open sesame"};

	(void)context;
	render_for(&(struct slot_scope){.request = &request}, "\nAuthorization: Basic ${basic}", NULL, 1);
	assert_string_equal(rendered, "\nAuthorization: Basic QWxhZGRpbjE6b3BlbiBzZXNhbWU=");
	check_refused("\n${basic}", "is not something to fill in");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now_is_said_in_the_unit_that_is_asked_for),
		cmocka_unit_test(test_uuid7_begins_with_the_time),
		cmocka_unit_test(test_characters_are_as_many_as_asked_for_and_even),
		cmocka_unit_test(test_zipf_covers_its_range_from_either_side_of_0),
		cmocka_unit_test(test_base64_encodes_what_a_slot_renders),
		cmocka_unit_test(test_a_text_within_a_text_draws_numbers_of_its_own),
		cmocka_unit_test(test_urlencode_is_as_in_a_path),
		cmocka_unit_test(test_basic_is_a_name_and_a_password_with_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
