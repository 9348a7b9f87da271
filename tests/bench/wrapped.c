/* bench_wrapped: bench_server's answer in what wraps requests in the real world: TLS, HTTP/2, or both. One thread,
 * epoll, no parser; no delays and no log, since what is asked of it is to be faster than whoever asks. */
#include <errno.h>
#include <getopt.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"

#include "frames.h"
#include "listener.h"
#include "meter.h"
#include "wire.h"

#define READ_BYTES ((size_t)64 << 10)
/* HTTP/1: 4 bytes may end a request. */
#define OUT_BYTES (READ_BYTES / 4 * WIRE_RESPONSE_BYTES)
_Static_assert(
	OUT_BYTES >= READ_BYTES * FRAMES_OUT_PER_BYTE + FRAMES_OUT_FIRST, "answers to whatever is read have room");

struct options {
	uint64_t port;
	const char *certificate, *key; /* NULL: in the clear */
	bool is_h2;
};

struct connection {
	SSL *ssl; /* NULL: in the clear */
	uint8_t matched;
	struct frames frames;
};

struct server {
	struct options options;
	struct listener listener;
	SSL_CTX *tls;
	struct connection *connections; /* by descriptor */
	struct meter meter;
	int64_t now_ns;
	uint8_t bytes[READ_BYTES], out[OUT_BYTES];
};

static void
close_connection(struct server *s, int fd)
{
	SSL_free(s->connections[fd].ssl);
	s->connections[fd].ssl = NULL;
	close(fd);
}

static void
accept_connections(struct server *s)
{
	int fd;

	while ((fd = listener_accept(&s->listener)) >= 0) {
		struct connection *c = &s->connections[fd];

		*c = (struct connection){0};
		if (s->tls != NULL) {
			c->ssl = SSL_new(s->tls);
			CHECK(c->ssl != NULL && SSL_set_fd(c->ssl, fd) == 1);
			SSL_set_accept_state(c->ssl);
		}
		meter_add_connection(&s->meter, s->now_ns);
	}
}

/* 0: nothing there, −1: the connection is over. The handshake happens in here. */
static ssize_t
read_bytes(struct server *s, int fd)
{
	struct connection *c = &s->connections[fd];
	ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, s->bytes, READ_BYTES) : recv(fd, s->bytes, READ_BYTES, 0);

	if (n > 0)
		return n;
	if (c->ssl == NULL)
		return n < 0 && errno == EAGAIN ? 0 : -1;
	bool is_over = SSL_get_error(c->ssl, (int)n) != SSL_ERROR_WANT_READ;

	ERR_clear_error();
	return is_over ? -1 : 0;
}

static bool
write_bytes(struct server *s, int fd, size_t length)
{
	SSL *ssl = s->connections[fd].ssl;

	if (length == 0)
		return true;
	return (ssl != NULL ? SSL_write(ssl, s->out, (int)length) : send(fd, s->out, length, MSG_NOSIGNAL)) ==
	       (ssize_t)length;
}

static size_t
answer_http1(struct server *s, struct connection *c, size_t length)
{
	unsigned n = wire_count_ends(&c->matched, (const char *)s->bytes, length);

	for (unsigned i = 0; i < n; i++)
		memcpy(s->out + i * WIRE_RESPONSE_BYTES, WIRE_RESPONSE, WIRE_RESPONSE_BYTES);
	meter_add_requests(&s->meter, n, s->now_ns);
	return n * WIRE_RESPONSE_BYTES;
}

static size_t
answer_http2(struct server *s, struct connection *c, size_t length)
{
	struct frames_answer answer = {.out = s->out};

	frames_read(&c->frames, &answer, s->bytes, length);
	meter_add_requests(&s->meter, answer.requests, s->now_ns);
	return answer.length;
}

/* A peer that does not take what it asked for, which a socket's buffer holds many times over, is let go: it will say
 * so. */
static void
read_connection(struct server *s, int fd)
{
	struct connection *c = &s->connections[fd];

	do {
		ssize_t n = read_bytes(s, fd);

		if (n == 0)
			return;
		if (n < 0 ||
			!write_bytes(s, fd,
				s->options.is_h2 ? answer_http2(s, c, (size_t)n) : answer_http1(s, c, (size_t)n))) {
			close_connection(s, fd);
			return;
		}
	} while (c->ssl != NULL && SSL_has_pending(c->ssl));
}

static void
serve(struct server *s)
{
	static const struct deadlines none;
	struct epoll_event events[LISTENER_EVENTS_MAX];

	while (!listener_is_told_to_stop()) {
		int n = listener_wait(&s->listener, &none, events);

		s->now_ns = now_ns();
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == s->listener.fd)
				accept_connections(s);
			else
				read_connection(s, events[i].data.fd);
	}
}

static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned in_length,
	void *user)
{
	const struct options *o = user;
	static const unsigned char h2[] = "\x02h2", http1[] = "\x08http/1.1";
	const unsigned char *ours = o->is_h2 ? h2 : http1;

	(void)ssl;
	return SSL_select_next_proto((unsigned char **)out, out_length, ours, 1U + ours[0], in, in_length) ==
			       OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
prepare_tls(struct server *s)
{
	if (s->options.certificate == NULL)
		return true;
	s->tls = SSL_CTX_new(TLS_server_method());
	CHECK(s->tls != NULL);
	SSL_CTX_set_alpn_select_cb(s->tls, choose_alpn, &s->options);
	SSL_CTX_set_read_ahead(s->tls, 1); /* one read for a record's head and body */
	return SSL_CTX_use_certificate_chain_file(s->tls, s->options.certificate) == 1 &&
	       SSL_CTX_use_PrivateKey_file(s->tls, s->options.key, SSL_FILETYPE_PEM) == 1;
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
		{"certificate", required_argument, NULL, 'c'}, {"key", required_argument, NULL, 'k'},
		{"h2", no_argument, NULL, '2'}, {NULL, 0, NULL, 0}};
	int name;

	*o = (struct options){0};
	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (name) {
		case 'p':
			if (!units_parse_count(optarg, &o->port) || o->port > UINT16_MAX)
				return false;
			break;
		case 'c': o->certificate = optarg; break;
		case 'k': o->key = optarg; break;
		case '2': o->is_h2 = true; break;
		default: return false;
		}
	return optind == argc && (o->certificate == NULL) == (o->key == NULL);
}

static void
server_fini(struct server *s)
{
	for (size_t fd = 0; fd < s->listener.connections_max; fd++)
		SSL_free(s->connections[fd].ssl);
	SSL_CTX_free(s->tls);
	meter_fini(&s->meter);
	free(s->connections);
}

int
main(int argc, char **argv)
{
	static struct server s;

	if (!parse_options(argc, argv, &s.options)) {
		fprintf(stderr, "usage: bench_wrapped [--port N] [--certificate FILE --key FILE] [--h2]\n");
		return 2;
	}
	if (!prepare_tls(&s)) {
		fprintf(stderr, "bench_wrapped: cannot use %s and %s\n", s.options.certificate, s.options.key);
		return 1;
	}
	if (!listener_start(&s.listener,
		    &(struct listener_options){.port = s.options.port, .scheme = s.tls != NULL ? "https" : "http"})) {
		fprintf(stderr, "bench_wrapped: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN); /* SSL_write cannot say MSG_NOSIGNAL */
	s.connections = must_calloc(s.listener.connections_max, sizeof(*s.connections));
	meter_init(&s.meter, false);
	serve(&s);
	meter_print(&s.meter);
	server_fini(&s);
	return 0;
}
