#include "sampler/listen_port.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TCP_LISTEN_STATE 10 /* TCP_LISTEN of the kernel's include/net/tcp_states.h */

struct query {
	uint16_t port;
	uint64_t *inodes;
	size_t n, max;
};

static bool
ask(int fd, uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1u << TCP_LISTEN_STATE},
	};

	return send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request);
}

/* One datagram of the dump; true: more will come. */
static bool
take(struct query *query, const void *bytes, size_t length, bool *is_good)
{
	const struct nlmsghdr *message = bytes;

	for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return false;
		if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
			*is_good = false;
			return false;
		}
		const struct inet_diag_msg *socket = NLMSG_DATA(message);

		if (ntohs(socket->id.idiag_sport) == query->port && query->n < query->max)
			query->inodes[query->n++] = socket->idiag_inode;
	}
	return true;
}

static bool
dump(int fd, uint8_t family, struct query *query)
{
	_Alignas(struct nlmsghdr) char bytes[32768];
	bool is_good = true;
	ssize_t n;

	if (!ask(fd, family))
		return false;
	do
		n = recv(fd, bytes, sizeof(bytes), 0);
	while (n > 0 && take(query, bytes, (size_t)n, &is_good));
	return n > 0 && is_good;
}

int
listen_port_inodes(uint16_t port, uint64_t *inodes, size_t max)
{
	struct query query = {.port = port, .inodes = inodes, .max = max};
	struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* A kernel without IPv6 answers that half with an error. */
	bool has_v4 = dump(fd, AF_INET, &query);
	bool has_v6 = dump(fd, AF_INET6, &query);

	close(fd);
	return has_v4 || has_v6 ? (int)query.n : -1;
}
