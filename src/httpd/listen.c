#include "httpd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* As much as the kernel allows: it cuts this to net.core.somaxconn. */
#define BACKLOG 65535

static const char *
unix_path(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

static bool
is_served(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true;
	bool is_refused = connect(fd, (const struct sockaddr *)name, sizeof(*name)) != 0 && errno == ECONNREFUSED;

	close(fd);
	return !is_refused;
}

/* Only a socket that refuses is removed: never a file, never another server's. */
static void
remove_stale(const struct sockaddr_un *name)
{
	struct stat status;

	if (lstat(name->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) && !is_served(name))
		unlink(name->sun_path);
}

static int
bind_unix(const char *path, struct error *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	if (path[0] == '\0' || strlen(path) >= sizeof(name.sun_path)) {
		error_set(err, "a unix socket's path has 1 to %zu bytes", sizeof(name.sun_path) - 1);
		return -1;
	}
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		error_set(err, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	remove_stale(&name);
	mode_t mask = umask(0177);
	int failed = bind(fd, (struct sockaddr *)&name, sizeof(name));
	int error = errno;

	umask(mask);
	if (failed) {
		error_set(err, "cannot listen on 'unix:%s': %s", path, strerror(error));
		close(fd);
		return -1;
	}
	return fd;
}

/* "HOST:PORT" or "[V6]:PORT" taken apart. */
static bool
split(const char *address, char *host, size_t size, const char **port, struct error *err)
{
	const char *colon = strrchr(address, ':');
	const char *end = colon;

	if (colon == NULL || colon == address || colon[1] == '\0')
		return error_set(err, "'%s' is no address; write HOST:PORT, [V6]:PORT or unix:PATH", address);
	if (address[0] == '[' && colon[-1] == ']') {
		address++;
		end--;
	} else if (memchr(address, ':', (size_t)(colon - address)) != NULL) {
		return error_set(err, "'%s' is no address; an IPv6 address goes in brackets: [::1]:8080", address);
	}
	if ((size_t)snprintf(host, size, "%.*s", (int)(end - address), address) >= size)
		return error_set(err, "the host name in '%s' is too long", address);
	*port = colon + 1;
	return true;
}

static int
bind_info(const char *address, const struct addrinfo *info, struct error *err)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0) {
		error_set(err, "cannot make a socket: %s", strerror(errno));
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
		bind(fd, info->ai_addr, info->ai_addrlen) != 0) {
		error_set(err, "cannot listen on '%s': %s", address, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int
bind_tcp(const char *address, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *info;
	const char *port = NULL;
	char host[NI_MAXHOST];

	if (!split(address, host, sizeof(host), &port, err))
		return -1;
	int failed = getaddrinfo(host, port, &hints, &info);

	if (failed != 0) {
		error_set(err, "cannot listen on '%s': %s", address, gai_strerror(failed));
		return -1;
	}
	int fd = bind_info(address, info, err);

	freeaddrinfo(info);
	return fd;
}

/* "fd:3": a socket that somebody else opened, such as systemd; the number is not used twice. */
static int
adopt(const char *address, struct error *err)
{
	struct stat status;
	char *end;
	long fd = strtol(address + 3, &end, 10);

	if (address[3] == '\0' || *end != '\0' || fd < 0 || fd > INT_MAX || fstat((int)fd, &status) != 0 ||
		!S_ISSOCK(status.st_mode) || fcntl((int)fd, F_SETFL, O_NONBLOCK) != 0 ||
		fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0) {
		error_set(err, "'%s' is no socket that was handed over", address);
		return -1;
	}
	return (int)fd;
}

static void
write_url(int fd, const char *address, char url[LISTEN_URL_MAX])
{
	struct sockaddr_storage name = {0};
	socklen_t length = sizeof(name);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	snprintf(url, LISTEN_URL_MAX, "%s", address);
	if (unix_path(address) != NULL || getsockname(fd, (struct sockaddr *)&name, &length) != 0)
		return;
	if (name.ss_family == AF_UNIX) {
		snprintf(url, LISTEN_URL_MAX, "unix:%s", ((const struct sockaddr_un *)&name)->sun_path);
		return;
	}
	if (getnameinfo((struct sockaddr *)&name, length, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(url, LISTEN_URL_MAX, name.ss_family == AF_INET6 ? "http://[%.200s]:%s" : "http://%.200s:%s", host,
		port);
}

int
listen_open(const char *address, char url[LISTEN_URL_MAX], struct error *err)
{
	const char *path = unix_path(address);
	int one = 1, fd = path != NULL                      ? bind_unix(path, err)
			  : strncmp(address, "fd:", 3) == 0 ? adopt(address, err)
							    : bind_tcp(address, err);

	if (fd < 0)
		return -1;
	/* On the listening socket, so that accepted ones inherit it and even bytes that came before accept are stamped.
	 * Where the kernel cannot (unix sockets), arrivals are the time of the read. */
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	if (listen(fd, BACKLOG) != 0) {
		error_set(err, "cannot listen on '%s': %s", address, strerror(errno));
		close(fd);
		return -1;
	}
	write_url(fd, address, url);
	return fd;
}

void
listen_unlink(const char *address)
{
	if (unix_path(address) != NULL)
		unlink(unix_path(address));
}
