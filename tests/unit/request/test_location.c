#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/check.h"
#include "request/location.h"

static const struct plan_url plain = {.scheme = "http", .host = "a", .port = 80, .authority = "a"};
static const struct plan_url odd = {.scheme = "https", .host = "::1", .port = 8443, .authority = "[::1]:8443"};

static void
check(const struct plan_url *origin, const char *base, const char *text, const char *wanted)
{
	char into[LOCATION_MAX + 1];
	size_t length;
	enum location found = location_resolve(origin, base, strlen(base), text, strlen(text), into, &length);

	into[length] = '\0';
	const char *said = found == LOCATION_ELSEWHERE ? "elsewhere" : found == LOCATION_NOWHERE ? "nowhere" : into;

	if (strcmp(said, wanted) != 0)
		fail_msg("'%s' from '%s' is '%s', not '%s'", text, base, said, wanted);
}

/* The examples of RFC 3986 §5.4, whose base is http://a/b/c/d;p?q, but for what another scheme or fragment says. */
static void
test_references_are_resolved_as_rfc_3986_says(void **state)
{
	static const char *const rows[][2] = {
		{"g", "/b/c/g"},
		{"./g", "/b/c/g"},
		{"g/", "/b/c/g/"},
		{"/g", "/g"},
		{"?y", "/b/c/d;p?y"},
		{"g?y", "/b/c/g?y"},
		{"#s", "/b/c/d;p?q"},
		{"g#s", "/b/c/g"},
		{"g?y#s", "/b/c/g?y"},
		{";x", "/b/c/;x"},
		{"g;x", "/b/c/g;x"},
		{"", "/b/c/d;p?q"},
		{".", "/b/c/"},
		{"./", "/b/c/"},
		{"..", "/b/"},
		{"../", "/b/"},
		{"../g", "/b/g"},
		{"../..", "/"},
		{"../../", "/"},
		{"../../g", "/g"},
		{"../../../g", "/g"},
		{"../../../../g", "/g"},
		{"/./g", "/g"},
		{"/../g", "/g"},
		{"g.", "/b/c/g."},
		{".g", "/b/c/.g"},
		{"g..", "/b/c/g.."},
		{"..g", "/b/c/..g"},
		{"./../g", "/b/g"},
		{"./g/.", "/b/c/g/"},
		{"g/./h", "/b/c/g/h"},
		{"g/../h", "/b/c/h"},
		{"g;x=1/./y", "/b/c/g;x=1/y"},
		{"g;x=1/../y", "/b/c/y"},
		{"g?y/./x", "/b/c/g?y/./x"},
		{"g?y/../x", "/b/c/g?y/../x"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&plain, "/b/c/d;p?q", rows[i][0], rows[i][1]);
}

static void
test_only_the_same_origin_is_here(void **state)
{
	(void)state;
	check(&plain, "/x", "http://a/y?z#f", "/y?z");
	check(&plain, "/x", "HTTP://A:80/y", "/y");
	check(&plain, "/x", "http://a", "/");
	check(&plain, "/x", "http://a:/y", "/y");
	check(&plain, "/x", "//a/y", "/y");
	check(&plain, "/x", "http://a:81/y", "elsewhere");
	check(&plain, "/x", "http://b/y", "elsewhere");
	check(&plain, "/x", "http://a.b/y", "elsewhere");
	check(&plain, "/x", "//b/y", "elsewhere");
	check(&plain, "/x", "https://a/y", "elsewhere");
	check(&plain, "/x", "mailto:a@b", "elsewhere");
	check(&plain, "/x", "http://a@b/y", "elsewhere");
	check(&odd, "/x", "https://[::1]:8443/y", "/y");
	check(&odd, "/x", "https://[::1]/y", "elsewhere");
	check(&odd, "/x", "http://[::1]:8443/y", "elsewhere");
	check(&plain, "/x", "http:y", "nowhere");
}

static void
test_what_no_request_line_holds_is_encoded_or_refused(void **state)
{
	char large[LOCATION_MAX + 10];

	(void)state;
	check(&plain, "/x", "/caf\xc3\xa9 b", "/caf%C3%A9%20b");
	check(&plain, "/x", "/a\r\nX: y", "nowhere");
	memset(large, 'a', sizeof(large) - 1);
	large[0] = '/';
	large[sizeof(large) - 1] = '\0';
	check(&plain, "/x", large, "nowhere");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references_are_resolved_as_rfc_3986_says),
		cmocka_unit_test(test_only_the_same_origin_is_here),
		cmocka_unit_test(test_what_no_request_line_holds_is_encoded_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
