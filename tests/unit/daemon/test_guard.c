#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/guard.h"

#define VIEW "view-view-view-view-view"
#define RUN "run-run-run-run-run-run"
#define HOST "127.0.0.1:8080"
#define ORIGIN "http://" HOST

static const char file[] = "v view plain:" VIEW "\nr run plain:" RUN "\n";

struct set {
	struct guard guard;
	struct origin_names names;
	struct tokens *tokens;
	struct sessions *sessions;
	struct guard_who who;
	char cookie[SESSION_COOKIE_MAX];
};

static void
begin(struct set *s)
{
	struct error err = {0};

	*s = (struct set){.tokens = tokens_parse(file, strlen(file), "tokens", &err),
		.sessions = sessions_new(&sessions_default_config)};
	assert_true(origin_names_init(&s->names, ORIGIN, NULL, 0, &err));
	guard_init(&s->guard, &(struct guard_config){.names = &s->names, .sessions = s->sessions, .tokens = s->tokens});
}

static void
end(struct set *s)
{
	tokens_free(s->tokens);
	sessions_free(s->sessions);
}

static enum refusal
admit(struct set *s, struct guard_ask ask)
{
	if (ask.method == NULL)
		ask.method = "GET";
	return guard_admit(&s->guard, &ask, &s->who);
}

#define ASK(...) admit(&s, (struct guard_ask){.host = HOST, __VA_ARGS__})

static void
log_in(struct set *s)
{
	char line[SESSION_COOKIE_MAX];

	assert_int_equal(guard_log_in(&s->guard, RUN, &s->who, line), REFUSAL_COUNT);
	assert_true(s->who.is_session && s->who.ends_ns > 0);
	assert_string_equal(s->who.name, "r");
	snprintf(s->cookie, sizeof(s->cookie), "%s", line + strlen("Set-Cookie: "));
}

static void
test_a_token_and_its_role_decide(void **state)
{
	struct set s;

	(void)state;
	begin(&s);
	assert_int_equal(ASK(.authorization = "Bearer " VIEW), REFUSAL_COUNT);
	assert_string_equal(s.who.name, "v");
	assert_int_equal(s.who.role, ROLE_VIEW);
	assert_int_equal(ASK(.authorization = "Bearer " VIEW, .needs = ROLE_RUN), REFUSAL_ROLE);
	assert_int_equal(ASK(.authorization = "Bearer " RUN, .needs = ROLE_RUN), REFUSAL_COUNT);
	assert_int_equal(ASK(.authorization = "Bearer " RUN, .needs = ROLE_ADMIN), REFUSAL_ROLE);
	assert_int_equal(ASK(.authorization = "Bearer " RUN "x"), REFUSAL_WRONG_TOKEN);
	assert_int_equal(ASK(.authorization = "Basic cjpydW4="), REFUSAL_WRONG_TOKEN);
	assert_int_equal(ASK(.authorization = NULL), REFUSAL_NO_TOKEN);
	assert_int_equal(ASK(.is_open = true), REFUSAL_COUNT);
	assert_string_equal(s.who.name, "");
	assert_int_equal(s.guard.refused[REFUSAL_WRONG_TOKEN], 2);
	assert_int_equal(s.guard.refused[REFUSAL_ROLE], 2);
	assert_int_equal(s.guard.refused[REFUSAL_NO_TOKEN], 1);
	end(&s);
}

/* A page of somebody else's makes the reader's browser ask, by an address or by a name that it has rebound. */
static void
test_what_foreign_pages_can_send_is_refused_whatever_they_show(void **state)
{
	struct set s;

	(void)state;
	begin(&s);
	log_in(&s);
	static const char bearer[] = "Bearer " RUN;

	assert_int_equal(admit(&s, (struct guard_ask){.host = "evil.example:8080", .authorization = bearer}),
		REFUSAL_FOREIGN_HOST);
	assert_int_equal(admit(&s, (struct guard_ask){.host = NULL, .authorization = bearer}), REFUSAL_FOREIGN_HOST);
	assert_int_equal(
		admit(&s, (struct guard_ask){.host = "evil.example:8080", .is_open = true}), REFUSAL_FOREIGN_HOST);
	assert_int_equal(ASK(.origin = "http://evil.example", .authorization = bearer), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(ASK(.origin = "null", .cookie = s.cookie), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(ASK(.method = "POST", .fetch_site = "cross-site", .cookie = s.cookie), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(ASK(.method = "POST", .fetch_site = "same-site", .cookie = s.cookie), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(ASK(.method = "DELETE", .cookie = s.cookie), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(ASK(.method = "POST", .fetch_site = "none", .cookie = s.cookie), REFUSAL_FOREIGN_ORIGIN);
	/* Whom a foreign page would like to be logged in as. */
	assert_int_equal(ASK(.method = "POST", .fetch_site = "cross-site", .is_open = true), REFUSAL_FOREIGN_ORIGIN);
	assert_int_equal(
		ASK(.method = "POST", .fetch_site = "cross-site", .authorization = bearer), REFUSAL_FOREIGN_ORIGIN);
	/* Somebody followed a link to us from elsewhere. */
	assert_int_equal(ASK(.fetch_site = "cross-site", .is_open = true), REFUSAL_COUNT);
	end(&s);
}

static void
test_a_session_stands_for_its_token(void **state)
{
	struct set s;

	(void)state;
	begin(&s);
	log_in(&s);
	assert_int_equal(ASK(.cookie = s.cookie), REFUSAL_COUNT);
	assert_string_equal(s.who.name, "r");
	assert_true(s.who.is_session);
	assert_int_equal(ASK(.method = "POST", .cookie = s.cookie, .origin = ORIGIN, .needs = ROLE_RUN), REFUSAL_COUNT);
	assert_int_equal(ASK(.method = "POST", .cookie = s.cookie, .fetch_site = "same-origin", .needs = ROLE_RUN),
		REFUSAL_COUNT);
	assert_int_equal(ASK(.cookie = s.cookie, .needs = ROLE_ADMIN), REFUSAL_ROLE);
	assert_int_equal(ASK(.cookie = s.cookie, .authorization = "Bearer " RUN "x"), REFUSAL_WRONG_TOKEN);
	/* Its token is withdrawn. */
	struct error err = {0};
	struct tokens *less = tokens_parse(file, strcspn(file, "\n"), "tokens", &err);

	guard_use_tokens(&s.guard, less);
	assert_int_equal(ASK(.cookie = s.cookie), REFUSAL_NO_SESSION);
	assert_int_equal(ASK(.authorization = "Bearer " RUN), REFUSAL_WRONG_TOKEN);
	assert_int_equal(guard_log_in(&s.guard, RUN, &s.who, s.cookie), REFUSAL_WRONG_TOKEN);
	assert_string_equal(s.who.name, "");
	tokens_free(less);
	end(&s);
}

static void
test_a_pass_holds_as_long_as_what_it_was_given_for(void **state)
{
	static const char other[] = "v view plain:" VIEW "\nr admin plain:" RUN "\n";
	struct error err = {0};
	struct set s;

	(void)state;
	begin(&s);
	log_in(&s);
	assert_int_equal(ASK(.authorization = "Bearer " VIEW), REFUSAL_COUNT);
	const struct guard_pass view = s.who.pass;

	assert_int_equal(ASK(.authorization = "Bearer " RUN), REFUSAL_COUNT);
	const struct guard_pass run = s.who.pass;

	assert_int_equal(ASK(.cookie = s.cookie), REFUSAL_COUNT);
	const struct guard_pass session = s.who.pass;

	assert_true(guard_pass_holds(&view) && guard_pass_holds(&run) && guard_pass_holds(&session));
	session_end(s.sessions, s.cookie, (char[SESSION_COOKIE_MAX]){0});
	assert_true(guard_pass_holds(&view) && guard_pass_holds(&run));
	assert_false(guard_pass_holds(&session));

	struct tokens *tokens = tokens_parse(other, strlen(other), "tokens", &err);

	guard_use_tokens(&s.guard, tokens); /* its role is another */
	assert_true(guard_pass_holds(&view));
	assert_false(guard_pass_holds(&run));
	guard_use_tokens(&s.guard, NULL);
	assert_false(guard_pass_holds(&view));
	tokens_free(tokens);
	end(&s);
}

static void
test_bodies_are_of_types_that_no_form_can_send(void **state)
{
	static const struct {
		const char *type;
		enum refusal json, profile;
	} types[] = {
		{"application/json", REFUSAL_COUNT, REFUSAL_COUNT},
		{"Application/JSON; charset=utf-8", REFUSAL_COUNT, REFUSAL_COUNT},
		{"application/yaml", REFUSAL_CONTENT_TYPE, REFUSAL_COUNT},
		{"application/x-yaml", REFUSAL_CONTENT_TYPE, REFUSAL_COUNT},
		{"text/plain", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{"text/plain; application/json", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{"application/jsonp", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{"application/x-www-form-urlencoded", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{"multipart/form-data; boundary=x", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{"", REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
		{NULL, REFUSAL_CONTENT_TYPE, REFUSAL_PROFILE_TYPE},
	};
	struct set s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct guard_ask ask = {.host = HOST,
			.method = "POST",
			.authorization = "Bearer " RUN,
			.content_type = types[i].type,
			.body_length = 2};

		assert_int_equal(admit(&s, ask), types[i].json);
		ask.body = GUARD_BODY_PROFILE;
		assert_int_equal(admit(&s, ask), types[i].profile);
	}
	/* A form without fields. */
	assert_int_equal(ASK(.method = "POST", .content_type = "application/x-www-form-urlencoded",
				 .authorization = "Bearer " RUN),
		REFUSAL_CONTENT_TYPE);
	assert_int_equal(ASK(.method = "POST", .authorization = "Bearer " RUN), REFUSAL_COUNT);
	end(&s);
}

static void
test_at_the_socket_everybody_is_admin(void **state)
{
	struct set s;

	(void)state;
	begin(&s);
	guard_init(&s.guard, &(struct guard_config){.is_unix = true});
	assert_int_equal(admit(&s, (struct guard_ask){.method = "POST", .needs = ROLE_ADMIN}), REFUSAL_COUNT);
	assert_string_equal(s.who.name, GUARD_LOCAL);
	assert_int_equal(s.who.role, ROLE_ADMIN);
	assert_int_equal(admit(&s, (struct guard_ask){.host = "whatever", .origin = "null"}), REFUSAL_COUNT);
	assert_int_equal(
		admit(&s, (struct guard_ask){.method = "POST", .content_type = "text/plain", .body_length = 1}),
		REFUSAL_CONTENT_TYPE);
	end(&s);
}

static void
test_without_tokens_nobody_comes_in_over_tcp(void **state)
{
	struct set s;

	(void)state;
	begin(&s);
	guard_init(&s.guard, &(struct guard_config){.names = &s.names});
	assert_int_equal(ASK(.authorization = "Bearer " RUN), REFUSAL_WRONG_TOKEN);
	assert_int_equal(ASK(.cookie = "brunt_session=0"), REFUSAL_NO_TOKEN);
	assert_int_equal(guard_log_in(&s.guard, RUN, &s.who, s.cookie), REFUSAL_WRONG_TOKEN);
	end(&s);
}

static void
test_every_refusal_has_a_status_and_a_sentence(void **state)
{
	(void)state;
	for (int i = 0; i < REFUSAL_COUNT; i++) {
		assert_true(refusal_rows[i].status >= 400 && refusal_rows[i].status < 600);
		assert_true(strlen(refusal_rows[i].sentence) > 10);
		assert_int_equal(strspn(refusal_rows[i].counter, "abcdefghijklmnopqrstuvwxyz_"),
			strlen(refusal_rows[i].counter));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(refusal_rows[i].counter, refusal_rows[j].counter);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_and_its_role_decide),
		cmocka_unit_test(test_what_foreign_pages_can_send_is_refused_whatever_they_show),
		cmocka_unit_test(test_a_session_stands_for_its_token),
		cmocka_unit_test(test_a_pass_holds_as_long_as_what_it_was_given_for),
		cmocka_unit_test(test_bodies_are_of_types_that_no_form_can_send),
		cmocka_unit_test(test_at_the_socket_everybody_is_admin),
		cmocka_unit_test(test_without_tokens_nobody_comes_in_over_tcp),
		cmocka_unit_test(test_every_refusal_has_a_status_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
