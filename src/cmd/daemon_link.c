#include "cmd/daemon_link.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/check.h"

static int
connect_unix(const char *path, struct error *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	error_set(err, "no daemon answers at unix:%s: %s; start one by brunt serve, or say --server", path,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
connect_tcp(const char *host, const char *port, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *info = NULL;
	int failed = getaddrinfo(host, port, &hints, &info), fd = -1;

	for (struct addrinfo *at = info; failed == 0 && at != NULL && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
			int error = errno;

			close(fd);
			fd = -1;
			errno = error;
		}
	}
	if (info != NULL)
		freeaddrinfo(info);
	if (fd < 0)
		error_set(err, "no daemon answers at %s:%s: %s", host, port,
			failed != 0 ? gai_strerror(failed) : strerror(errno));
	return fd;
}

/* --- TLS --- */

/* The socket blocks, so that all of it goes, or nothing any more. */
static long
send_wire(struct tls *tls, const char *bytes, size_t length)
{
	const struct daemon_link *link = container_of(tls, struct daemon_link, tls);
	ssize_t n;

	do
		n = send(link->fd, bytes, length, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t
receive(struct daemon_link *link)
{
	ssize_t n;

	do
		n = recv(link->fd, link->piece, sizeof(link->piece), 0);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool
shake_hands(struct daemon_link *link, struct error *err)
{
	enum tls_result result;
	enum failure failure;
	ssize_t n;

	while ((result = tls_handshake(&link->tls, &failure)) == TLS_WANTS_READ) {
		if ((n = receive(link)) <= 0)
			return error_set(err, "the daemon at %s ended the connection; does it speak TLS?", link->host);
		tls_feed(&link->tls, link->piece, (size_t)n);
	}
	return result == TLS_DONE || error_set(err, "the daemon at %s is not trusted, or speaks no TLS: %s", link->host,
					     tls_context_words(link->context));
}

static bool
begin_tls(struct daemon_link *link, const char *ca_file, struct error *err)
{
	const struct plan_tls plan = {.ca = ca_file, .verify = true, .said_ca.shown = ca_file};
	struct error why = {0};

	link->context = tls_context_new(&plan, link->name, NULL, &why);
	if (link->context == NULL)
		return error_set(err, "--ca-file: %s", why.message + strcspn(why.message, "'"));
	return (tls_begin(&link->tls, link->context, send_wire) || error_set(err, "there is no memory for TLS")) &&
	       shake_hands(link, err);
}

/* --- all of it --- */

static bool
take_place(struct daemon_link *link, const char *where, char port[32], const char *server, struct error *err)
{
	snprintf(link->host, sizeof(link->host), "%.*s", (int)strcspn(where, "/"), where);
	snprintf(link->name, sizeof(link->name), "%s", link->host[0] == '[' ? link->host + 1 : link->host);
	char *colon = strrchr(link->name, ':');

	if (colon == NULL || colon == link->name || strlen(colon) > 31)
		return error_set(err, "--server: '%s' says no port; write https://HOST:PORT", server);
	snprintf(port, 32, "%s", colon + 1);
	*colon = '\0';
	if (colon[-1] == ']')
		colon[-1] = '\0';
	return true;
}

bool
daemon_link_open(struct daemon_link *link, const char *server, const char *ca_file, struct error *err)
{
	bool is_tls = strncmp(server, "https://", 8) == 0;
	char port[32];

	*link = (struct daemon_link){.fd = -1, .host = "localhost"};
	if (strncmp(server, "unix:", 5) == 0) {
		link->fd = connect_unix(server + 5, err);
		return link->fd >= 0;
	}
	if (!is_tls && strncmp(server, "http://", 7) != 0)
		return error_set(
			err, "--server: '%s' is none of unix:PATH, http://HOST:PORT and https://HOST:PORT", server);
	if (!take_place(link, server + (is_tls ? 8 : 7), port, server, err))
		return false;
	link->fd = connect_tcp(link->name, port, err);
	if (link->fd < 0)
		return false;
	if (!is_tls || begin_tls(link, ca_file, err))
		return true;
	daemon_link_close(link);
	return false;
}

void
daemon_link_close(struct daemon_link *link)
{
	if (link->context != NULL) {
		tls_end(&link->tls, true);
		tls_context_free(link->context);
	}
	close(link->fd);
	*link = (struct daemon_link){.fd = -1};
}

static ssize_t
send_some(struct daemon_link *link, const char *bytes, size_t length)
{
	size_t taken;

	if (link->context == NULL)
		return send(link->fd, bytes, length, MSG_NOSIGNAL);
	errno = EPIPE;
	return tls_write(&link->tls, bytes, length, &taken) == TLS_FAILED ? -1 : (ssize_t)taken;
}

bool
daemon_link_send(struct daemon_link *link, const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		ssize_t n = send_some(link, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, "the daemon does not listen: %s", strerror(errno));
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

/* What is whole of the records that came. */
static bool
read_tls(struct daemon_link *link, struct buf *into)
{
	char clear[16384];
	enum tls_result result;
	size_t n;

	do {
		result = tls_read(&link->tls, clear, sizeof(clear), &n);
		if (n > 0 && !buf_add(into, clear, n))
			return false;
	} while (result == TLS_DONE);
	link->is_cut = result == TLS_FAILED;
	return result == TLS_WANTS_READ;
}

bool
daemon_link_read(struct daemon_link *link, struct buf *into)
{
	if (link->context != NULL && link->tls.in_length > 0) /* came with the last of the handshake */
		return read_tls(link, into);
	ssize_t n = receive(link);

	if (n <= 0) {
		link->is_cut = n < 0 || link->context != NULL; /* TLS says that it ends (RFC 8446 §6.1) */
		return false;
	}
	if (link->context == NULL)
		return buf_add(into, link->piece, (size_t)n);
	tls_feed(&link->tls, link->piece, (size_t)n);
	return read_tls(link, into);
}
