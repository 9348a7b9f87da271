#include "httpd/parser.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"

/* One byte of body may take six on the wire ("1\r\nx\r\n"); chunk extensions and padding get no more room than that. */
#define WIRE_BYTES_PER_BODY_BYTE 6

static int
parser_refuse(struct parser *p, int status)
{
	p->refusal = status;
	return HPE_USER;
}

static struct parser *
parser_of(llhttp_t *http)
{
	return container_of(http, struct parser, http);
}

static int
on_message_begin(llhttp_t *http)
{
	struct parser *p = parser_of(http);

	CHECK(p->request == NULL);
	p->request = request_take(p->pool);
	p->is_head_done = p->is_complete = false;
	p->message_bytes = p->trailer_bytes = 0;
	return HPE_OK;
}

/* Adds to the head; what no longer fits refuses the request. */
static int
add_to_head(struct parser *p, const char *bytes, size_t length, int status)
{
	if (p->is_head_done) { /* a trailer: bounded, and dropped */
		p->trailer_bytes += length;
		return p->trailer_bytes > p->limits->head_bytes ? parser_refuse(p, 431) : HPE_OK;
	}
	return buf_add(&p->request->head, bytes, length) ? HPE_OK : parser_refuse(p, status);
}

static int
end_text(struct parser *p)
{
	return p->is_head_done ? HPE_OK : add_to_head(p, "", 1, 431);
}

static int
on_url(llhttp_t *http, const char *at, size_t length)
{
	struct parser *p = parser_of(http);

	if (p->request->head.length == 0) {
		const char *method = llhttp_method_name((llhttp_method_t)http->method);

		if (add_to_head(p, method, strlen(method) + 1, 431) != HPE_OK)
			return HPE_USER;
		p->request->target_at = p->request->head.length;
	}
	return add_to_head(p, at, length, 414);
}

static int
on_url_complete(llhttp_t *http)
{
	struct parser *p = parser_of(http);

	if (end_text(p) != HPE_OK)
		return HPE_USER;
	p->request->headers_at = p->request->head.length;
	return HPE_OK;
}

static int
on_header_bytes(llhttp_t *http, const char *at, size_t length)
{
	/* A NUL inside would cut our "name\0value\0" records. llhttp refuses it already; this holds if it ever does
	 * not. */
	if (memchr(at, '\0', length) != NULL)
		return parser_refuse(parser_of(http), 400);
	return add_to_head(parser_of(http), at, length, 431);
}

static int
on_header_name_complete(llhttp_t *http)
{
	return end_text(parser_of(http));
}

/* RFC 9110 §5.5: a value does not include the white space around it; llhttp takes only that in front away. */
static int
on_header_value_complete(llhttp_t *http)
{
	struct parser *p = parser_of(http);
	struct buf *head = &p->request->head;

	while (!p->is_head_done && (head->bytes[head->length - 1] == ' ' || head->bytes[head->length - 1] == '\t'))
		head->length--;
	return end_text(p);
}

/* What RFC 9110 and 9112 ask of a server before it looks at a request: one Host (§3.2), a version it speaks, only the
 * expectation it knows (§10.1.1). A tunnel is no business of ours. */
static int
refusal_of_head(const struct request *r, const llhttp_t *http)
{
	const char *expect = httpd_request_header(&r->shown, "expect");

	if (http->http_major != 1 || http->http_minor > 1)
		return 505;
	if (http->method == HTTP_CONNECT)
		return 501;
	if (request_count_headers(r, "host") > 1 || (http->http_minor == 1 && request_count_headers(r, "host") == 0))
		return 400;
	if (expect != NULL && http->http_minor == 1 && strcasecmp(expect, "100-continue") != 0)
		return 417;
	return 0;
}

static int
on_headers_complete(llhttp_t *http)
{
	struct parser *p = parser_of(http);
	struct request *r = p->request;

	request_show_head(r);
	r->keeps_alive = llhttp_should_keep_alive(http) != 0;
	r->is_http10 = http->http_minor == 0;
	int status = refusal_of_head(r, http);

	if (status == 0 && (http->flags & F_CONTENT_LENGTH) != 0 && http->content_length > p->limits->body_bytes)
		status = 413;
	if (status != 0) {
		parser_refuse(p, status);
		return -1; /* other values mean something else to llhttp here */
	}
	r->wants_continue = !r->is_http10 && httpd_request_header(&r->shown, "expect") != NULL;
	http->upgrade = 0; /* RFC 9110 §7.8: a server may ignore Upgrade */
	p->is_head_done = true;
	return 0;
}

static int
on_body(llhttp_t *http, const char *at, size_t length)
{
	struct parser *p = parser_of(http);

	return buf_add(&p->request->body, at, length) ? HPE_OK : parser_refuse(p, 413);
}

/* Stops llhttp here, so that the handler is called outside of its callbacks and may do as it likes. */
static int
on_message_complete(llhttp_t *http)
{
	struct parser *p = parser_of(http);

	p->request->shown.body = p->request->body.bytes != NULL ? p->request->body.bytes : "";
	p->request->shown.body_length = p->request->body.length;
	p->request->wants_continue = false;
	p->is_complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t parser_settings = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_url_complete = on_url_complete,
	.on_header_field = on_header_bytes,
	.on_header_field_complete = on_header_name_complete,
	.on_header_value = on_header_bytes,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void
parser_init(struct parser *p, const struct httpd_limits *limits, struct request_pool *pool)
{
	*p = (struct parser){.limits = limits, .pool = pool};
	llhttp_init(&p->http, HTTP_REQUEST, &parser_settings);
}

void
parser_fini(struct parser *p)
{
	if (p->request != NULL)
		request_give(p->pool, p->request);
	p->request = NULL;
}

static bool
is_too_long_on_the_wire(const struct parser *p)
{
	return p->message_bytes > 2 * p->limits->head_bytes + WIRE_BYTES_PER_BODY_BYTE * p->limits->body_bytes;
}

enum parser_verdict
parser_feed(struct parser *p, const char *bytes, size_t length, size_t *used)
{
	llhttp_errno_t e = llhttp_execute(&p->http, bytes, length);

	*used = length;
	if (e == HPE_PAUSED) {
		CHECK(p->is_complete);
		*used = (size_t)(llhttp_get_error_pos(&p->http) - bytes);
		llhttp_resume(&p->http);
		return PARSER_REQUEST;
	}
	if (e != HPE_OK) {
		if (p->refusal == 0)
			p->refusal = 400;
		return PARSER_REFUSED;
	}
	p->message_bytes += p->request != NULL ? length : 0;
	if (is_too_long_on_the_wire(p)) {
		p->refusal = p->is_head_done ? 413 : 431;
		return PARSER_REFUSED;
	}
	return PARSER_MORE;
}

struct request *
parser_take(struct parser *p)
{
	struct request *r = p->request;

	CHECK(r != NULL && p->is_complete);
	p->request = NULL;
	return r;
}
