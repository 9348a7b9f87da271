#pragma once

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The TLS of one connection, between its non-blocking socket and the bytes of HTTP. Only httpd/ includes it. */

struct httpd_tls;
struct ssl_st;

struct tls_wire {
	struct ssl_st *ssl; /* NULL: in the clear */
	int fd;             /* of the connection, which closes it */
	bool has_ended;     /* the peer's side of the socket */
	bool wants_room;    /* to read on, it has to write first: read again when the socket can be written to */
	char *scratch;      /* of the server: a record's worth, to put together what goes into one */
};

/* The most that goes into one record (RFC 8446 §5.1). */
#define TLS_RECORD_BYTES ((size_t)16 << 10)

BIO_METHOD *httpd_wire_method(void);

/* In tls.c. The wire stays where it is until it is closed; scratch is of TLS_RECORD_BYTES. False: there is no memory.
 */
bool httpd_tls_open(const struct httpd_tls *tls, struct tls_wire *wire, int fd, char *scratch);

/* The handshake is not over: what it takes is the peer's time. */
bool httpd_wire_is_shaking(const struct tls_wire *wire);

/* As recv and writev on a non-blocking socket: bytes, 0 at the end, −1 with errno. EAGAIN: see wants_room. EPROTO: TLS
 * broke. EPROTOTYPE: the peer speaks HTTP in the clear. */
ssize_t httpd_wire_receive(struct tls_wire *wire, void *into, size_t room);
ssize_t httpd_wire_send(struct tls_wire *wire, const struct iovec *iov, size_t count);

/* We say nothing more: the peer is told (close_notify), if there is room for that at once. */
void httpd_wire_finish(struct tls_wire *wire);
void httpd_wire_close(struct tls_wire *wire);
