#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/httpd/fixture.h"

#include "base/check.h"
#include "daemon/assets.h"

extern const char daemon_page[], daemon_page_end[], daemon_page_etag[], daemon_page_policy[];

/* One request of a client, answered by the assets or not. */
static bool
ask(struct fixture *f, const char *text, const char *expected)
{
	struct assets *assets = assets_new();
	int fd;

	open_with(f, &httpd_default_limits);
	fd = client(f);
	say(fd, text);
	turn_until_held(f, 1);
	bool is_answered = assets_answer(assets, f->held[0]);

	if (is_answered)
		turn_until(f, fd, expected);
	else
		httpd_drop(f->held[0]);
	close(fd);
	close_all(f);
	assets_free(assets);
	return is_answered;
}

static void
test_the_page_names_what_may_run_in_it(void **state)
{
	(void)state;
	struct fixture f;

	assert_true(ask(&f, "HEAD / HTTP/1.1\r\nHost: t\r\n\r\n", "\r\n\r\n"));
	assert_non_null(strstr(f.got, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(f.got, "Content-Type: text/html; charset=utf-8\r\n"));
	assert_non_null(strstr(f.got, "Content-Security-Policy: default-src 'none'; script-src 'sha256-"));
	assert_non_null(strstr(f.got, "frame-ancestors 'none'\r\n"));
	assert_non_null(strstr(f.got, daemon_page_etag));
	assert_null(strstr(f.got, "unsafe"));
	assert_non_null(strstr(daemon_page, daemon_page_policy)); /* the same as the page says of itself */
	assert_null(strstr(daemon_page, "@SCRIPT@"));
}

static void
test_what_a_browser_has_is_not_sent_again(void **state)
{
	(void)state;
	struct fixture f;
	char text[256];

	snprintf(text, sizeof(text), "GET /?x=1 HTTP/1.1\r\nHost: t\r\nIf-None-Match: \"old\", W/%s\r\n\r\n",
		daemon_page_etag);
	assert_true(ask(&f, text, "\r\n\r\n"));
	assert_non_null(strstr(f.got, "HTTP/1.1 304 "));
	assert_null(strstr(f.got, "<!doctype"));
}

static void
test_an_asset_is_sent_whole(void **state)
{
	(void)state;
	struct fixture f;

	assert_true(ask(&f, GET("/icon.svg"), "</svg>"));
	assert_non_null(strstr(f.got, "Content-Type: image/svg+xml\r\n"));
	assert_non_null(strstr(f.got, "X-Content-Type-Options: nosniff\r\n"));
}

static void
test_nothing_but_looking_is_done_with_an_asset(void **state)
{
	(void)state;
	struct fixture f;

	assert_true(ask(&f, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n", "\r\n\r\n"));
	assert_non_null(strstr(f.got, "HTTP/1.1 405 "));
	assert_non_null(strstr(f.got, "Allow: GET, HEAD\r\n"));
}

static void
test_other_paths_are_somebody_elses(void **state)
{
	(void)state;
	static const char *const others[] = {
		GET("/x"), GET("//"), GET("/icon.svg/"), GET("/api/v1/runs"), GET("/ICON.SVG")};
	struct fixture f;

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(ask(&f, others[i], NULL));
}

static void
test_tags_are_compared_weakly_and_whole(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool is_current;
	} rows[] = {
		{NULL, false},
		{"", false},
		{"\"abc\"", true},
		{"W/\"abc\"", true},
		{" \"x\" ,\t\"abc\"", true},
		{"*", true},
		{"\"ab\"", false},
		{"\"abcd\"", false},
		{"abc", false},
		{"\"abc", false},
		{"\"x\", abc\"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(assets_is_current(rows[i].header, "\"abc\""), rows[i].is_current);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_names_what_may_run_in_it),
		cmocka_unit_test(test_what_a_browser_has_is_not_sent_again),
		cmocka_unit_test(test_an_asset_is_sent_whole),
		cmocka_unit_test(test_nothing_but_looking_is_done_with_an_asset),
		cmocka_unit_test(test_other_paths_are_somebody_elses),
		cmocka_unit_test(test_tags_are_compared_weakly_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
