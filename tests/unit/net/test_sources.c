#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/sources.h"

static const struct plan_address v4[] = {{.bytes = {127, 0, 0, 2}}, {.bytes = {127, 0, 0, 3}}};
static const struct plan_address both[] = {{.bytes = {127, 0, 0, 2}}, {.is_v6 = true, .bytes = {[15] = 1}}};

static void
open_sources(struct sources *sources, const struct plan_address *list, size_t n)
{
	struct error err = {0};

	if (!sources_init(sources, &(struct plan_list){.items = (void *)list, .n = n}, &err))
		fail_msg("%s", err.message);
}

static void
assert_pick(struct sources *sources, const struct address *to, const char *wanted)
{
	const struct address *from = sources_pick(sources, to);
	char text[ADDRESS_TEXT_MAX];

	assert_string_equal(from != NULL ? address_text(from, text, sizeof(text)) : "none", wanted);
}

static void
test_sources_take_turns(void **state)
{
	struct address to = address_of_plan(&v4[0], 80);
	struct sources sources;

	(void)state;
	open_sources(&sources, v4, 2);
	for (int i = 0; i < 3; i++) {
		assert_pick(&sources, &to, "127.0.0.2:0");
		assert_pick(&sources, &to, "127.0.0.3:0");
	}
	sources_fini(&sources);
}

static void
test_a_source_is_of_the_family_that_is_connected_to(void **state)
{
	struct address to_v4 = address_of_plan(&both[0], 80), to_v6 = address_of_plan(&both[1], 80);
	struct addresses addresses = {.n = 2, .list = {to_v4, to_v6}};
	struct sources sources;

	(void)state;
	open_sources(&sources, both, 2);
	assert_pick(&sources, &to_v6, "[::1]:0");
	assert_pick(&sources, &to_v4, "127.0.0.2:0");
	sources_filter(&sources, &addresses);
	assert_int_equal(addresses.n, 2);
	sources_fini(&sources);

	open_sources(&sources, v4, 2);
	assert_pick(&sources, &to_v6, "none");
	sources_filter(&sources, &addresses);
	assert_int_equal(addresses.n, 1);
	assert_true(address_equal(&addresses.list[0], &to_v4));
	sources_fini(&sources);
}

static void
test_without_sources_the_kernel_chooses(void **state)
{
	struct address to = address_of_plan(&both[1], 80);
	struct addresses addresses = {.n = 1, .list = {to}};
	struct sources sources;

	(void)state;
	open_sources(&sources, NULL, 0);
	assert_pick(&sources, &to, "none");
	sources_filter(&sources, &addresses);
	assert_int_equal(addresses.n, 1);
	sources_fini(&sources);
}

static void
test_an_address_of_another_machine_is_no_source(void **state)
{
	static const struct plan_address elsewhere[] = {{.bytes = {127, 0, 0, 2}}, {.bytes = {192, 0, 2, 1}}};
	struct error err = {0};
	struct sources sources;

	(void)state;
	assert_false(sources_init(&sources, &(struct plan_list){.items = (void *)elsewhere, .n = 2}, &err));
	assert_non_null(strstr(err.message, "192.0.2.1 is no address of this machine"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources_take_turns),
		cmocka_unit_test(test_a_source_is_of_the_family_that_is_connected_to),
		cmocka_unit_test(test_without_sources_the_kernel_chooses),
		cmocka_unit_test(test_an_address_of_another_machine_is_no_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
