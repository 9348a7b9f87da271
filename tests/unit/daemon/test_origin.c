#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/origin.h"

static struct origin_names
names_of(const char *url, const char *more)
{
	struct origin_names names;
	struct error err = {0};

	if (!origin_names_init(&names, url, &more, more != NULL, &err))
		fail_msg("%s", err.message);
	return names;
}

static void
test_hosts_are_read_in_one_form(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		bool is_address;
	} good[] = {
		{"Brunt.Example.COM", "brunt.example.com", 0, false},
		{"brunt.example.com.:8080", "brunt.example.com", 8080, false},
		{"127.0.0.1:80", "127.0.0.1", 80, true},
		{"[0:0::0:1]:8080", "::1", 8080, true},
		{"[2001:DB8::1]", "2001:db8::1", 0, true},
		{"a-b_c.d", "a-b_c.d", 0, false},
	};
	static const char *const bad[] = {"", ":80", "a:", "a:0", "a:65536", "a:80x", "a:8 0", "a b", "a/b", "a@b",
		"user@a", "[::1", "[::1]x", "[127.0.0.1]", "::1", ".a", "a,b", "a%2eb", "\xc3\xa4.test", "[]", "[]:80",
		"a..", "a..b", ".", "127.0.0.1.", "127.1", "2130706433", "0x7f000001", "a.0x7f"};
	struct authority authority;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!authority_parse(good[i].text, &authority))
			fail_msg("%s is refused", good[i].text);
		assert_string_equal(authority.host, good[i].host);
		assert_int_equal(authority.port, good[i].port);
		assert_int_equal(authority.is_address, good[i].is_address);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (authority_parse(bad[i], &authority))
			fail_msg("'%s' is taken as %s", bad[i], authority.host);
}

static void
test_on_loopback_only_names_of_loopback_are_ours(void **state)
{
	const struct origin_names names = names_of("http://127.0.0.1:8080", NULL);

	(void)state;
	assert_true(origin_is_ours(&names, "127.0.0.1:8080") && origin_is_ours(&names, "localhost:8080"));
	assert_true(origin_is_ours(&names, "[::1]:8080") && origin_is_ours(&names, "LOCALHOST.:8080"));
	assert_false(origin_is_ours(&names, "127.0.0.1") || origin_is_ours(&names, "127.0.0.1:8081"));
	/* What somebody has made to stand for 127.0.0.1. */
	assert_false(
		origin_is_ours(&names, "evil.example:8080") || origin_is_ours(&names, "localhost.evil.example:8080"));
	assert_false(
		origin_is_ours(&names, "127.0.0.1.evil.example:8080") || origin_is_ours(&names, "192.168.1.1:8080"));
	assert_false(origin_is_ours(&names, NULL) || origin_is_ours(&names, ""));
}

static void
test_the_usual_port_need_not_be_said(void **state)
{
	const struct origin_names plain = names_of("http://192.0.2.1:80", NULL),
				  tls = names_of("https://192.0.2.1:443", NULL);

	(void)state;
	assert_true(origin_is_ours(&plain, "192.0.2.1") && origin_is_ours(&plain, "192.0.2.1:80"));
	assert_true(origin_is_ours(&tls, "192.0.2.1") && origin_is_ours(&tls, "192.0.2.1:443"));
	assert_false(origin_is_ours(&plain, "192.0.2.1:443") || origin_is_ours(&tls, "192.0.2.1:80"));
	assert_false(origin_is_ours(&plain, "localhost"));
}

static void
test_on_all_addresses_any_address_is_ours_and_no_name(void **state)
{
	static const char *const wildcards[] = {"https://0.0.0.0:8443", "https://[::]:8443"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct origin_names names = names_of(wildcards[i], "brunt.example.com");

		assert_true(origin_is_ours(&names, "192.0.2.7:8443") && origin_is_ours(&names, "[2001:db8::7]:8443"));
		assert_true(origin_is_ours(&names, "localhost:8443") && origin_is_ours(&names, "brunt.example.com"));
		assert_true(origin_is_ours(&names, "brunt.example.com:8443"));
		assert_false(origin_is_ours(&names, "192.0.2.7") || origin_is_ours(&names, "evil.example:8443"));
		assert_false(origin_is_ours(&names, "localhost"));
	}
}

static void
test_a_name_with_a_port_is_of_that_port(void **state)
{
	const struct origin_names names = names_of("https://192.0.2.1:8443", "brunt.example.com:443");

	(void)state;
	assert_true(origin_is_ours(&names, "brunt.example.com"));
	assert_false(origin_is_ours(&names, "brunt.example.com:8443"));
}

static void
test_an_origin_is_the_page_that_was_loaded_from_here(void **state)
{
	const struct origin_names plain = names_of("http://127.0.0.1:8080", "brunt.example.com"),
				  tls = names_of("https://192.0.2.1:443", NULL);

	(void)state;
	assert_true(origin_is_same(&plain, "http://127.0.0.1:8080", "127.0.0.1:8080"));
	assert_true(origin_is_same(&tls, "https://192.0.2.1", "192.0.2.1:443"));
	/* Behind a proxy that speaks TLS. */
	assert_true(origin_is_same(&plain, "https://brunt.example.com", "brunt.example.com"));
	assert_false(origin_is_same(&plain, "http://localhost:8080", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "http://127.0.0.1:8081", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "http://127.0.0.1", "127.0.0.1:8080"));
	assert_false(origin_is_same(&tls, "http://192.0.2.1:443", "192.0.2.1:443"));
	assert_false(origin_is_same(&plain, "null", "127.0.0.1:8080") || origin_is_same(&plain, "", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "file://", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "chrome-extension://127.0.0.1:8080", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "http://127.0.0.1:8080/", "127.0.0.1:8080"));
	assert_false(origin_is_same(&plain, "http://evil.example", NULL));
}

static void
test_names_are_checked_and_bounded(void **state)
{
	const char *many[ORIGIN_NAMES_MAX];
	const char *wrong = "https://brunt.example.com";
	struct origin_names names;
	struct error err = {0};

	(void)state;
	assert_false(origin_names_init(&names, "http://127.0.0.1:1", &wrong, 1, &err));
	assert_string_equal(err.message,
		"'https://brunt.example.com' is no name; write brunt.example.com or brunt.example.com:8443");
	for (size_t i = 0; i < ORIGIN_NAMES_MAX; i++)
		many[i] = "a.test";
	err = (struct error){0};
	assert_false(origin_names_init(&names, "http://127.0.0.1:1", many, ORIGIN_NAMES_MAX, &err));
	assert_string_equal(err.message, "more than 64 names");
	err = (struct error){0};
	assert_false(origin_names_init(&names, "unix:/run/x.sock", NULL, 0, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts_are_read_in_one_form),
		cmocka_unit_test(test_on_loopback_only_names_of_loopback_are_ours),
		cmocka_unit_test(test_the_usual_port_need_not_be_said),
		cmocka_unit_test(test_on_all_addresses_any_address_is_ours_and_no_name),
		cmocka_unit_test(test_a_name_with_a_port_is_of_that_port),
		cmocka_unit_test(test_an_origin_is_the_page_that_was_loaded_from_here),
		cmocka_unit_test(test_names_are_checked_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
