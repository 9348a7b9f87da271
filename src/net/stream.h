#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "measure/exchange.h"
#include "net/address.h"
#include "net/tunnel.h"
#include "net/tls.h"

/* A byte stream to the target over TCP or a unix socket, in the clear or over TLS: a non-blocking descriptor watched by
 * uv_poll, without libuv request objects. The caller owns the struct and embeds it; after stream_close its memory may
 * be reused only when on_closed was called. Callbacks come from loop turns alone, except that stream_connect and
 * stream_write report what they can at once by their return value. */

enum stream_result { STREAM_DONE, STREAM_PENDING, STREAM_FAILED };

struct stream;

struct stream_events {
	/* Connected, its TLS handshake done (failure is FAILURE_COUNT), or not (a row that counts as UNSENT): the
	 * caller closes it then. */
	void (*on_connected)(struct stream *stream, enum failure failure);
	/* length > 0: bytes, valid during the call. 0: the peer closed its side, nothing more is read. <0: it failed:
	 * −errno, of a pending write too, and nothing more is called but on_closed. The callee may write and close. */
	void (*on_read)(struct stream *stream, const char *bytes, long length);
	/* What stream_write left pending has been handed to the kernel. */
	void (*on_written)(struct stream *stream);
	void (*on_closed)(struct stream *stream);
};

struct stream {
	uv_poll_t poll;
	const struct stream_events *events;
	int fd;
	int polled; /* UV_READABLE | UV_WRITABLE as armed */
	bool is_connecting, is_tunnelling, is_handshaking, is_closing;
	/* During on_read with bytes: when the kernel received the last of them, CLOCK_MONOTONIC; −1: it does not say
	 * (unix sockets). What a busy loop reads late did not arrive late. */
	int64_t arrived_ns;
	const char *pending; /* what is still to be written: the caller's memory */
	size_t pending_length;
	struct tunnel tunnel;
	struct tls tls;       /* tls.ssl NULL: in the clear. Its tls_alpn and so on tell of it once it is connected */
	bool tls_wants_room;  /* to read on, it has to write first */
	int64_t connected_ns; /* when TCP was, and TLS began: CLOCK_MONOTONIC */
	int64_t handshake_ns; /* how long TLS took from there on; −1: in the clear, or not yet */
	/* During on_read with 0: over TLS, the peer did not say that this is the end, and whoever is between could have
	 * cut it off. What says itself how long it is need not care; what only its end ends was cut off. */
	bool is_truncated;
};

/* Reads go through one buffer, shared by all streams of a loop: they are handed on before the next read. */
#define STREAM_READ_BYTES ((size_t)64 * 1024)

/* Whom to connect to, and how. */
struct stream_way {
	const struct address *to;
	const struct address *from;    /* of this machine; NULL: as the kernel chooses */
	const char *name;              /* what `to` was looked up for; NULL: somebody wrote the address himself */
	const struct plan_url *beyond; /* what a proxy at `to` is to reach; NULL: it is none */
	const char *tunnel; /* what the proxy at `to` is asked for; NULL: `to` is no proxy, or there is no tunnel */
	struct tls_context *tls; /* NULL: in the clear */
};

/* Starts a connect. STREAM_PENDING: on_connected will be called, from a later loop turn.
 * STREAM_FAILED: *failure says why, and nothing is open or to be closed; FAILURE_REFUSED_BY_POLICY: see gate.h. */
enum stream_result stream_connect(struct stream *stream, uv_loop_t *loop, const struct stream_way *way,
	const struct stream_events *events, enum failure *failure);

/* What it failed of just now, beyond the row of failure.def; "": no more than that is known. */
const char *stream_words(const struct stream *stream);

/* Hands bytes to the kernel. The bytes must stay valid until all are written; one write at a time. *written: what was
 * taken at once (over TLS, 1 also stands for a part of what holds the first of them). STREAM_PENDING: on_written will
 * be called. STREAM_FAILED: *error is −errno, as on_read would say it.
 */
enum stream_result stream_write(struct stream *stream, const char *bytes, size_t length, size_t *written, int *error);

/* Not all of the last write was taken yet: a response that comes meanwhile does not make the stream free for another.
 */
static inline bool
stream_is_writing(const struct stream *stream)
{
	return stream->pending != NULL;
}

/* How much of the last write was not taken yet. */
static inline size_t
stream_unwritten(const struct stream *stream)
{
	return stream->pending != NULL ? stream->pending_length : 0;
}

/* Measures the offset between the clock of the kernel's stamps and ours again; a few times a second. */
void stream_measure_clocks(void);

/* Asynchronous: on_closed is called once, from a later loop turn. reset: the peer sees RST (SO_LINGER 0), and no port
 * is left in TIME_WAIT: for connections abandoned in the middle of a response. */
void stream_close(struct stream *stream, bool reset);

/* errno (> 0) of a failed connect, or of a failed read or write, as a row of failure.def. EPROTO: TLS broke. */
enum failure failure_from_connect_errno(int error);
enum failure failure_from_io_errno(int error);
