#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Whom a browser means when it asks us. A page of somebody else's can have a browser send requests to any address
 * (CSRF), and by a name whose address it changes afterwards (DNS rebinding) even read the answers; but it can forge
 * neither Host nor Origin. So Host must be a name that we go by, and Origin, where there is one, the same. */

#define ORIGIN_NAMES_MAX ((size_t)64)
#define ORIGIN_HOST_MAX 256

/* What stands behind "http://", in one form: lower case, addresses as inet_ntop writes them, without brackets. */
struct authority {
	char host[ORIGIN_HOST_MAX];
	unsigned port; /* 0: not said */
	bool is_address;
};

/* "brunt.example.com", "127.0.0.1:8080", "[::1]:8080". */
bool authority_parse(const char *text, struct authority *authority);

struct origin_names {
	struct authority list[ORIGIN_NAMES_MAX];
	size_t n;
	bool is_tls;
	bool takes_addresses; /* listens on all of them: any address with our port may be ours, and cannot be rebound */
	unsigned port;
};

/* url: httpd_url's, "http://127.0.0.1:8080", "https://[::]:8443". more: what else we are called; without a port it may
 * be any (a proxy is in front of us). */
bool origin_names_init(
	struct origin_names *names, const char *url, const char *const *more, size_t more_n, struct error *err);

/* A Host header's value (NULL: there is none, and so it is not ours). */
bool origin_is_ours(const struct origin_names *names, const char *host);
/* An Origin header's value, "https://brunt.example.com": of the page that was loaded by that Host. "null" is nobody. */
bool origin_is_same(const struct origin_names *names, const char *origin, const char *host);
