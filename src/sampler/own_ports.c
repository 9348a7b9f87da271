#include "sampler/own_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"

#define FDS_PER_PIECE 64
#define STATUS_TEXT_MAX 4096

/* How many slots the descriptor table has: no descriptor is above it. */
static int
read_fd_slots(void)
{
	char text[STATUS_TEXT_MAX];
	int slots = 0;

	if (file_read_small("/proc/self/status", text, sizeof(text)) <= 0)
		return 0;
	const char *line = strstr(text, "\nFDSize:");

	return line != NULL && sscanf(line, "\nFDSize: %d", &slots) == 1 ? slots : 0;
}

static bool
is_tcp(int fd)
{
	socklen_t length = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

/* The loop may close the descriptor, or open another by that number, meanwhile: then there is nothing to count, or
 * that one. */
uint16_t
own_port_of(int fd, bool *is_open)
{
	union {
		struct sockaddr base;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage any;
	} address = {.base.sa_family = AF_UNSPEC};
	socklen_t length = sizeof(address);

	*is_open = true;
	if (getsockname(fd, &address.base, &length) != 0) {
		*is_open = errno != EBADF;
		return 0;
	}
	return address.base.sa_family == AF_INET    ? address.v4.sin_port
	       : address.base.sa_family == AF_INET6 ? address.v6.sin6_port
						    : 0;
}

double
own_ports_count(double open_fds, struct own_tcp *tcp)
{
	int slots = read_fd_slots();
	double ports = 0, seen = 0;

	for (int fd = 0; fd < slots && !(seen >= open_fds); fd++) {
		bool is_open;
		uint16_t port = own_port_of(fd, &is_open);
		bool is_port = port != 0 && is_tcp(fd);

		ports += is_port;
		seen += is_open;
		if (is_port && tcp != NULL)
			own_tcp_offer(tcp, fd, port);
		if (fd % FDS_PER_PIECE == FDS_PER_PIECE - 1)
			sched_yield();
	}
	return ports;
}
