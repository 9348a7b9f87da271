#include <string.h>

#include "proto/http2.h"

/* Offers both versions in the TLS handshake, and the server chooses, for each connection anew. In the clear nobody can
 * choose: it is HTTP/1.1 then. Requests are composed for either, by the stricter rules. */

static const char *const auto_alpn[] = {"h2", "http/1.1", NULL};

static const struct protocol_ops *
auto_agree(bool is_tls, const char *alpn)
{
	return is_tls && alpn != NULL && strcmp(alpn, "h2") == 0 ? &http2_protocol : &http1_protocol;
}

const struct protocol_ops auto_protocol = {
	.choice = {.name = "auto",
		.help = "over https: HTTP/2 or 1.1, as the server chooses; else 1.1",
		.is_multiplexed = true},
	.needs_stream = true,
	.alpn = auto_alpn,
	.agree = auto_agree,
	.compose = http2_compose,
};
