#include "net/stream_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/syscall.h>

#include "base/check.h"
#include "base/stamp.h"
#include "base/units.h"
#include "net/gate.h"
#include "net/sources.h"

/* A stream that always has more to read leaves the loop to the others after this many full buffers. */
#define STREAM_READS_PER_TURN 4

static char read_buffer[STREAM_READ_BYTES]; /* one loop, one thread: see struct stream */
static struct stamp clocks;                 /* likewise */

static void stream_on_poll(uv_poll_t *poll, int status, int events);

/* Every change costs an epoll_ctl or two: none where nothing changes. */
void
stream_arm(struct stream *stream, int events)
{
	if (events == stream->polled)
		return;
	stream->polled = events;
	if (events == 0)
		uv_poll_stop(&stream->poll);
	else
		uv_poll_start(&stream->poll, events, stream_on_poll);
}

static int
socket_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return errno;
	return error;
}

/* Where nobody listens on an ephemeral port of our own machine, the kernel may choose that very port to connect from:
 * TCP then connects the socket with itself (simultaneous open, RFC 9293 §3.5), which is nobody's answer. */
static bool
is_connected_to_itself(int fd)
{
	struct address here = {.length = sizeof(here.v6)}, there = {.length = sizeof(there.v6)};

	return getsockname(fd, &here.any, &here.length) == 0 && here.any.sa_family != AF_UNIX &&
	       getpeername(fd, &there.any, &there.length) == 0 && here.length == there.length &&
	       memcmp(&here.any, &there.any, here.length) == 0;
}

static int
socket_open(const struct address *to)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd >= 0 && to->any.sa_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	}
	return fd;
}

/* A unix socket connects at once; that too is told from the loop, so that callers have one path. */
static bool
socket_connect(int fd, const struct address *to)
{
	return connect(fd, &to->any, to->length) == 0 || errno == EINPROGRESS;
}

/* 0, or the error for which nothing is open. */
static int
stream_open(struct stream *stream, uv_loop_t *loop, const struct stream_way *way)
{
	int fd = socket_open(way->to);

	if (fd < 0)
		return errno;
	int error = way->from != NULL ? source_bind(fd, way->from) : 0;

	if (error == 0)
		error = socket_connect(fd, way->to) ? -uv_poll_init(loop, &stream->poll, fd) : errno;

	if (error != 0)
		close(fd);
	stream->fd = fd;
	return error;
}

/* Asked here, where the address is the one that is connected to, and nobody can go around it. */
static bool
is_permitted(const struct stream_way *way)
{
	return gate_has_address(way->name, way->to) &&
	       (way->beyond == NULL || gate_has_name(way->beyond->host, way->beyond->port));
}

enum stream_result
stream_connect(struct stream *stream, uv_loop_t *loop, const struct stream_way *way, const struct stream_events *events,
	enum failure *failure)
{
	stream->tls.ssl = NULL;
	if (!is_permitted(way)) {
		*failure = FAILURE_REFUSED_BY_POLICY;
		return STREAM_FAILED;
	}
	int error = way->tls == NULL || stream_tls_open(stream, way->tls) ? stream_open(stream, loop, way) : ENOMEM;

	if (error != 0) {
		tls_end(&stream->tls, false);
		*failure = failure_from_connect_errno(error);
		return STREAM_FAILED;
	}
	stream->events = events;
	stream->polled = 0;
	stream->is_connecting = true;
	tunnel_begin(&stream->tunnel, way->tunnel);
	stream->is_tunnelling = stream->is_handshaking = stream->is_closing = stream->is_truncated = false;
	stream->tls_wants_room = false;
	stream->pending = NULL;
	stream->pending_length = 0;
	stream->handshake_ns = -1;
	stream_arm(stream, UV_WRITABLE);
	return STREAM_PENDING;
}

void
stream_go_on(struct stream *stream)
{
	if (stream->tls.ssl != NULL) {
		stream_tls_begin(stream);
		return;
	}
	stream_arm(stream, UV_READABLE);
	stream->events->on_connected(stream, FAILURE_COUNT);
}

static void
stream_on_connected(struct stream *stream)
{
	int error = socket_error(stream->fd);

	if (error == 0 && is_connected_to_itself(stream->fd))
		error = ECONNREFUSED;
	stream->is_connecting = false;
	if (error != 0) {
		stream_arm(stream, 0);
		stream->events->on_connected(stream, failure_from_connect_errno(error));
	} else if (stream->tunnel.request != NULL) {
		stream_tunnel_begin(stream);
	} else {
		stream_go_on(stream);
	}
}

void
stream_fail(struct stream *stream, int error)
{
	stream_arm(stream, 0);
	stream->events->on_read(stream, NULL, -(long)error);
}

const char *
stream_words(const struct stream *stream)
{
	if (stream->is_tunnelling)
		return tunnel_words(&stream->tunnel);
	return stream->tls.ssl != NULL && stream->tls.has_words ? tls_context_words(stream->tls.context) : "";
}

void
stream_measure_clocks(void)
{
	if (clocks.read == NULL)
		stamp_init(&clocks);
	else
		stamp_measure(&clocks);
}

static int64_t
arrival_of(struct msghdr *message)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m != NULL; m = CMSG_NXTHDR(message, m)) {
		struct timespec t;

		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(m), sizeof(t));
		if (clocks.read == NULL)
			stamp_init(&clocks);
		return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec - clocks.offset_ns;
	}
	return -1;
}

static ssize_t
socket_receive(struct stream *stream)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec into = {.iov_base = read_buffer, .iov_len = sizeof(read_buffer)};
	struct msghdr message = {
		.msg_iov = &into, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	/* Not recvmsg: a process with threads pays for its being a cancellation point, twice per request with send. */
	ssize_t n = syscall(SYS_recvmsg, stream->fd, &message, 0);

	if (n > 0)
		stream->arrived_ns = arrival_of(&message);
	return n;
}

long
stream_receive(struct stream *stream, const char **bytes)
{
	ssize_t n;

	do
		n = socket_receive(stream);
	while (n < 0 && errno == EINTR);
	*bytes = read_buffer;
	return n >= 0 ? (long)n : -(long)errno;
}

/* Reads once: the bytes read, 0: the peer closed its side, or −errno; all but −EAGAIN was handed on. */
static long
stream_read(struct stream *stream)
{
	const char *bytes;
	long n = stream_receive(stream, &bytes);

	if (n > 0 && stream->tls.ssl != NULL) {
		stream_tls_take(stream, bytes, (size_t)n);
	} else if (n > 0) {
		stream->events->on_read(stream, bytes, n);
	} else if (n == 0) {
		/* It stays readable for good: watching on would turn the loop without end. */
		stream_arm(stream, stream->polled & ~UV_READABLE);
		stream->is_truncated = stream->tls.ssl != NULL && !tls_was_closed(&stream->tls);
		stream->events->on_read(stream, NULL, 0);
	} else if (n != -EAGAIN) {
		stream_fail(stream, (int)-n);
	}
	return n;
}

/* A buffer that was not filled has emptied the socket, as far as can be told without another call. */
static void
stream_on_readable(struct stream *stream)
{
	for (int i = 0; i < STREAM_READS_PER_TURN; i++)
		if (stream_read(stream) < (long)sizeof(read_buffer) || stream->is_closing ||
			!(stream->polled & UV_READABLE))
			return;
}

/* The socket has an error, and libuv stopped watching it. What came before the error may still be in the receive queue,
 * a whole response even, and is read first; then reading yields the error. */
static void
stream_on_error(struct stream *stream)
{
	long n;

	stream->polled = 0;
	do
		n = stream_read(stream);
	while (n > 0 && !stream->is_closing);
	if (n == -EAGAIN) {
		int error = socket_error(stream->fd);

		stream_fail(stream, error != 0 ? error : EIO);
	}
}

long
stream_send(int fd, const char *bytes, size_t length)
{
	ssize_t n;

	do
		n = syscall(SYS_sendto, fd, bytes, length, MSG_NOSIGNAL, NULL, 0); /* as in socket_receive */
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -(long)errno;
	return n;
}

void
stream_advance(struct stream *stream, size_t n)
{
	stream->pending += n;
	stream->pending_length -= n;
	if (stream->pending_length > 0)
		return;
	stream->pending = NULL;
	stream_arm(stream, stream->polled & ~UV_WRITABLE);
	stream->events->on_written(stream);
}

static void
stream_on_writable(struct stream *stream)
{
	if (stream->tls.ssl != NULL) {
		stream_tls_on_writable(stream);
		return;
	}
	long n = stream_send(stream->fd, stream->pending, stream->pending_length);

	if (n < 0)
		stream_fail(stream, (int)-n);
	else
		stream_advance(stream, (size_t)n);
}

static void
stream_on_poll(uv_poll_t *poll, int status, int events)
{
	struct stream *stream = container_of(poll, struct stream, poll);

	if (stream->is_connecting) {
		stream_on_connected(stream);
		return;
	}
	if (stream->is_tunnelling) {
		stream_tunnel_on_poll(stream, status, events);
		return;
	}
	if (stream->is_handshaking) {
		stream_tls_on_poll(stream, status, events);
		return;
	}
	if (status < 0) {
		stream_on_error(stream);
		return;
	}
	if (events & UV_READABLE)
		stream_on_readable(stream);
	if ((events & stream->polled & UV_WRITABLE) && !stream->is_closing)
		stream_on_writable(stream);
}

enum stream_result
stream_write(struct stream *stream, const char *bytes, size_t length, size_t *written, int *error)
{
	CHECK(!stream->is_closing && !stream->is_connecting && !stream->is_tunnelling && !stream->is_handshaking &&
		stream->pending == NULL);
	if (stream->tls.ssl != NULL)
		return stream_tls_write(stream, bytes, length, written, error);
	long n = stream_send(stream->fd, bytes, length);

	*written = n > 0 ? (size_t)n : 0;
	if (n < 0) {
		*error = (int)n;
		return STREAM_FAILED;
	}
	if (*written == length)
		return STREAM_DONE;
	stream->pending = bytes + n;
	stream->pending_length = length - *written;
	stream_arm(stream, stream->polled | UV_WRITABLE);
	return STREAM_PENDING;
}

static void
stream_on_uv_close(uv_handle_t *handle)
{
	struct stream *stream = container_of((uv_poll_t *)handle, struct stream, poll);

	stream->events->on_closed(stream);
}

void
stream_close(struct stream *stream, bool reset)
{
	CHECK(!stream->is_closing);
	stream->is_closing = true;
	tls_end(&stream->tls, !reset && !stream->is_connecting && !stream->is_tunnelling && !stream->is_handshaking &&
				      stream->pending == NULL);
	stream->pending = NULL;
	if (reset) {
		const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

		(void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	}
	uv_close((uv_handle_t *)&stream->poll,
		stream_on_uv_close); /* forgets the descriptor, so that it may be closed */
	close(stream->fd);
	stream->fd = -1;
}
