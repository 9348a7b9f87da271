#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/address.h"

static void
resolve(const struct plan_url *url, struct addresses *addresses)
{
	struct error err = {0};

	if (!addresses_resolve(url, addresses, &err))
		fail_msg("%s", err.message);
}

static void
check_numeric(const char *host, uint16_t port, const char *expected)
{
	const struct plan_url url = {.host = host, .port = port};
	struct addresses addresses;
	char text[128];

	resolve(&url, &addresses);
	assert_int_equal(addresses.n, 1);
	assert_string_equal(address_text(&addresses.list[0], text, sizeof(text)), expected);
}

static void
check_refused(const struct plan_url *url, const char *words)
{
	struct addresses addresses;
	struct error err = {0};

	assert_false(addresses_resolve(url, &addresses, &err));
	if (strstr(err.message, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.message, words);
	assert_int_equal(addresses.n, 0);
}

static void
test_numeric_hosts_need_no_name_server(void **context)
{
	(void)context;
	check_numeric("127.0.0.1", 8080, "127.0.0.1:8080");
	check_numeric("192.0.2.7", 65535, "192.0.2.7:65535");
	check_numeric("::1", 80, "[::1]:80");
	check_numeric("2001:db8::5", 443, "[2001:db8::5]:443");
}

static void
test_name_gives_each_address_once(void **context)
{
	(void)context;
	const struct plan_url url = {.host = "localhost", .port = 80};
	struct addresses addresses;

	resolve(&url, &addresses);
	assert_in_range(addresses.n, 1, ADDRESSES_MAX);
	for (size_t i = 0; i < addresses.n; i++)
		for (size_t other = 0; other < i; other++)
			assert_true(addresses.list[i].length != addresses.list[other].length ||
				    memcmp(&addresses.list[i].any, &addresses.list[other].any,
					    addresses.list[i].length) != 0);
}

static void
test_unix_path_is_an_address(void **context)
{
	(void)context;
	const struct plan_url url = {.host = "localhost", .unix_path = "/run/x.sock"};
	struct addresses addresses;
	char text[128];

	resolve(&url, &addresses);
	assert_int_equal(addresses.n, 1);
	assert_int_equal(addresses.list[0].any.sa_family, AF_UNIX);
	assert_string_equal(address_text(&addresses.list[0], text, sizeof(text)), "/run/x.sock");
}

static void
test_unix_path_that_the_kernel_cannot_take_is_refused(void **context)
{
	(void)context;
	char path[110];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	check_refused(&(struct plan_url){.unix_path = path}, "1 to 107 bytes");
	check_refused(&(struct plan_url){.unix_path = ""}, "1 to 107 bytes");
	path[107] = '\0';
	struct addresses addresses;

	resolve(&(struct plan_url){.unix_path = path}, &addresses);
}

/* .invalid never resolves (RFC 6761); without any name server it says that instead. */
static void
test_name_that_does_not_exist_is_named(void **context)
{
	(void)context;
	check_refused(&(struct plan_url){.host = "brunt-test.invalid", .port = 80}, "'brunt-test.invalid'");
	check_refused(&(struct plan_url){.host = "brunt-test.invalid", .port = 80}, "target.url: ");
}

static void
test_text_is_cut_to_size(void **context)
{
	(void)context;
	const struct plan_url url = {.host = "127.0.0.1", .port = 8080};
	struct addresses addresses;
	char text[8];

	resolve(&url, &addresses);
	assert_string_equal(address_text(&addresses.list[0], text, sizeof(text)), "127.0.0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric_hosts_need_no_name_server),
		cmocka_unit_test(test_name_gives_each_address_once),
		cmocka_unit_test(test_unix_path_is_an_address),
		cmocka_unit_test(test_unix_path_that_the_kernel_cannot_take_is_refused),
		cmocka_unit_test(test_name_that_does_not_exist_is_named),
		cmocka_unit_test(test_text_is_cut_to_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
