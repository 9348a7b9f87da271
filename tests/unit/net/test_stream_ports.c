#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "unit/net/client.h"

/* Local ports are a resource of the network namespace: these tests have one of their own, where they may be few. */

static void
set_local_ports(int first, int last)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%d %d", first, last);
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)length), length);
	close(fd);
}

static void
start_loopback(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void
test_exhausted_ports_blame_ourselves(void **context)
{
	(void)context;
	struct address address;
	int listener = peer_listen(AF_INET, 64, &address);
	struct client c[10], one_more;
	enum failure failure = FAILURE_COUNT;

	set_local_ports(20000, 20009);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		client_connect(&c[i], &address);
	assert_int_equal(client_start(&one_more, &address, &failure), STREAM_FAILED);
	assert_int_equal(failure, FAILURE_NO_PORTS);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		stream_close(&c[i].stream, true);
		client_end(&c[i]);
	}
	client_connect(&one_more, &address); /* a reset leaves no port in TIME_WAIT */
	stream_close(&one_more.stream, true);
	client_end(&one_more);
	close(listener);
}

static void
test_stream_is_never_connected_with_itself(void **context)
{
	(void)context;
	struct address nobody = address_loopback(AF_INET);

	set_local_ports(21000, 21001); /* two to choose from: the kernel takes the target's own port soon */
	nobody.v4.sin_port = htons(21000);
	for (int i = 0; i < 50; i++) {
		struct client c;
		enum failure failure;

		assert_int_equal(client_start(&c, &nobody, &failure), STREAM_PENDING);
		TURN_UNTIL(c.connected > 0);
		assert_int_equal(c.failure, FAILURE_CONNECT_REFUSED);
		stream_close(&c.stream, true);
		client_end(&c);
	}
}

static void
test_network_without_a_route_is_unreachable(void **context)
{
	(void)context;
	struct address elsewhere = {.length = sizeof(elsewhere.v4)};
	struct client c;
	enum failure failure = FAILURE_COUNT;

	elsewhere.v4.sin_family = AF_INET;
	elsewhere.v4.sin_port = htons(80);
	elsewhere.v4.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7, for documentation (RFC 5737) */
	assert_int_equal(client_start(&c, &elsewhere, &failure), STREAM_FAILED);
	assert_int_equal(failure, FAILURE_UNREACHABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_exhausted_ports_blame_ourselves),
		LOOP_TEST(test_stream_is_never_connected_with_itself),
		LOOP_TEST(test_network_without_a_route_is_unreachable),
	};

	if (unshare(CLONE_NEWNET) != 0) {
		printf("SKIPPED: a network namespace of its own takes root (%s)\n", strerror(errno));
		return 0;
	}
	start_loopback();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
