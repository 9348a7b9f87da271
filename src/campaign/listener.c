#include "campaign/listener.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static bool
is_connected(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t length = sizeof(error);

	return poll(&wait, 1, LISTENER_WAIT_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 &&
	       error == 0;
}

static bool
address_accepts(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	bool accepts = connect(fd, &address->any, address->length) == 0 || (errno == EINPROGRESS && is_connected(fd));

	close(fd);
	return accepts;
}

bool
listener_accepts(const struct addresses *addresses)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (address_accepts(&addresses->list[i]))
			return true;
	return false;
}
