#pragma once

#include <llhttp.h>

#include "httpd/request.h"

enum parser_verdict {
	PARSER_MORE,    /* all bytes used, no request complete */
	PARSER_REQUEST, /* parser->request is complete and the caller's now: parser_take */
	PARSER_REFUSED, /* parser->refusal is the status that says why; nothing more can be read from this connection */
};

/* Bytes in, requests out, whatever the pieces they come in. Knows no socket, so that it can be fuzzed. */
struct parser {
	llhttp_t http;
	const struct httpd_limits *limits;
	struct request_pool *pool;
	struct request *request; /* being received; NULL between requests */
	size_t message_bytes;    /* raw bytes of it so far */
	size_t trailer_bytes;
	int refusal;
	bool is_head_done, is_complete;
};

void parser_init(struct parser *parser, const struct httpd_limits *limits, struct request_pool *pool);
void parser_fini(struct parser *parser); /* gives back an unfinished request */

enum parser_verdict parser_feed(struct parser *parser, const char *bytes, size_t length, size_t *used);
struct request *parser_take(struct parser *parser);
