#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/check.h"
#include "request/cookie_jar.h"

#define NOW 1000000000 /* 2001-09-09T01:46:40Z */

static const struct cookie_origin plain = {"www.example.com", false}, tls = {"www.example.com", true};

struct bench {
	char bytes[COOKIE_JAR_MAX];
	struct cookie_jar jar;
};

static void
bench_init(struct bench *b)
{
	b->jar = (struct cookie_jar){.bytes = b->bytes};
}

static void
keep_at(struct bench *b, const char *field, const char *path, int64_t now_s)
{
	struct cookie cookie;
	size_t length = cookie_default_path(path, strlen(path));

	if (cookie_parse(&cookie, field, strlen(field)))
		assert_true(cookie_jar_keep(&b->jar, &cookie, &tls, path, length, now_s));
}

static void
keep(struct bench *b, const char *field)
{
	keep_at(b, field, "/", NOW);
}

static void
check_sent(
	const struct bench *b, const struct cookie_origin *origin, const char *path, int64_t now_s, const char *wanted)
{
	char into[COOKIE_JAR_MAX + 1];

	*cookie_jar_put(&b->jar, origin, path, strlen(path), now_s, into) = '\0';
	assert_string_equal(into, wanted);
}

/* RFC 6265 §5.1.4. */
static void
test_a_cookie_is_sent_to_its_path_and_what_is_below(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	keep(&b, "a=1; Path=/shop");
	keep(&b, "b=2; Path=/shop/");
	keep(&b, "c=3; Path=/");
	check_sent(&b, &plain, "/", NOW, "c=3");
	check_sent(&b, &plain, "/shop", NOW, "a=1; c=3");
	check_sent(&b, &plain, "/shop?x=/shop/", NOW, "a=1; c=3");
	check_sent(&b, &plain, "/shop/", NOW, "b=2; a=1; c=3");
	check_sent(&b, &plain, "/shop/cart?id=1", NOW, "b=2; a=1; c=3");
	check_sent(&b, &plain, "/shopping", NOW, "c=3");
}

static void
test_the_path_of_the_request_is_the_default(void **state)
{
	static const struct {
		const char *path, *wanted;
	} rows[] = {{"/", "/"}, {"/a", "/"}, {"/a/", "/a"}, {"/a/b", "/a"}, {"/a/b/?x=/y/z", "/a/b"}, {"/a?/b/", "/"},
		{"", ""}, {"*", ""}};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(cookie_default_path(rows[i].path, strlen(rows[i].path)), strlen(rows[i].wanted));
		assert_memory_equal(rows[i].path, rows[i].wanted, strlen(rows[i].wanted));
	}
	bench_init(&b);
	keep_at(&b, "a=1", "/account/login", NOW);
	keep_at(&b, "b=1; Path=relative", "/account/login", NOW);
	check_sent(&b, &plain, "/account/me", NOW, "a=1; b=1");
	check_sent(&b, &plain, "/", NOW, "");
}

static void
test_one_name_may_be_kept_for_several_paths(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	keep(&b, "a=root; Path=/");
	keep(&b, "a=deep; Path=/x/y");
	keep(&b, "a=middle; Path=/x");
	check_sent(&b, &plain, "/x/y", NOW, "a=deep; a=middle; a=root");
	keep(&b, "a=; Path=/x; Max-Age=0");
	check_sent(&b, &plain, "/x/y", NOW, "a=deep; a=root");
}

static void
test_cookies_end_when_they_say(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	keep(&b, "a=1; Max-Age=10");
	keep(&b, "b=1; Expires=Sun, 09 Sep 2001 01:46:45 GMT");
	keep(&b, "c=1; Expires=Sun, 09 Sep 2001 01:46:45 GMT; Max-Age=20");
	keep(&b, "d=1; Max-Age=x");
	check_sent(&b, &plain, "/", NOW + 4, "a=1; b=1; c=1; d=1");
	check_sent(&b, &plain, "/", NOW + 5, "a=1; c=1; d=1");
	check_sent(&b, &plain, "/", NOW + 10, "c=1; d=1");
	check_sent(&b, &plain, "/", NOW + 1000000, "d=1");
	keep_at(&b, "d=; expires=Thu, 01-Jan-1970 00:00:00 GMT", "/", NOW + 30);
	check_sent(&b, &plain, "/", NOW + 1000000, "");
}

/* Forms of RFC 6265 §5.1.1's date that servers write. */
static void
test_dates_are_read_in_whatever_form(void **state)
{
	static const char *const same[] = {"Sun, 09 Sep 2001 01:46:40 GMT", "Sun, 09-Sep-2001 01:46:40 GMT",
		"Sunday, 09-Sep-01 01:46:40 GMT", "Sun Sep  9 01:46:40 2001", "9 september 2001 1:46:40",
		"01:46:40 2001 9 sep", "2001 sep 09 01:46:40 and more"};
	static const char *const none[] = {"", "yesterday", "Sun, 31 Feb 2001 01:46:40 GMT",
		"Sun, 09 Sep 2001 24:00:00 GMT", "Sun, 09 Sep 2001", "Sun, 09 Sep 1600 01:46:40 GMT",
		"Sun, 29 Feb 1900 00:00:00 GMT", "Sun, 00 Sep 2001 01:46:40 GMT", "09 Sep 20011 01:46:40"};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		assert_true(cookie_parse_date(same[i], strlen(same[i]), &seconds));
		assert_int_equal(seconds, NOW);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (cookie_parse_date(none[i], strlen(none[i]), &seconds))
			fail_msg("'%s' is %lld", none[i], (long long)seconds);
	assert_true(cookie_parse_date("29 Feb 2000 00:00:00", 20, &seconds));
	assert_int_equal(seconds, 951782400);
	assert_true(cookie_parse_date("1 Jan 1601 00:00:00", 19, &seconds));
	assert_int_equal(seconds, INT64_C(-11644473600));
}

static void
test_secure_cookies_go_over_tls_alone(void **state)
{
	struct cookie cookie;
	struct bench b;

	(void)state;
	bench_init(&b);
	keep(&b, "a=1; Secure");
	keep(&b, "b=1");
	check_sent(&b, &tls, "/", NOW, "a=1; b=1");
	check_sent(&b, &plain, "/", NOW, "b=1");
	bench_init(&b);
	assert_true(cookie_parse(&cookie, "a=1; secure", 11));
	assert_true(cookie_jar_keep(&b.jar, &cookie, &plain, "/", 1, NOW));
	assert_int_equal(b.jar.length, 0);
}

static void
test_cookies_for_other_hosts_are_not_kept(void **state)
{
	static const struct {
		const char *host, *field;
		bool is_kept;
	} rows[] = {
		{"www.example.com", "a=1; Domain=example.com", true},
		{"www.example.com", "a=1; Domain=.EXAMPLE.com", true},
		{"www.example.com", "a=1; Domain=www.example.com", true},
		{"www.example.com", "a=1; Domain=", true},
		{"www.example.com", "a=1; Domain=ample.com", false},
		{"www.example.com", "a=1; Domain=other.com", false},
		{"www.example.com", "a=1; Domain=a.www.example.com", false},
		{"127.0.0.1", "a=1; Domain=127.0.0.1", true},
		{"127.0.0.1", "a=1; Domain=0.0.1", false},
		{"::1", "a=1; Domain=1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cookie cookie;
		struct bench b;

		bench_init(&b);
		assert_true(cookie_parse(&cookie, rows[i].field, strlen(rows[i].field)));
		assert_true(
			cookie_jar_keep(&b.jar, &cookie, &(struct cookie_origin){rows[i].host, false}, "/", 1, NOW));
		assert_int_equal(b.jar.length > 0, rows[i].is_kept);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cookie_is_sent_to_its_path_and_what_is_below),
		cmocka_unit_test(test_the_path_of_the_request_is_the_default),
		cmocka_unit_test(test_one_name_may_be_kept_for_several_paths),
		cmocka_unit_test(test_cookies_end_when_they_say),
		cmocka_unit_test(test_dates_are_read_in_whatever_form),
		cmocka_unit_test(test_secure_cookies_go_over_tls_alone),
		cmocka_unit_test(test_cookies_for_other_hosts_are_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
