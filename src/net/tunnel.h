#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"

/* What a proxy answers to CONNECT (RFC 9110 §9.3.6), as it comes: its status, up to the empty line. All that this room
 * knows of HTTP. */

#define TUNNEL_ANSWER_MAX 16384
#define TUNNEL_LINE_MAX 64 /* of the status line: the rest is left out */

struct tunnel {
	const char *request; /* NULL: no tunnel is asked for */
	size_t request_length, sent;
	size_t received;
	bool is_line_over, was_newline;
	uint8_t line_length;
	char line[TUNNEL_LINE_MAX]; /* once it failed: what to tell of it */
};

void tunnel_begin(struct tunnel *tunnel, const char *request);

enum tunnel_result { TUNNEL_MORE, TUNNEL_OPEN, TUNNEL_FAILED };

/* TUNNEL_FAILED: *failure is one of the PROXY rows, and tunnel_words says more. */
enum tunnel_result tunnel_take(struct tunnel *tunnel, const char *bytes, size_t length, enum failure *failure);
/* "407 Proxy Authentication Required", in ASCII; "": it said nothing that could be told. */
const char *tunnel_words(const struct tunnel *tunnel);
