#include "net/stream_parts.h"

#include <errno.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"

/* A stream over TLS: what is received goes through tls.c on its way up, and what is written on its way down. */

static char plain_buffer[STREAM_READ_BYTES]; /* one loop, one thread: as the buffer that is received into */

static long
send_on_stream(struct tls *tls, const char *bytes, size_t length)
{
	return stream_send(container_of(tls, struct stream, tls)->fd, bytes, length);
}

bool
stream_tls_open(struct stream *stream, struct tls_context *tls)
{
	return tls_begin(&stream->tls, tls, send_on_stream);
}

static void
stream_tls_refuse(struct stream *stream, enum failure failure)
{
	stream_arm(stream, 0);
	stream->events->on_connected(stream, failure); /* it stays where it was when it failed: is_handshaking */
}

/* What it died of, where that is no matter of TLS. */
static int
stream_tls_error(const struct stream *stream)
{
	return stream->tls.send_error != 0 ? stream->tls.send_error : EPROTO;
}

/* Hands on what can be decrypted of what came. The records of one read become one piece, so that whoever takes it sees
 * whether anything stands behind the end of an answer. True: reading goes on. */
static bool
stream_tls_hand_on(struct stream *stream)
{
	enum tls_result result;

	do {
		size_t length;

		result = tls_read(&stream->tls, plain_buffer, sizeof(plain_buffer), &length);
		if (length > 0)
			stream->events->on_read(stream, plain_buffer, (long)length);
		if (stream->is_closing)
			return false;
	} while (result == TLS_DONE);

	if (result == TLS_WANTS_WRITE) {
		stream->tls_wants_room = true;
		stream_arm(stream, UV_WRITABLE);
	} else if (result == TLS_CLOSED) {
		stream_arm(stream, stream->polled & ~UV_READABLE);
		stream->events->on_read(stream, NULL, 0);
	} else if (result == TLS_FAILED)
		stream_fail(stream, stream_tls_error(stream));
	return result == TLS_WANTS_READ;
}

static void
stream_tls_on_shaken(struct stream *stream)
{
	stream->is_handshaking = false;
	stream->handshake_ns = clock_now_ns(&monotonic_clock) - stream->connected_ns;
	stream_arm(stream, UV_READABLE);
	stream->events->on_connected(stream, FAILURE_COUNT);
	if (!stream->is_closing && stream->tls.in_length > 0)
		(void)stream_tls_hand_on(stream); /* a server that speaks first, or tickets */
}

static void
stream_tls_shake(struct stream *stream)
{
	enum failure failure;

	switch (tls_handshake(&stream->tls, &failure)) {
	case TLS_DONE: stream_tls_on_shaken(stream); break;
	case TLS_WANTS_READ: stream_arm(stream, UV_READABLE); break;
	case TLS_WANTS_WRITE: stream_arm(stream, UV_WRITABLE); break;
	default: stream_tls_refuse(stream, failure); break;
	}
}

void
stream_tls_begin(struct stream *stream)
{
	stream->is_handshaking = true;
	stream->connected_ns = clock_now_ns(&monotonic_clock);
	stream_tls_shake(stream);
}

void
stream_tls_on_poll(struct stream *stream, int status, int events)
{
	const char *bytes;
	long n = -EAGAIN;

	if (status < 0)
		stream->polled = 0; /* libuv stopped watching it; what came before the error is still to be read */
	if (status < 0 || (events & UV_READABLE))
		n = stream_receive(stream, &bytes);
	if (n == -EAGAIN && status < 0)
		n = -EIO;
	if (n > 0) {
		tls_feed(&stream->tls, bytes, (size_t)n);
	} else if (n != -EAGAIN) {
		tls_set_words(&stream->tls,
			n == 0 ? "the target closed the connection during the handshake" : strerror((int)-n));
		stream_tls_refuse(stream, FAILURE_TLS_HANDSHAKE);
		return;
	}
	stream_tls_shake(stream);
}

void
stream_tls_take(struct stream *stream, const char *bytes, size_t length)
{
	tls_feed(&stream->tls, bytes, length);
	/* What was to be written may have waited for something to be read. */
	if (stream_tls_hand_on(stream) && stream->pending != NULL)
		stream_arm(stream, stream->polled | UV_WRITABLE);
}

static void
stream_tls_write_pending(struct stream *stream)
{
	size_t taken;
	enum tls_result result = tls_write(&stream->tls, stream->pending, stream->pending_length, &taken);

	if (result == TLS_FAILED) {
		stream_fail(stream, stream_tls_error(stream));
		return;
	}
	if (result == TLS_WANTS_READ)
		stream_arm(stream, stream->polled & ~UV_WRITABLE);
	if (taken > 0)
		stream_advance(stream, taken);
}

void
stream_tls_on_writable(struct stream *stream)
{
	if (stream->tls_wants_room) {
		stream->tls_wants_room = false;
		stream_arm(stream, UV_READABLE | (stream->pending != NULL ? UV_WRITABLE : 0));
		if (!stream_tls_hand_on(stream))
			return;
	}
	if (stream->pending != NULL)
		stream_tls_write_pending(stream);
}

enum stream_result
stream_tls_write(struct stream *stream, const char *bytes, size_t length, size_t *written, int *error)
{
	size_t before = stream->tls.sent_bytes, taken;
	enum tls_result result = tls_write(&stream->tls, bytes, length, &taken);

	*written = taken == 0 && stream->tls.sent_bytes > before ? 1 : taken;
	if (result == TLS_FAILED) {
		*error = -stream_tls_error(stream);
		return STREAM_FAILED;
	}
	if (result == TLS_DONE)
		return STREAM_DONE;
	stream->pending = bytes + taken;
	stream->pending_length = length - taken;
	if (result == TLS_WANTS_WRITE)
		stream_arm(stream, stream->polled | UV_WRITABLE);
	return STREAM_PENDING;
}
