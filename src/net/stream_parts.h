#pragma once

#include "net/stream.h"

/* What stream.c and stream_tls.c have of one another. */

/* stream.c: the descriptor and its loop. */
void stream_arm(struct stream *stream, int events);
void stream_fail(struct stream *stream, int error);
/* Into the one buffer of the loop: how many bytes, 0: the peer closed its side, or −errno. */
long stream_receive(struct stream *stream, const char **bytes);
/* How much the kernel took, or −errno. */
long stream_send(int fd, const char *bytes, size_t length);
/* A part of the pending write went out, or all of it. */
void stream_advance(struct stream *stream, size_t n);

/* It is connected, as far as TCP and a proxy are concerned. */
void stream_go_on(struct stream *stream);

/* stream_tunnel.c: TCP is connected, to a proxy. */
void stream_tunnel_begin(struct stream *stream);
/* While it is asked: events as uv_poll says them; status < 0: the socket has an error. */
void stream_tunnel_on_poll(struct stream *stream, int status, int events);

/* stream_tls.c: false: there is no memory for it. */
bool stream_tls_open(struct stream *stream, struct tls_context *tls);
/* TCP is connected. */
void stream_tls_begin(struct stream *stream);
/* While the handshake lasts: events as uv_poll says them; status < 0: the socket has an error. */
void stream_tls_on_poll(struct stream *stream, int status, int events);
/* Bytes were received, and are handed on as far as they can be decrypted. */
void stream_tls_take(struct stream *stream, const char *bytes, size_t length);
/* There is room to write again. */
void stream_tls_on_writable(struct stream *stream);
enum stream_result stream_tls_write(
	struct stream *stream, const char *bytes, size_t length, size_t *written, int *error);
