#include "httpd/tls_wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

/* One call writes no more than this: the loop has others to serve. */
#define SEND_AT_ONCE ((size_t)256 << 10)

/* OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a peer that went away would end the process. */
static int
wire_read(BIO *bio, char *into, size_t room, size_t *length)
{
	struct tls_wire *wire = BIO_get_data(bio);
	ssize_t n = recv(wire->fd, into, room, 0);

	BIO_clear_retry_flags(bio);
	*length = n > 0 ? (size_t)n : 0;
	wire->has_ended |= n == 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return n > 0 ? 1 : (int)n;
}

static int
wire_write(BIO *bio, const char *bytes, size_t length, size_t *written)
{
	const struct tls_wire *wire = BIO_get_data(bio);
	ssize_t n = send(wire->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	BIO_clear_retry_flags(bio);
	*written = n > 0 ? (size_t)n : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return n > 0 ? 1 : -1;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return ((const struct tls_wire *)BIO_get_data(bio))->has_ended;
	return command == BIO_CTRL_FLUSH; /* nothing is held back */
}

static int
wire_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *
httpd_wire_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "httpd's wire");

	BIO_meth_set_read_ex(method, wire_read);
	BIO_meth_set_write_ex(method, wire_write);
	BIO_meth_set_ctrl(method, wire_control);
	BIO_meth_set_create(method, wire_create);
	return method;
}

bool
httpd_wire_is_shaking(const struct tls_wire *wire)
{
	return wire->ssl != NULL && !SSL_is_init_finished(wire->ssl);
}

static ssize_t
fail(int error)
{
	ERR_clear_error();
	errno = error;
	return -1;
}

ssize_t
httpd_wire_receive(struct tls_wire *wire, void *into, size_t room)
{
	size_t n;

	wire->wants_room = false;
	ERR_clear_error();
	if (SSL_read_ex(wire->ssl, into, room, &n) == 1)
		return (ssize_t)n;
	switch (SSL_get_error(wire->ssl, 0)) {
	case SSL_ERROR_WANT_READ: return fail(EAGAIN);
	case SSL_ERROR_WANT_WRITE: wire->wants_room = true; return fail(EAGAIN);
	case SSL_ERROR_ZERO_RETURN: ERR_clear_error(); return 0;
	default: return fail(ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST ? EPROTOTYPE : EPROTO);
	}
}

/* A record's worth of what is left, put together from its pieces. */
static size_t
gather(char *into, const struct iovec *iov, size_t count, size_t skip)
{
	size_t length = 0;

	for (size_t i = 0; i < count && length < TLS_RECORD_BYTES; i++) {
		size_t from = skip < iov[i].iov_len ? skip : iov[i].iov_len;
		size_t step = iov[i].iov_len - from;

		skip -= from;
		if (step > TLS_RECORD_BYTES - length)
			step = TLS_RECORD_BYTES - length;
		if (step > 0)
			memcpy(into + length, (const char *)iov[i].iov_base + from, step);
		length += step;
	}
	return length;
}

/* Where a record was made and could not be sent, OpenSSL wants the same bytes again, and perhaps more: as what was not
 * written stays at the front of the answers, that is what it gets. */
ssize_t
httpd_wire_send(struct tls_wire *wire, const struct iovec *iov, size_t count)
{
	size_t done = 0, n, length;

	while (done < SEND_AT_ONCE && (length = gather(wire->scratch, iov, count, done)) > 0) {
		ERR_clear_error();
		if (SSL_write_ex(wire->ssl, wire->scratch, length, &n) == 1) {
			done += n;
			continue;
		}
		bool is_blocked = SSL_get_error(wire->ssl, 0) == SSL_ERROR_WANT_WRITE;

		if (!is_blocked)
			return fail(EPROTO);
		return done > 0 ? (ssize_t)done : fail(EAGAIN);
	}
	return (ssize_t)done;
}

void
httpd_wire_finish(struct tls_wire *wire)
{
	if (wire->ssl == NULL || !SSL_is_init_finished(wire->ssl))
		return;
	ERR_clear_error();
	(void)SSL_shutdown(wire->ssl);
	ERR_clear_error();
}

void
httpd_wire_close(struct tls_wire *wire)
{
	if (wire->ssl == NULL)
		return;
	SSL_free(wire->ssl);
	ERR_clear_error();
	wire->ssl = NULL;
	wire->wants_room = false;
}
