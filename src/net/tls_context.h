#pragma once

#include <openssl/ssl.h>

#include "net/tls.h"

/* What tls_context.c makes and tls.c uses. */
struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *wire;        /* tls.c's: between OpenSSL and struct tls */
	const char *server_name; /* for SNI; NULL: the host is an address */
	const char *const *alpn;
	SSL_SESSION *session; /* the latest; NULL: none yet */
	bool resumes;
	char words[TLS_WORDS_MAX];
};

/* tls.c */
BIO_METHOD *tls_wire_method(void);
