/* Who is at the other end of a connection, as the kernel knows it. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/check.h"
#include "httpd/connection.h"

static void
name_local(int fd, char into[HTTPD_PEER_MAX])
{
	struct ucred who;
	socklen_t length = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0)
		snprintf(into, HTTPD_PEER_MAX, "uid %u, pid %d", (unsigned)who.uid, (int)who.pid);
}

static void
name_remote(const struct sockaddr_storage *name, socklen_t length, char into[HTTPD_PEER_MAX])
{
	char host[48], port[8];

	if (getnameinfo((const struct sockaddr *)name, length, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(into, HTTPD_PEER_MAX, name->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

const char *
httpd_request_peer(const struct httpd_request *shown, char into[HTTPD_PEER_MAX])
{
	const struct request *r = container_of(shown, struct request, shown);
	struct sockaddr_storage name = {0};
	socklen_t length = sizeof(name);

	CHECK_MAGIC(r, REQUEST_MAGIC);
	into[0] = '\0';
	if (r->connection == NULL || getpeername(r->connection->fd, (struct sockaddr *)&name, &length) != 0)
		return into;
	if (name.ss_family == AF_UNIX)
		name_local(r->connection->fd, into);
	else
		name_remote(&name, length, into);
	return into;
}
