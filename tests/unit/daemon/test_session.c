#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "daemon/session.h"

#define MINUTE_NS (60 * NS_PER_S)

static struct clock now;

static struct sessions *
open_sessions(size_t max, bool is_tls)
{
	struct sessions_config config = {
		.max = max, .idle_ns = 10 * MINUTE_NS, .lifetime_ns = 30 * MINUTE_NS, .is_tls = is_tls, .clock = &now};

	clock_init_virtual(&now, NS_PER_S);
	return sessions_new(&config);
}

static void
after(int64_t ns)
{
	clock_set_ns(&now, clock_now_ns(&now) + ns);
}

static struct token
token(const char *name)
{
	struct token token = {.role = ROLE_RUN};

	snprintf(token.name, sizeof(token.name), "%s", name);
	token_hash(name, strlen(name), token.hash);
	return token;
}

/* What a browser would send back. */
static void
begin(struct sessions *sessions, const char *name, char cookie[SESSION_COOKIE_MAX])
{
	struct token of = token(name);
	char line[SESSION_COOKIE_MAX];

	assert_non_null(sessions_begin(sessions, &of, line));
	assert_memory_equal(line, "Set-Cookie: ", 12);
	snprintf(cookie, SESSION_COOKIE_MAX, "%.*s", (int)strcspn(line + 12, ";"), line + 12);
}

static const char *
who(struct sessions *sessions, const char *cookie)
{
	const struct session *session = session_find(sessions, cookie);

	return session != NULL ? session->token.name : "";
}

static void
test_a_cookie_is_the_session(void **state)
{
	struct sessions *sessions = open_sessions(8, false);
	char alice[SESSION_COOKIE_MAX], bob[SESSION_COOKIE_MAX], both[1024];

	(void)state;
	begin(sessions, "alice", alice);
	begin(sessions, "bob", bob);
	assert_string_not_equal(alice, bob);
	assert_int_equal(strlen(strchr(alice, '=') + 1), 64); /* 256 bits */
	assert_string_equal(who(sessions, alice), "alice");
	assert_string_equal(who(sessions, bob), "bob");
	snprintf(both, sizeof(both), "theme=dark; brunt_session=stale; x%s;%s; a=b", alice, bob);
	assert_string_equal(who(sessions, both), "bob");
	assert_string_equal(who(sessions, NULL), "");
	assert_string_equal(who(sessions, "brunt_session="), "");
	alice[strlen(alice) - 1] = alice[strlen(alice) - 1] == '0' ? '1' : '0'; /* another digit */
	assert_string_equal(who(sessions, alice), "");
	assert_true(session_is_named(sessions, alice));
	assert_false(session_is_named(sessions, "theme=dark") || session_is_named(sessions, NULL));
	sessions_free(sessions);
}

static void
test_the_cookie_is_for_nobody_but_us(void **state)
{
	struct sessions *plain = open_sessions(8, false), *tls = open_sessions(8, true);
	struct token of = token("alice");
	char line[SESSION_COOKIE_MAX];

	(void)state;
	sessions_begin(plain, &of, line);
	assert_memory_equal(line, "Set-Cookie: brunt_session=", 26);
	assert_non_null(strstr(line, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=1800\r\n"));
	sessions_begin(tls, &of, line);
	assert_memory_equal(line, "Set-Cookie: __Host-brunt_session=", 33);
	assert_non_null(strstr(line, "; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=1800\r\n"));
	sessions_free(plain);
	sessions_free(tls);
}

static void
test_a_session_ends_when_it_is_not_used_and_anyway(void **state)
{
	struct sessions *sessions = open_sessions(8, false);
	char used[SESSION_COOKIE_MAX], unused[SESSION_COOKIE_MAX];

	(void)state;
	begin(sessions, "used", used);
	begin(sessions, "unused", unused);
	after(10 * MINUTE_NS - 1);
	assert_string_equal(who(sessions, used), "used");
	after(1);
	assert_string_equal(who(sessions, unused), "");
	assert_int_equal(sessions_n(sessions), 1);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(who(sessions, used), "used");
		after(6 * MINUTE_NS);
	}
	after(2 * MINUTE_NS - 1);
	assert_string_equal(who(sessions, used), "used");
	after(1);
	assert_string_equal(who(sessions, used), "");
	assert_int_equal(sessions_n(sessions), 0);
	sessions_free(sessions);
}

static void
test_who_is_served_on_uses_his_session_until_it_ends_anyway(void **state)
{
	struct sessions *sessions = open_sessions(8, false);
	char alice[SESSION_COOKIE_MAX], forget[SESSION_COOKIE_MAX];
	uint8_t id_hash[TOKEN_HASH_BYTES];

	(void)state;
	begin(sessions, "alice", alice);
	memcpy(id_hash, session_find(sessions, alice)->id_hash, sizeof(id_hash));
	for (int minute = 9; minute < 30; minute += 9) {
		after(9 * MINUTE_NS);
		assert_true(session_goes_on(sessions, id_hash));
	}
	assert_string_equal(who(sessions, alice), "alice");
	after(3 * MINUTE_NS);
	assert_false(session_goes_on(sessions, id_hash));
	begin(sessions, "alice", alice);
	memcpy(id_hash, session_find(sessions, alice)->id_hash, sizeof(id_hash));
	after(10 * MINUTE_NS);
	assert_false(session_goes_on(sessions, id_hash));
	begin(sessions, "alice", alice);
	memcpy(id_hash, session_find(sessions, alice)->id_hash, sizeof(id_hash));
	session_end(sessions, alice, forget);
	assert_false(session_goes_on(sessions, id_hash));
	sessions_free(sessions);
}

static void
test_one_too_many_ends_the_one_used_least_recently(void **state)
{
	struct sessions *sessions = open_sessions(3, false);
	char cookies[4][SESSION_COOKIE_MAX];

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin(sessions, "abc", cookies[i]);
		after(NS_PER_S);
	}
	assert_string_equal(who(sessions, cookies[0]), "abc");
	after(NS_PER_S);
	begin(sessions, "abc", cookies[3]);
	assert_int_equal(sessions_n(sessions), 3);
	assert_string_equal(who(sessions, cookies[1]), "");
	assert_string_equal(who(sessions, cookies[0]), "abc");
	assert_string_equal(who(sessions, cookies[2]), "abc");
	sessions_free(sessions);
}

static void
test_logging_out_ends_it_and_has_the_browser_forget_it(void **state)
{
	struct sessions *sessions = open_sessions(3, false);
	char cookie[SESSION_COOKIE_MAX], line[SESSION_COOKIE_MAX];

	(void)state;
	begin(sessions, "alice", cookie);
	session_end(sessions, cookie, line);
	assert_string_equal(line, "Set-Cookie: brunt_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
	assert_string_equal(who(sessions, cookie), "");
	session_end(sessions, NULL, line);
	sessions_free(sessions);
}

static void
test_sessions_of_tokens_that_are_gone_are_over(void **state)
{
	static const char text[] = "alice run plain:alice-alice-alice-alice\nbob run plain:bob-bob-bob-bob-bob-bob\n";
	static const char less[] = "alice run plain:alice-alice-alice-alice\nbob view plain:bob-bob-bob-bob-bob-bob\n";
	struct sessions *sessions = open_sessions(3, false);
	struct error err = {0};
	struct tokens *before = tokens_parse(text, strlen(text), "t", &err),
		      *now_there = tokens_parse(less, strlen(less), "t", &err);
	char lines[2][SESSION_COOKIE_MAX];

	(void)state;
	sessions_begin(sessions, tokens_find(before, "alice-alice-alice-alice", 23), lines[0]);
	sessions_begin(sessions, tokens_find(before, "bob-bob-bob-bob-bob-bob", 23), lines[1]);
	assert_int_equal(sessions_n(sessions), 2);
	sessions_keep(sessions, now_there);
	assert_int_equal(sessions_n(sessions), 1);
	assert_string_equal(who(sessions, lines[0] + 12), "alice");
	sessions_free(sessions);
	tokens_free(before);
	tokens_free(now_there);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cookie_is_the_session),
		cmocka_unit_test(test_the_cookie_is_for_nobody_but_us),
		cmocka_unit_test(test_a_session_ends_when_it_is_not_used_and_anyway),
		cmocka_unit_test(test_who_is_served_on_uses_his_session_until_it_ends_anyway),
		cmocka_unit_test(test_one_too_many_ends_the_one_used_least_recently),
		cmocka_unit_test(test_logging_out_ends_it_and_has_the_browser_forget_it),
		cmocka_unit_test(test_sessions_of_tokens_that_are_gone_are_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
