#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "net/address.h"

/* The other end of a stream, scripted by the test with plain blocking sockets on loopback. */

static inline struct address
address_loopback(int family)
{
	struct address address = {0};

	address.any.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.length = sizeof(address.v4);
	} else if (family == AF_INET6) {
		address.v6.sin6_addr = in6addr_loopback;
		address.length = sizeof(address.v6);
	} else {
		static int n;

		snprintf(address.unix_path.sun_path, sizeof(address.unix_path.sun_path), "/tmp/brunt-test-%d-%d.sock",
			(int)getpid(), n++);
		address.length = sizeof(address.unix_path);
	}
	return address;
}

/* A socket bound to a free port; -1 where the machine lacks the family. */
static inline int
peer_bind(int family, struct address *address)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = address_loopback(family);
	if (fd < 0)
		return -1;
	if (bind(fd, &address->any, address->length) != 0) {
		close(fd);
		return -1;
	}
	if (family != AF_UNIX)
		assert_int_equal(getsockname(fd, &address->any, &address->length), 0);
	return fd;
}

static inline int
peer_listen(int family, int backlog, struct address *address)
{
	int fd = peer_bind(family, address);

	if (fd >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static inline int
peer_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	assert_true(fd >= 0);
	return fd;
}

static inline void
peer_send(int fd, const char *bytes, size_t length)
{
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), length);
}

static inline void
peer_reset(int fd)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(fd);
}
