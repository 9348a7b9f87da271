#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "plan/url.h"

static const struct good {
	const char *text, *host, *unix_path;
	unsigned port;
	const char *path, *authority;
} good[] = {
	{"http://127.0.0.1:8080", "127.0.0.1", NULL, 8080, "", "127.0.0.1:8080"},
	{"http://example.org", "example.org", NULL, 80, "", "example.org"},
	{"http://example.org:80/", "example.org", NULL, 80, "", "example.org"},
	{"HTTP://example.org/api/v1/", "example.org", NULL, 80, "/api/v1", "example.org"},
	{"http://a_b-c.d:1/x%20y", "a_b-c.d", NULL, 1, "/x%20y", "a_b-c.d:1"},
	{"http://h:65535", "h", NULL, 65535, "", "h:65535"},
	{"http://[::1]", "::1", NULL, 80, "", "[::1]"},
	{"http://[2001:db8::1]:8080/api", "2001:db8::1", NULL, 8080, "/api", "[2001:db8::1]:8080"},
	{"http+unix://%2Frun%2Fx.sock/path", "localhost", "/run/x.sock", 0, "/path", "localhost"},
	{"http+unix://%2frun%2fx.sock", "localhost", "/run/x.sock", 0, "", "localhost"},
	{"http+unix:///run/x.sock", "localhost", "/run/x.sock", 0, "", "localhost"},
	{"http+unix:///run/x.sock:/api/", "localhost", "/run/x.sock", 0, "/api", "localhost"},
	{"http://unix:/run/x.sock:/path", "localhost", "/run/x.sock", 0, "/path", "localhost"},
	{"http://unix:/run/x.sock", "localhost", "/run/x.sock", 0, "", "localhost"},
	{"http://unix:8080/", "unix", NULL, 8080, "", "unix:8080"},
	{"https://h", "h", NULL, 443, "", "h"},
	{"https://h:443/", "h", NULL, 443, "", "h"},
	{"https://h:80/api", "h", NULL, 80, "/api", "h:80"},
	{"http://h:443", "h", NULL, 443, "", "h:443"},
	{"HTTPS://[::1]/x", "::1", NULL, 443, "/x", "[::1]"},
};

static void
test_every_form_of_a_url_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct arena arena;
		struct plan_url url;
		struct error err = {0};

		arena_init(&arena);
		if (!url_parse(&arena, good[i].text, &url, &err))
			fail_msg("%s: %s", good[i].text, err.message);
		assert_string_equal(url.text, good[i].text);
		bool is_tls = strncasecmp(good[i].text, "https", 5) == 0;

		assert_string_equal(url.scheme, is_tls ? "https" : "http");
		assert_int_equal(plan_url_is_tls(&url), is_tls);
		assert_string_equal(url.host, good[i].host);
		assert_int_equal(url.port, good[i].port);
		assert_string_equal(url.path, good[i].path);
		assert_string_equal(url.authority, good[i].authority);
		assert_int_equal(url.unix_path == NULL, good[i].unix_path == NULL);
		if (url.unix_path != NULL)
			assert_string_equal(url.unix_path, good[i].unix_path);
		arena_fini(&arena);
	}
}

static const struct bad {
	const char *text, *message;
} bad[] = {
	{"", "url: '' has no scheme; write http://"},
	{"127.0.0.1:8080", "url: '127.0.0.1:8080' has no scheme; write http://127.0.0.1:8080"},
	{"ftp://h", "url: the scheme of 'ftp://h' is neither http nor https"},
	{"https://", "url: there is no host; write http://HOST:PORT, such as http://127.0.0.1:8080"},
	{"http://", "url: there is no host; write http://HOST:PORT, such as http://127.0.0.1:8080"},
	{"http://:80", "url: there is no host; write http://HOST:PORT, such as http://127.0.0.1:8080"},
	{"http://h:0", "url: '0' is not a port from 1 to 65535"},
	{"http://h:65536", "url: '65536' is not a port from 1 to 65535"},
	{"http://h:http", "url: 'http' is not a port from 1 to 65535"},
	{"http://h:", "url: '' is not a port from 1 to 65535"},
	{"http://me:secret@h",
		"url: a user name has no place in a URL; send it as a header: {Authorization: \"Basic ...\"}"},
	{"http://::1:80", "url: there is no host; write http://HOST:PORT, such as http://127.0.0.1:8080"},
	{"http://fe80::1", "url: an IPv6 address stands in brackets; write http://[::1]:8080"},
	{"http://[::1", "url: the '[' of an IPv6 address is not closed; write http://[::1]:8080"},
	{"http://[::g]", "url: '::g' is not an IPv6 address"},
	{"http://[::1]8080", "url: after ']' comes :PORT; write http://[::1]:8080"},
	{"http://h a", "url: a character that no URL may hold; write it as %20"},
	{"http://caf\xc3\xa9", "url: a character that no URL may hold; write it as %C3"},
	{"http://h/?a=b", "url: '?' and '#' have no place here; write the query into the paths of the requests"},
	{"http://h!/", "url: 'h!' is not a host name; write a name, an IPv4 address or an IPv6 address in [ ]"},
	{"http+unix://run%2Fx", "url: the socket's path must be absolute; write http://unix:/run/x.sock:/path"},
	{"http+unix://%2Frun%2", "url: '%2' is not a byte in %XX form"},
	{"http+unix://%2Frun%00", "url: '%00' is not a byte in %XX form"},
	{"http+unix://", "url: the socket's path must be absolute; write http://unix:/run/x.sock:/path"},
};

static void
test_every_mistake_in_a_url_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena arena;
		struct plan_url url;
		struct error err = {0};

		arena_init(&arena);
		assert_false(url_parse(&arena, bad[i].text, &url, &err));
		assert_string_equal(err.message, bad[i].message);
		arena_fini(&arena);
	}
}

static void
test_a_socket_path_longer_than_the_system_takes_is_refused(void **state)
{
	(void)state;
	char text[256];

	for (int extra = 0; extra < 2; extra++) {
		struct arena arena;
		struct plan_url url;
		struct error err = {0};

		/* 107 bytes and the NUL fill sun_path. */
		snprintf(text, sizeof(text), "http://unix:/%0*d", 106 + extra, 0);
		arena_init(&arena);
		assert_int_equal(url_parse(&arena, text, &url, &err), extra == 0);
		arena_fini(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form_of_a_url_is_understood),
		cmocka_unit_test(test_every_mistake_in_a_url_is_named),
		cmocka_unit_test(test_a_socket_path_longer_than_the_system_takes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
