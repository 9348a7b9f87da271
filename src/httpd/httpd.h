#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

/* A small HTTP/1.1 server on somebody's libuv loop. Everything a peer can make it hold or wait for has a limit. Nothing
 * is allocated per request in steady state: connections and requests come from pools that grow to their peak. One
 * thread. */
struct httpd;
struct httpd_reply;

/* A complete request. Valid from on_request until on_done returns; the texts end with NUL and are the request's own. */
struct httpd_request {
	const char *method; /* "GET" */
	const char *target; /* as sent: "/stats?x=1" */
	const char *body;
	size_t body_length;
	int64_t arrival_ns;  /* CLOCK_MONOTONIC: when the kernel received the request's last bytes, see stamp.h */
	uint64_t connection; /* 1, 2, … in order of acceptance */
	bool is_head;
	void *user; /* the handler's, NULL at first */
};

enum httpd_end {
	HTTPD_SENT, /* the answer's last byte, or what was asked for before a reset, was handed to the kernel */
	HTTPD_GONE, /* the connection ended first: no answer reached it whole */
};

struct httpd_handler {
	/* A request is complete. Answer it with one of the calls below, now or later. */
	void (*on_request)(struct httpd_request *request, void *user);

	/* The last that is heard of this request, exactly once. Never called from within on_request; may be called from
	 * within the answering calls. */
	void (*on_done)(struct httpd_request *request, enum httpd_end end, void *user);
};

/* Sizes in bytes, times in ns. A time of 0 means no deadline; every other number must be positive. */
struct httpd_limits {
	size_t connections;      /* open at once; one more is told 503 and closed */
	bool makes_room;         /* or takes the place of the one that has been silent longest (a second is forgiven who
				  * has asked before), else of one in the middle of a head. So whoever holds them all
				  * keeps nobody out */
	size_t pipelined;        /* unanswered requests of one connection; what follows them is not read meanwhile */
	size_t head_bytes;       /* request line and headers together, and trailers: 431 */
	size_t body_bytes;       /* after chunked decoding: 413 */
	size_t stream_bytes;     /* of a streamed answer, framing included, that the peer has not taken yet */
	int64_t head_timeout_ns; /* from a request's first byte to the end of its head: 408 */
	int64_t body_timeout_ns; /* from there to the end of its body: 408 */
	int64_t idle_timeout_ns; /* a connection without a request: closed silently */
	int64_t write_timeout_ns;  /* a peer that takes nothing of its answer: closed */
	int64_t linger_timeout_ns; /* after our last byte, for the peer to close first, so that no reset eats the answer
				    */
};

extern const struct httpd_limits httpd_default_limits;

struct httpd_config {
	const char *listen;          /* "127.0.0.1:8080", "[::1]:0" (0: any free port), "unix:/run/x.sock", "fd:3" */
	const struct httpd_tls *tls; /* tls.h; NULL: in the clear */
	struct httpd_limits limits;
	/* What the server's own refusals (400, 408, 413, 431 …) say; NULL: nothing. */
	void (*refusal)(int status, struct buf *body);
	const char *refusal_type;
	struct httpd_handler handler;
	void *user;
};

/* What happened since the start. */
struct httpd_counts {
	uint64_t accepted, refused; /* connections; refused: over the limit, or no descriptor left */
	uint64_t displaced;         /* connections that made room for another */
	uint64_t requests;          /* handed to the handler */
	uint64_t malformed;         /* answered 4xx or 5xx by the server itself, deadlines included */
	uint64_t expired;           /* deadlines that passed */
	uint64_t unstamped;         /* requests whose arrival is the time of the read, for want of a kernel stamp */
	uint64_t handshakes_failed; /* connections that ended in their TLS handshake, deadlines not included */
	uint64_t streams_full;      /* pushes that were not taken because the peer reads too slowly */
	uint64_t bytes_in, bytes_out;
	uint64_t clock_steps;   /* times that CLOCK_REALTIME was seen to have been set */
	int64_t stamp_error_ns; /* bound on the error of the stamps' conversion */
	size_t open;            /* connections now */
};

/* Listens at once. NULL with err set when it cannot. */
struct httpd *httpd_new(uv_loop_t *loop, const struct httpd_config *config, struct error *err);

/* Stops listening and closes idle connections; the others end with their last answer, or after grace_ns. Then calls
 * back once; afterwards httpd_free may be called. */
void httpd_stop(struct httpd *httpd, int64_t grace_ns, void (*on_stopped)(void *user), void *user);
void httpd_free(struct httpd *httpd);

const char *httpd_url(const struct httpd *httpd); /* "http://127.0.0.1:40123", "https://…" or "unix:/run/x.sock" */
struct httpd_counts httpd_counts(const struct httpd *httpd);

/* The value of the first header of that name (any case), or NULL. */
const char *httpd_request_header(const struct httpd_request *request, const char *name);

/* Who sent it, as far as the kernel knows: "127.0.0.1:51234", "[::1]:51234", or "uid 1000, pid 4321" over a unix
 * socket; "" where the connection is gone. Returns into. */
#define HTTPD_PEER_MAX 64
const char *httpd_request_peer(const struct httpd_request *request, char into[HTTPD_PEER_MAX]);

/* An answer made once and sent many times. `headers` is NULL or whole lines, each ended by CRLF. The caller keeps it
 * until every request answered with it is done. */
struct httpd_reply *httpd_reply_new(int status, const char *headers, const void *body, size_t length);
void httpd_reply_free(struct httpd_reply *reply);

void httpd_answer(struct httpd_request *request, const struct httpd_reply *reply);

/* The same for an answer made for this request alone; everything is copied. A body over HTTPD_TEXT_MAX becomes a 500.
 */
#define HTTPD_TEXT_MAX ((size_t)16 << 20)
void httpd_answer_text(struct httpd_request *request, int status, const char *headers, const void *body, size_t length);

/* An answer in pieces, as they come to be. Each push is one chunk (HTTP/1.1) or bare bytes up to the close (1.0), and
 * one send while the peer reads: what belongs into one packet goes into one push. The head leaves with the first push;
 * an empty one sends it alone. Like every answering call, these may call on_done before they return. */
enum httpd_push {
	HTTPD_PUSH_SENT,  /* all of it was handed to the kernel */
	HTTPD_PUSH_WAITS, /* kept: the peer is slow, or an earlier answer is not out yet; write_timeout_ns runs */
	HTTPD_PUSH_FULL, /* none of it was taken: more than limits.stream_bytes would wait. Push it later, or give up */
	HTTPD_PUSH_GONE, /* the connection ended, on_done was called, the request is no more */
};

/* `headers` as above; the framing is added. */
void httpd_stream_begin(struct httpd_request *request, int status, const char *headers);
enum httpd_push httpd_stream_push(struct httpd_request *request, const void *bytes, size_t length);

/* A last piece (its ceiling is not asked) and the end; the request is over, as after httpd_answer. */
void httpd_stream_end(struct httpd_request *request, const void *bytes, size_t length);

/* What broken servers do to a stream: after what was pushed the connection closes, or is reset, without the end. */
enum httpd_cut {
	HTTPD_CUT_CLOSE,
	HTTPD_CUT_RESET,
};
void httpd_stream_cut(struct httpd_request *request, enum httpd_cut how);

/* True if the peer has shut down its side: most often it has gone, and will be told so by a reset of our next bytes. */
bool httpd_request_is_abandoned(const struct httpd_request *request);

/* What broken servers do. Half of the answer, then a TCP reset; a close without a word; silence until the peer leaves.
 */
void httpd_answer_half_and_reset(struct httpd_request *request, const struct httpd_reply *reply);
void httpd_drop(struct httpd_request *request);
void httpd_never_answer(struct httpd_request *request);
