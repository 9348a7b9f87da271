#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net/gate.h"
#include "unit/net/client.h"

static int
shut(void **context)
{
	gate_open();
	return unsetenv(ALLOW_VARIABLE) != 0 || end_loop(context) != 0;
}

#define GATE_TEST(f) cmocka_unit_test_setup_teardown(f, start_loop, shut)

static void
narrow(const char *text)
{
	struct error err = {0};

	if (!gate_set(text, &err))
		fail_msg("%s", err.message);
}

static enum stream_result
connect_by(struct client *c, const struct stream_way *way, enum failure *failure)
{
	*c = (struct client){.failure = FAILURE_COUNT};
	buf_init(&c->received, RECEIVED_CEILING);
	*failure = FAILURE_COUNT;
	return stream_connect(&c->stream, &loop, way, &events, failure);
}

static void
test_a_connection_that_is_not_allowed_is_never_begun(void **context)
{
	(void)context;
	struct address address;
	int listener = peer_listen(AF_INET, 8, &address);
	struct client c;
	enum failure failure;

	narrow("10.0.0.0/8");
	assert_int_equal(connect_by(&c, &(struct stream_way){.to = &address}, &failure), STREAM_FAILED);
	assert_int_equal(failure, FAILURE_REFUSED_BY_POLICY);
	assert_int_equal(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, 0), 0);
	assert_int_equal(failure_rows[failure].blames, BLAMES_CLIENT);
	gate_open();
	assert_int_equal(connect_by(&c, &(struct stream_way){.to = &address}, &failure), STREAM_PENDING);
	TURN_UNTIL(c.connected > 0);
	assert_int_equal(c.failure, FAILURE_COUNT);
	client_end(&c);
	close(listener);
}

static void
test_what_lies_beyond_a_proxy_is_asked_for_too(void **context)
{
	(void)context;
	struct address proxy;
	int listener = peer_listen(AF_INET, 8, &proxy);
	const struct plan_url metadata = {.host = "169.254.169.254", .port = 80},
			      shop = {.host = "shop.test", .port = 80};
	struct client c;
	enum failure failure;

	narrow("127.0.0.1, shop.test:80");
	assert_int_equal(
		connect_by(&c, &(struct stream_way){.to = &proxy, .beyond = &metadata}, &failure), STREAM_FAILED);
	assert_int_equal(failure, FAILURE_REFUSED_BY_POLICY);
	assert_int_equal(connect_by(&c, &(struct stream_way){.to = &proxy, .beyond = &shop}, &failure), STREAM_PENDING);
	TURN_UNTIL(c.connected > 0);
	client_end(&c);
	close(listener);
}

static void
test_lists_of_several_all_hold(void **context)
{
	struct address here = address_loopback(AF_INET);

	(void)context;
	here.v4.sin_port = htons(80);
	narrow("127.0.0.0/8");
	assert_true(gate_has_address(NULL, &here) && gate_has_name("127.0.0.2", 80));
	narrow("127.0.0.1:80");
	assert_true(gate_has_address(NULL, &here));
	assert_false(gate_has_name("127.0.0.2", 80));
	narrow("10.0.0.0/8");
	assert_false(gate_has_address(NULL, &here) || gate_has_name("10.0.0.1", 80));
}

/* As in a process that this one started: without a flag of its own. */
static void
test_processes_that_are_started_are_held_to_all_of_them(void **context)
{
	struct error err = {0};

	(void)context;
	narrow("127.0.0.0/8");
	narrow("127.0.0.1,127.0.0.2");
	gate_open();
	assert_true(gate_has_name("10.0.0.1", 80));
	assert_true(gate_inherit(&err));
	assert_true(gate_has_name("127.0.0.2", 80));
	assert_false(gate_has_name("127.0.0.3", 80) || gate_has_name("10.0.0.1", 80));
}

static void
test_a_list_that_cannot_be_read_lets_nobody_go_on(void **context)
{
	struct error err = {0};

	(void)context;
	setenv(ALLOW_VARIABLE, "127.0.0.0/8;@/nowhere/at/all", 1);
	assert_false(gate_inherit(&err));
	assert_non_null(strstr(err.message, "/nowhere/at/all"));
	err = (struct error){0};
	assert_false(gate_set("10.0.0.0/8;0.0.0.0/0", &err));
	err = (struct error){0};
	assert_false(gate_set("10.0.0.0/99", &err));
	assert_string_equal(err.where, "--allow:1:1");
}

static void
test_a_file_is_passed_on_by_its_whole_path(void **context)
{
	char path[] = "/tmp/brunt-gate-XXXXXX", dir[256], told[300];
	int fd = mkstemp(path);
	struct error err = {0};

	(void)context;
	assert_int_equal(write(fd, "127.0.0.1\n", 10), 10);
	close(fd);
	assert_non_null(getcwd(dir, sizeof(dir)));
	assert_int_equal(chdir("/tmp"), 0);
	snprintf(told, sizeof(told), "@%s", strrchr(path, '/') + 1);
	narrow(told);
	assert_int_equal(chdir("/"), 0);
	gate_open();
	assert_true(gate_inherit(&err));
	assert_true(gate_has_name("127.0.0.1", 80) && !gate_has_name("127.0.0.2", 80));
	assert_int_equal(chdir(dir), 0);
	unlink(path);
}

static void
test_the_target_is_checked_by_the_way_that_connections_take(void **context)
{
	struct plan_backend backend = {
		.url = {.text = "http://shop.test", .host = "shop.test", .authority = "shop.test", .port = 80}};
	struct plan_address fixed = {.bytes = {192, 0, 2, 1}};
	struct plan_target target = {.url = backend.url, .backends = {.items = &backend, .n = 1}};
	struct addresses found = {.n = 1};
	struct error err = {0};

	(void)context;
	fixed.port = 80;
	found.list[0] = address_of_plan(&fixed, 80);
	narrow("shop.test");
	assert_true(gate_check_target(&target, &found, &err));
	/* The same address, but written by the author of the profile. */
	target.connect_to = (struct plan_list){.items = &fixed, .n = 1};
	assert_false(gate_check_target(&target, &found, &err));
	assert_non_null(strstr(err.message, "192.0.2.1:80 is not in the operator's allowlist"));
	/* A proxy that is not allowed, then one that is and leads somewhere else. */
	target.connect_to.n = 0;
	target.proxy.url = (struct plan_url){.text = "http://192.0.2.1", .host = "192.0.2.1", .port = 80};
	err = (struct error){0};
	assert_false(gate_check_target(&target, &found, &err));
	gate_open();
	narrow("192.0.2.1");
	err = (struct error){0};
	assert_false(gate_check_target(&target, &found, &err));
	assert_non_null(strstr(err.message, "'shop.test' is not in the operator's allowlist as it is written"));
	gate_open();
	narrow("192.0.2.1, shop.test:80");
	assert_true(gate_check_target(&target, &found, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		GATE_TEST(test_a_connection_that_is_not_allowed_is_never_begun),
		GATE_TEST(test_what_lies_beyond_a_proxy_is_asked_for_too),
		GATE_TEST(test_lists_of_several_all_hold),
		GATE_TEST(test_processes_that_are_started_are_held_to_all_of_them),
		GATE_TEST(test_a_list_that_cannot_be_read_lets_nobody_go_on),
		GATE_TEST(test_a_file_is_passed_on_by_its_whole_path),
		GATE_TEST(test_the_target_is_checked_by_the_way_that_connections_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
