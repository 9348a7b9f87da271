#include "unit/plan/loading.h"

#include <stdio.h>
#include <stdlib.h>

#define LOAD "load: {steady: {rate: 1/s, for: 1s}}\n"
#define TARGET "target: {url: \"http://127.0.0.1:1\", auth: %s}\n" LOAD "requests: [{name: a, get: \"/?x=1\"%s}]\n"

static struct plan *
load_auth(const char *auth, const char *of_request)
{
	char text[600];

	setenv("BRUNT_TEST_SECRET", "open sesame", 1);
	snprintf(text, sizeof(text), TARGET, auth, of_request);
	return load(text);
}

/* "Name: value" of its headers, each on a line. */
static const char *
headers_of(const struct plan *plan)
{
	static char into[600];
	const struct plan_pair *pairs = plan->requests[0].headers.items;

	into[0] = '\0';
	for (size_t i = 0; i < plan->requests[0].headers.n; i++)
		snprintf(into + strlen(into), sizeof(into) - strlen(into), "%s: %s\n", pairs[i].name, pairs[i].value);
	return into;
}

static void
check_headers(const char *auth, const char *of_request, const char *wanted)
{
	struct plan *plan = load_auth(auth, of_request);

	assert_string_equal(headers_of(plan), wanted);
	plan_free(plan);
}

static void
check_refused(const char *auth, const char *words)
{
	char text[600], into[1400];

	snprintf(text, sizeof(text), TARGET, auth, "");
	const char *said = refusal_of(text, NULL, into, sizeof(into));

	if (strstr(said, words) == NULL)
		fail_msg("'%s' does not say '%s'", said, words);
}

#define SECRET "\"${env:BRUNT_TEST_SECRET}\""

/* RFC 7617 §2 has this very name and password. */
static void
test_basic_is_encoded_once_where_it_is_the_same_for_all(void **state)
{
	(void)state;
	check_headers("{basic: {user: Aladdin, password: " SECRET "}}", "",
		"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n");
}

static void
test_basic_with_slots_is_encoded_when_it_is_sent(void **state)
{
	struct plan *plan = load_auth("{basic: {user: \"u${seq}\", password: " SECRET "}}", "");

	(void)state;
	assert_string_equal(headers_of(plan), "Authorization: Basic ${basic}\n");
	assert_string_equal(plan->requests[0].basic, "u${seq}:open sesame");
	plan_free(plan);
}

static void
test_a_token_and_a_key_are_headers(void **state)
{
	(void)state;
	check_headers("{bearer: " SECRET "}", "", "Authorization: Bearer open sesame\n");
	check_headers("{api_key: {header: X-Key, value: " SECRET "}}", "", "X-Key: open sesame\n");
}

static void
test_a_key_in_the_query_is_encoded(void **state)
{
	struct plan *plan = load_auth("{api_key: {query: \"k&\", value: " SECRET "}}", "");

	(void)state;
	assert_string_equal(plan->requests[0].path, "/?x=1&k%26=open%20sesame");
	plan_free(plan);
}

static void
test_a_requests_own_goes_before_the_targets(void **state)
{
	(void)state;
	check_headers("{bearer: " SECRET "}", ", auth: off", "");
	check_headers("{bearer: " SECRET "}", ", auth: {bearer: \"${uuid}\"}", "Authorization: Bearer ${uuid}\n");
	check_headers("{bearer: " SECRET "}", ", headers: {authorization: mine}", "authorization: mine\n");
}

static void
test_secrets_are_in_nothing_that_is_shown(void **state)
{
	static const char *const forms[] = {"{basic: {user: a, password: " SECRET "}}", "{bearer: " SECRET "}",
		"{api_key: {query: k, value: " SECRET "}}"};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct plan *plan = load_auth(forms[i], "");

		assert_null(strstr(plan->effective_yaml, "sesame"));
		assert_null(strstr(plan->effective_json, "sesame"));
		assert_non_null(strstr(plan->effective_yaml, "${env:BRUNT_TEST_SECRET}"));
		plan_free(plan);
	}
}

static void
test_a_secret_in_the_profile_itself_is_refused(void **state)
{
	(void)state;
	check_refused("{basic: {user: a, password: sesame}}", "password: a secret has no place in a profile");
	check_refused("{bearer: sesame}", "bearer: a secret has no place in a profile");
	check_refused("{api_key: {header: X, value: sesame}}", "value: a secret has no place in a profile");
}

static void
test_what_cannot_be_sent_is_refused_in_words(void **state)
{
	(void)state;
	check_refused("{}", "write one of basic, bearer and api_key");
	check_refused("{bearer: " SECRET ", basic: {user: a, password: " SECRET "}}", "write one of");
	check_refused("{basic: {user: \"a:b\", password: " SECRET "}}", "holds a ':'");
	check_refused("{basic: {user: a}}", "password");
	check_refused("{api_key: {value: " SECRET "}}", "say where it is sent");
	check_refused("{api_key: {header: \"a b\", value: " SECRET "}}", "is not a header's name");
	check_refused("{send: off, bearer: " SECRET "}", "nothing is sent of it");
	check_refused("{bearrer: x}", "bearer");
	setenv("BRUNT_TEST_SECRET", "a\r\nX: y", 1);
	check_refused("{bearer: " SECRET "}", "line end or control character");
	setenv("BRUNT_TEST_SECRET", "", 1);
	check_refused("{bearer: " SECRET "}", "empty");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic_is_encoded_once_where_it_is_the_same_for_all),
		cmocka_unit_test(test_basic_with_slots_is_encoded_when_it_is_sent),
		cmocka_unit_test(test_a_token_and_a_key_are_headers),
		cmocka_unit_test(test_a_key_in_the_query_is_encoded),
		cmocka_unit_test(test_a_requests_own_goes_before_the_targets),
		cmocka_unit_test(test_secrets_are_in_nothing_that_is_shown),
		cmocka_unit_test(test_a_secret_in_the_profile_itself_is_refused),
		cmocka_unit_test(test_what_cannot_be_sent_is_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
