/* How our own connections fare, over real ones, against what the kernel says of each. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "sampler/own_ports.h"

static uint16_t
port_of(int fd)
{
	bool is_open;

	return own_port_of(fd, &is_open);
}

static int
listen_on_loopback(int backlog, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &length), 0);
	return fd;
}

static int
connect_to(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	return fd;
}

static struct tcp_info
info_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	return info;
}

static void
test_round_trip_is_what_the_kernel_measured(void **state)
{
	struct own_tcp tcp;
	struct sockaddr_in address;
	int listener = listen_on_loopback(4, &address), client = connect_to(&address),
	    bare = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	own_tcp_init(&tcp);
	assert_true(own_tcp_is_due(&tcp, 3, 0));
	own_tcp_offer(&tcp, listener, port_of(listener));
	own_tcp_offer(&tcp, client, port_of(client));
	own_tcp_offer(&tcp, client, port_of(client)); /* once */
	assert_int_equal(tcp.n, 2);
	own_tcp_look(&tcp);
	assert_int_equal(tcp.n, 1); /* what only listens has no round trips */
	assert_true(tcp.rtt_ns == (double)info_of(client).tcpi_min_rtt * 1e3);
	assert_true(tcp.rtt_ns > 0);
	assert_true(tcp.retransmitted == 0);
	own_tcp_look(&tcp);
	assert_true(isnan(tcp.retransmitted)); /* nothing was sent in between */
	close(bare);
	close(client);
	close(listener);
}

/* A full accept queue drops the request for a connection, and the kernel sends it again after a second. */
static void
test_segments_that_were_sent_again_are_counted_since_the_last_look(void **state)
{
	struct own_tcp tcp;
	struct sockaddr_in address;
	int listener = listen_on_loopback(0, &address), first = connect_to(&address), second;

	(void)state;
	second = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(second, (struct sockaddr *)&address, sizeof(address)), -1);
	assert_int_equal(errno, EINPROGRESS);
	own_tcp_init(&tcp);
	assert_true(own_tcp_is_due(&tcp, 1, 0));
	own_tcp_offer(&tcp, second, port_of(second));
	own_tcp_look(&tcp);
	assert_true(tcp.retransmitted == 0 || info_of(second).tcpi_total_retrans > 0); /* where we were held up */
	for (int i = 0; i < 1000 && info_of(second).tcpi_total_retrans == 0; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10 * NS_PER_MS}, NULL);
	assert_true(info_of(second).tcpi_total_retrans > 0);
	own_tcp_look(&tcp);
	assert_true(tcp.retransmitted == 1); /* all that was sent since */
	assert_true(isnan(tcp.rtt_ns));
	close(second);
	close(first);
	close(listener);
}

static void
test_few_of_many_are_asked_and_once_a_second(void **state)
{
	struct own_tcp tcp;

	(void)state;
	own_tcp_init(&tcp);
	assert_true(own_tcp_is_due(&tcp, 1000, 5 * NS_PER_S));
	assert_false(own_tcp_is_due(&tcp, 1000, 6 * NS_PER_S - 1));
	assert_true(own_tcp_is_due(&tcp, 1000, 6 * NS_PER_S));
	for (int fd = 0; fd < 1000; fd++)
		own_tcp_offer(&tcp, fd, (uint16_t)(fd + 1));
	assert_in_range(tcp.n, OWN_TCP_MAX / 2, OWN_TCP_MAX);
	assert_true(tcp.sampled[tcp.n - 1].fd > 900); /* of all of them, not of the first */
}

static void
test_another_connection_by_the_same_number_is_not_mistaken(void **state)
{
	struct own_tcp tcp;
	struct sockaddr_in address;
	int listener = listen_on_loopback(4, &address), client = connect_to(&address);

	(void)state;
	own_tcp_init(&tcp);
	own_tcp_is_due(&tcp, 2, 0);
	own_tcp_offer(&tcp, client, port_of(client));
	own_tcp_look(&tcp);
	assert_int_equal(tcp.n, 1);
	int other = connect_to(&address);

	assert_int_equal(dup2(other, client), client);
	own_tcp_look(&tcp);
	assert_int_equal(tcp.n, 0);
	assert_true(isnan(tcp.rtt_ns));
	close(client);
	close(other);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_is_what_the_kernel_measured),
		cmocka_unit_test(test_segments_that_were_sent_again_are_counted_since_the_last_look),
		cmocka_unit_test(test_few_of_many_are_asked_and_once_a_second),
		cmocka_unit_test(test_another_connection_by_the_same_number_is_not_mistaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
