#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/proxy_status.h"

static bool
is_own(const char *value)
{
	return proxy_status_is_own(value, strlen(value));
}

static void
test_what_the_proxy_says_of_itself_is_its_own(void **state)
{
	(void)state;
	assert_true(is_own("cache.test; error=proxy_internal_error"));
	assert_true(is_own("cache.test;error=http_request_denied; details=\"no; error=dns_error\""));
	assert_true(is_own("\"a; b\" ; Error=Proxy_Loop_Detected"));
	assert_true(is_own("near.test, far.test; next-hop=\"x\"; error=connection_limit_reached"));
}

static void
test_what_it_says_of_others_is_not(void **state)
{
	(void)state;
	assert_false(is_own(""));
	assert_false(is_own("cache.test"));
	assert_false(is_own("cache.test; error=connection_refused"));
	assert_false(is_own("cache.test; error=proxy_internal_errors"));
	assert_false(is_own("cache.test; error"));
	assert_false(is_own("cache.test; error="));
	assert_false(is_own("cache.test; details=\"; error=proxy_internal_error\""));
	assert_false(is_own("cache.test; details=\"\\\"; error=proxy_internal_error"));
	assert_false(is_own("cache.test; terror=proxy_internal_error"));
	assert_false(is_own("error=proxy_internal_error"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_proxy_says_of_itself_is_its_own),
		cmocka_unit_test(test_what_it_says_of_others_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
