/* A port of one's own that somebody may come to listen on. Include after cmocka.h. */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "campaign/listener.h"

struct door {
	int fd;
	struct addresses addresses;
};

static inline void
door_bind(struct door *door)
{
	struct address *address = &door->addresses.list[0];

	*door = (struct door){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .addresses.n = 1};
	address->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	address->length = sizeof(address->v4);
	assert_true(door->fd >= 0);
	assert_int_equal(bind(door->fd, &address->any, address->length), 0);
	assert_int_equal(getsockname(door->fd, &address->any, &address->length), 0);
}

static inline void
door_open(struct door *door)
{
	assert_int_equal(listen(door->fd, 16), 0);
}

static inline void
door_close(struct door *door)
{
	close(door->fd);
}
