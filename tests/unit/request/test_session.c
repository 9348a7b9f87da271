#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/check.h"
#include "request/session.h"
#include "unit/request/flows.h"

struct bench {
	struct flow_fixture f;
	struct session session;
	char *memory;
};

static void
bench_init(struct bench *b)
{
	flow_fixture_init(&b->f);
	flow_fixture_extract(&b->f, "token", EXTRACT_JSON, "/token");
	flow_fixture_extract(&b->f, "sid", EXTRACT_HEADER, "X-Session");
	b->f.flow.keeps_cookies = true;
	b->memory = malloc(session_memory_size(&b->f.flow));
	session_init(&b->session, &b->f.flow, b->memory);
	session_begin(&b->session, 7, 0);
}

static void
bench_fini(struct bench *b)
{
	session_fini(&b->session);
	free(b->memory);
}

static void
check_cookies(struct session *s, const char *expected)
{
	char into[COOKIE_JAR_MAX + 1];

	*session_put_cookies(s, "/", 1, into) = '\0';
	assert_string_equal(into, expected);
}

static void
test_cookies_are_kept_replaced_and_removed_by_name(void **state)
{
	static const struct {
		const char *field, *jar;
	} rows[] = {
		{"a=1; Path=/; HttpOnly", "a=1"},
		{"b=2", "a=1; b=2"},
		{" c = 3 ;HttpOnly", "a=1; b=2; c=3"},
		{"s=only over TLS; Secure", "a=1; b=2; c=3"},
		{"b=two; SameSite=Lax", "a=1; b=two; c=3"},
		{"=nameless", "a=1; b=two; c=3"},
		{"no pair", "a=1; b=two; c=3"},
		{"", "a=1; b=two; c=3"},
		{"evil=1\r\nX: y", "a=1; b=two; c=3"},
		{"evil=1; Path=/\x7f", "a=1; b=two; c=3"},
		{"aa=4", "a=1; b=two; c=3; aa=4"},
		{"a=; max-age=0", "b=two; c=3; aa=4"},
		{"aa=x; Max-Age=-1; Path=/", "b=two; c=3"},
		{"b=three; Max-Age=60", "b=three; c=3"},
		{"c=gone; MAX-AGE=00", "b=three"},
		{"b=; Max-Age=0", ""},
		{"d=x=y==", "d=x=y=="},
		{"nosuch=1; Max-Age=0", "d=x=y=="},
	};
	struct bench b;

	(void)state;
	bench_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(session_keep_cookie(&b.session, rows[i].field, strlen(rows[i].field)));
		check_cookies(&b.session, rows[i].jar);
	}
	bench_fini(&b);
}

static void
test_the_jar_holds_4_kib_and_no_byte_more(void **state)
{
	char field[COOKIE_JAR_MAX + 2];
	struct bench b;

	(void)state;
	bench_init(&b);
	memset(field, 'x', sizeof(field));
	field[1] = '=';
	size_t most = COOKIE_JAR_MAX - 16 - 1 + 1; /* what is kept of each besides, its path "/", and the '=' */

	assert_false(session_keep_cookie(&b.session, field, most + 1));
	assert_int_equal(b.session.jar.length, 0);
	assert_true(session_keep_cookie(&b.session, field, most));
	assert_int_equal(b.session.jar.length, COOKIE_JAR_MAX);
	assert_false(session_keep_cookie(&b.session, "y=1", 3));
	bench_fini(&b);
}

static void
test_values_are_bounded_and_utf8(void **state)
{
	char large[SESSION_VALUE_MAX + 1];
	struct bench b;
	size_t length;

	(void)state;
	bench_init(&b);
	memset(large, 'v', sizeof(large));
	assert_true(session_set_value(&b.session, 1, large, SESSION_VALUE_MAX));
	assert_false(session_set_value(&b.session, 1, large, SESSION_VALUE_MAX + 1));
	assert_false(session_set_value(&b.session, 1, "\xff", 1));
	session_value(&b.session, 1, &length);
	assert_int_equal(length, SESSION_VALUE_MAX); /* as it was */
	session_value(&b.session, 0, &length);
	assert_int_equal(length, 0);
	assert_true(session_set_value(&b.session, 0, "caf\xc3\xa9", 5));
	assert_memory_equal(session_value(&b.session, 0, &length), "caf\xc3\xa9", 5);
	bench_fini(&b);
}

static void
test_a_new_session_knows_nothing_of_the_one_before(void **state)
{
	char first[SESSION_ID_LENGTH];
	struct bench b;
	size_t length;

	(void)state;
	bench_init(&b);
	memcpy(first, b.session.id, sizeof(first));
	session_set_value(&b.session, 0, "secret", 6);
	session_keep_cookie(&b.session, "a=secret", 8);
	session_add_turn(&b.session, "secret", 6);
	session_end_turn(&b.session);
	session_begin(&b.session, 7, 1);
	session_value(&b.session, 0, &length);
	assert_int_equal(length, 0);
	check_cookies(&b.session, "");
	assert_int_equal(b.session.history_kept, 0);
	assert_int_equal(b.session.history.length, 0);
	assert_memory_not_equal(first, b.session.id, sizeof(first));
	session_begin(&b.session, 7, 0);
	assert_memory_equal(first, b.session.id, sizeof(first)); /* a seed repeats its sessions */
	assert_int_equal(first[14], '4');
	bench_fini(&b);
}

static void
test_a_turn_counts_once_it_ended(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	session_begin_turn(&b.session);
	session_add_turn(&b.session, "{one},", 6);
	session_end_turn(&b.session);
	session_begin_turn(&b.session);
	session_add_turn(&b.session, "{lost},", 7); /* its answer failed */
	session_begin_turn(&b.session);
	session_add_turn(&b.session, "{two},", 6);
	session_end_turn(&b.session);
	assert_int_equal(b.session.history_kept, 12);
	assert_memory_equal(b.session.history.bytes, "{one},{two},", 12);
	assert_false(session_is_full(&b.session));
	bench_fini(&b);
}

static void
test_a_conversation_that_comes_to_its_ceiling_says_so(void **state)
{
	char piece[1024];
	struct bench b;

	(void)state;
	bench_init(&b);
	memset(piece, 'x', sizeof(piece));
	for (int i = 0; i < 4; i++) {
		session_begin_turn(&b.session);
		session_add_turn(&b.session, piece, sizeof(piece));
		session_end_turn(&b.session);
		assert_false(session_is_full(&b.session));
	}
	session_begin_turn(&b.session);
	session_add_turn(&b.session, "x", 1);
	assert_true(session_is_full(&b.session));
	session_begin(&b.session, 7, 1);
	assert_false(session_is_full(&b.session));
	bench_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookies_are_kept_replaced_and_removed_by_name),
		cmocka_unit_test(test_the_jar_holds_4_kib_and_no_byte_more),
		cmocka_unit_test(test_values_are_bounded_and_utf8),
		cmocka_unit_test(test_a_new_session_knows_nothing_of_the_one_before),
		cmocka_unit_test(test_a_turn_counts_once_it_ended),
		cmocka_unit_test(test_a_conversation_that_comes_to_its_ceiling_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
