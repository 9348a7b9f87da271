#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What a server shows over TLS: its certificate and key; TLS 1.2 and newer; HTTP/1.1 alone, by ALPN. Given to httpd_new
 * by config.tls, and outlives the server. Over TLS an arrival is when its bytes were read: the kernel's stamps are of
 * records, which are not requests. */
struct httpd_tls;

/* PEM files: the certificate with those above it, and its key, without a passphrase and readable by no others. NULL
 * with err set, naming the file. */
struct httpd_tls *httpd_tls_new(const char *cert_path, const char *key_path, struct error *err);

/* Reads both files again: connections from now on are shown what they hold. False with err set: they cannot be used
 * (half replaced, perhaps), and everything stays as it was. */
bool httpd_tls_reload(struct httpd_tls *tls, struct error *err);

/* The end of the certificate's validity, s since 1970. */
int64_t httpd_tls_ends_at_s(const struct httpd_tls *tls);

/* After httpd_free of the servers that were given it. */
void httpd_tls_free(struct httpd_tls *tls);
