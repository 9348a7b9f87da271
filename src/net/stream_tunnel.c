#include <errno.h>

#include "net/stream_parts.h"

/* A stream that goes through a proxy: between the connect and all that follows, the proxy is asked for a tunnel. */

static void
stream_tunnel_refuse(struct stream *stream, enum failure failure)
{
	stream_arm(stream, 0);
	stream->events->on_connected(stream, failure); /* it stays where it was when it failed: is_tunnelling */
}

static void
stream_tunnel_write(struct stream *stream)
{
	struct tunnel *tunnel = &stream->tunnel;
	long n = stream_send(stream->fd, tunnel->request + tunnel->sent, tunnel->request_length - tunnel->sent);

	if (n < 0) {
		stream_tunnel_refuse(stream, FAILURE_PROXY_FAILED);
		return;
	}
	tunnel->sent += (size_t)n;
	stream_arm(stream, UV_READABLE | (tunnel->sent < tunnel->request_length ? UV_WRITABLE : 0));
}

void
stream_tunnel_begin(struct stream *stream)
{
	stream->is_tunnelling = true;
	stream_tunnel_write(stream);
}

static void
stream_tunnel_read(struct stream *stream)
{
	enum failure failure = FAILURE_PROXY_FAILED;
	const char *bytes;
	long n = stream_receive(stream, &bytes);

	if (n == -EAGAIN)
		return;
	switch (n > 0 ? tunnel_take(&stream->tunnel, bytes, (size_t)n, &failure) : TUNNEL_FAILED) {
	case TUNNEL_MORE: break;
	case TUNNEL_OPEN:
		stream->is_tunnelling = false;
		stream_go_on(stream);
		break;
	case TUNNEL_FAILED: stream_tunnel_refuse(stream, failure); break;
	}
}

void
stream_tunnel_on_poll(struct stream *stream, int status, int events)
{
	if (status < 0) {
		stream->polled = 0; /* libuv stopped watching it */
		stream_tunnel_refuse(stream, FAILURE_PROXY_FAILED);
	} else if (events & UV_READABLE) {
		stream_tunnel_read(stream);
	} else if (events & UV_WRITABLE) {
		stream_tunnel_write(stream);
	}
}
