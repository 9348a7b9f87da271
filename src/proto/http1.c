#include "proto/protocol.h"

#include <llhttp.h>
#include <string.h>

#include "base/check.h"
#include "proto/http1_compose.h"

/* HTTP/1.1 responses (RFC 9112) by llhttp, with as few callbacks as possible: headers and the body are looked at only
 * where somebody wants them. */
struct http1 {
	llhttp_t parser;
	struct protocol_response response;
	bool is_head;           /* the response to HEAD has headers only */
	bool has_headers;       /* the final response's, not those of a 1xx */
	uint64_t ceiling_bytes; /* of all that comes before the body, 1xx responses included */
	uint64_t room_bytes;    /* what is left of it */
	struct protocol_ear ear;
	size_t name_length;     /* of the field that is being put together: its name stands first in ear.field */
	bool is_field_too_long; /* it is left out */
};

static struct http1 *
http1_of(llhttp_t *parser)
{
	return container_of(parser, struct http1, parser);
}

/* What llhttp lets pass but cannot be the answer: another version's status line, a status that is none (RFC 9110 §15),
 * and an upgrade that nobody asked for. Lengths that contradict each other it refuses itself. */
static bool
http1_is_sane(const llhttp_t *parser)
{
	return parser->http_major == 1 && parser->http_minor <= 1 && parser->status_code >= 100 &&
	       parser->status_code != 101;
}

/* Returns −1: breaks the rules; 1: no body follows whatever the headers say (RFC 9112 §6.3); 0: as the headers say. */
static int
http1_on_headers_complete(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);
	unsigned status = parser->status_code;

	if (!http1_is_sane(parser))
		return -1;
	if (status < 200)
		return 1;
	h->has_headers = true;
	h->response.status = (uint16_t)status;
	return h->is_head || status == 204 || status == 304;
}

/* Pausing makes llhttp say where the response ended, so that what follows it is noticed. A 1xx response is not the one
 * that was waited for: parsing goes on. */
static int
http1_on_message_complete(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);

	if (!h->has_headers)
		return 0;
	h->response.is_complete = true;
	/* RFC 9112 §6.1: an HTTP/1.0 message with Transfer-Encoding is framed by a party that may not know it. */
	h->response.keeps_alive =
		llhttp_should_keep_alive(parser) && !(parser->http_minor == 0 && (parser->flags & F_TRANSFER_ENCODING));
	return HPE_PAUSED;
}

static int
http1_on_body(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	h->ear.on_body(h->ear.context, bytes, length);
	return 0;
}

/* Of the final response's header section: neither a 1xx's nor the trailers. */
static bool
http1_is_heard(const struct http1 *h)
{
	return !h->has_headers && h->parser.status_code >= 200;
}

static void
http1_keep_field(struct http1 *h, const char *bytes, size_t length)
{
	struct buf *field = h->ear.field;

	if (field->length + length > PROTOCOL_FIELD_MAX)
		h->is_field_too_long = true;
	else
		buf_add(field, bytes, length);
}

static int
http1_on_header_name(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	if (!http1_is_heard(h))
		return 0;
	http1_keep_field(h, bytes, length);
	h->name_length = h->ear.field->length;
	return 0;
}

static int
http1_on_header_value(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	if (http1_is_heard(h))
		http1_keep_field(h, bytes, length);
	return 0;
}

static int
http1_on_header_complete(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);
	struct buf *field = h->ear.field;

	if (!http1_is_heard(h))
		return 0;
	/* RFC 9112 §5.1: whitespace after a value is not part of it; llhttp leaves out only what is before. */
	while (field->length > h->name_length &&
		(field->bytes[field->length - 1] == ' ' || field->bytes[field->length - 1] == '\t'))
		field->length--;
	if (!h->is_field_too_long)
		h->ear.on_header(h->ear.context, field->bytes, h->name_length, field->bytes + h->name_length,
			field->length - h->name_length);
	buf_clear(field);
	h->is_field_too_long = false;
	return 0;
}

#define SETTINGS_OF_ALL                                                                                                \
	.on_headers_complete = http1_on_headers_complete, .on_message_complete = http1_on_message_complete
#define SETTINGS_OF_HEADERS                                                                                            \
	.on_header_field = http1_on_header_name, .on_header_value = http1_on_header_value,                             \
	.on_header_value_complete = http1_on_header_complete

/* By who listens: [to headers][to the body]. */
static const llhttp_settings_t http1_settings[2][2] = {
	[false][false] = {SETTINGS_OF_ALL},
	[false][true] = {SETTINGS_OF_ALL, .on_body = http1_on_body},
	[true][false] = {SETTINGS_OF_ALL, SETTINGS_OF_HEADERS},
	[true][true] = {SETTINGS_OF_ALL, SETTINGS_OF_HEADERS, .on_body = http1_on_body},
};

static void
http1_init(void *state, const struct plan *plan)
{
	struct http1 *h = state;

	*h = (struct http1){.ceiling_bytes = plan->target.response_ceiling_bytes};
}

static void
http1_expect(void *state, const struct plan_request *request, const struct protocol_ear *ear)
{
	struct http1 *h = state;

	llhttp_init(&h->parser, HTTP_RESPONSE, &http1_settings[ear->on_header != NULL][ear->on_body != NULL]);
	h->response = (struct protocol_response){0};
	h->is_head = strcmp(request->method, "HEAD") == 0;
	h->has_headers = false;
	h->room_bytes = h->ceiling_bytes;
	h->ear = *ear;
	if (ear->field != NULL)
		buf_clear(ear->field);
	h->is_field_too_long = false;
}

static enum protocol_result
http1_parse(struct http1 *h, const char *bytes, size_t length, enum failure *failure)
{
	enum llhttp_errno result = llhttp_execute(&h->parser, bytes, length);

	if (result == HPE_OK)
		return PROTOCOL_MORE;
	if (!h->response.is_complete) {
		*failure = FAILURE_PROTOCOL;
		return PROTOCOL_FAILED;
	}
	return llhttp_get_error_pos(&h->parser) < bytes + length ? PROTOCOL_EXTRA : PROTOCOL_COMPLETE;
}

/* The ceiling must not depend on how the bytes were cut into reads: before the body, llhttp sees no more than is left
 * of it. Nearly always that is all there is, so that one call does. */
static enum protocol_result
http1_on_bytes(void *state, const char *bytes, size_t length, enum failure *failure)
{
	struct http1 *h = state;
	enum protocol_result result = PROTOCOL_MORE;

	if (h->response.is_complete)
		return length > 0 ? PROTOCOL_EXTRA : PROTOCOL_COMPLETE;
	h->response.has_first_byte |= length > 0;
	while (length > 0 && result == PROTOCOL_MORE) {
		size_t n = length;

		if (!h->has_headers && n > h->room_bytes)
			n = (size_t)h->room_bytes;
		if (n == 0) {
			*failure = FAILURE_TOO_LARGE;
			return PROTOCOL_FAILED;
		}
		result = http1_parse(h, bytes, n, failure);
		if (!h->has_headers)
			h->room_bytes -= n;
		bytes += n;
		length -= n;
	}
	return result == PROTOCOL_COMPLETE && length > 0 ? PROTOCOL_EXTRA : result;
}

static enum protocol_result
http1_on_eof(void *state, enum failure *failure)
{
	struct http1 *h = state;

	if (!h->response.is_complete)
		(void)llhttp_finish(&h->parser); /* completes a body that only the close delimits */
	h->response.keeps_alive = false;
	if (h->response.is_complete)
		return PROTOCOL_COMPLETE;
	*failure = FAILURE_TRUNCATED;
	return PROTOCOL_FAILED;
}

static const struct protocol_response *
http1_response(const void *state)
{
	const struct http1 *h = state;

	return &h->response;
}

const struct protocol_ops http1_protocol = {
	.choice = {.name = "1", .help = "HTTP/1.1 with keep-alive, one request at a time per connection"},
	.needs_stream = true,
	.state_size = sizeof(struct http1),
	.compose = http1_compose,
	.init = http1_init,
	.expect = http1_expect,
	.on_bytes = http1_on_bytes,
	.on_eof = http1_on_eof,
	.response = http1_response,
};
