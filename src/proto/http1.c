#include "proto/protocol.h"

#include <llhttp.h>
#include <string.h>

#include "base/check.h"
#include "proto/http1_compose.h"

/* HTTP/1.1 responses (RFC 9112) by llhttp, with as few callbacks as possible: headers and the body are looked at only
 * where somebody wants them. */
struct http1 {
	struct protocol_state state;
	struct protocol_exchange *x; /* the one under way; NULL: none is */
	llhttp_t parser, fresh;      /* fresh: as it is before a response; copying it is cheaper than to make it anew */
	const char *bytes;           /* its request … */
	size_t length;               /* … for the output */
	bool is_head;                /* the response to HEAD has headers only */
	bool is_complete;
	bool keeps_alive;       /* once it is complete: the connection may carry another request */
	bool has_headers;       /* the final response's, not those of a 1xx */
	uint64_t ceiling_bytes; /* of all that comes before the body, 1xx responses included */
	uint64_t room_bytes;    /* what is left of it */
	bool is_in_field;       /* one is being put together in ear.field, */
	size_t field_at;        /* behind what stands there already, */
	size_t name_length;     /* its name first */
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
	h->x->status = (uint16_t)status;
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
	h->is_complete = true;
	/* RFC 9112 §6.1: an HTTP/1.0 message with Transfer-Encoding is framed by a party that may not know it. */
	h->keeps_alive =
		llhttp_should_keep_alive(parser) && !(parser->http_minor == 0 && (parser->flags & F_TRANSFER_ENCODING));
	return HPE_PAUSED;
}

static int
http1_on_body(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	h->x->ear.on_body(h->x->ear.context, bytes, length);
	return 0;
}

/* Who wants the fields of where the response is: nobody those of a 1xx. */
static protocol_hear_field *
http1_listener(const struct http1 *h)
{
	if (h->has_headers)
		return h->x->ear.on_trailer;
	return h->parser.status_code >= 200 ? h->x->ear.on_header : NULL;
}

static void
http1_keep_field(struct http1 *h, const char *bytes, size_t length)
{
	struct buf *field = h->x->ear.field;
	size_t whole = field->length - h->field_at + length;

	if (whole > PROTOCOL_FIELD_MAX || h->field_at + whole > field->ceiling)
		h->is_field_too_long = true;
	else
		buf_add(field, bytes, length);
}

static int
http1_on_header_name(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	if (http1_listener(h) == NULL)
		return 0;
	if (!h->is_in_field)
		h->field_at = h->x->ear.field->length;
	h->is_in_field = true;
	http1_keep_field(h, bytes, length);
	h->name_length = h->x->ear.field->length - h->field_at;
	return 0;
}

static int
http1_on_header_value(llhttp_t *parser, const char *bytes, size_t length)
{
	struct http1 *h = http1_of(parser);

	if (h->is_in_field)
		http1_keep_field(h, bytes, length);
	return 0;
}

/* RFC 9112 §5.1: whitespace after a value is not part of it; llhttp leaves out only what is before. */
static void
http1_tell_field(const struct http1 *h)
{
	const struct buf *field = h->x->ear.field;
	const char *name = field->bytes + h->field_at, *value = name + h->name_length;
	size_t length = field->length - h->field_at - h->name_length;

	while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	http1_listener(h)(h->x->ear.context, name, h->name_length, value, length);
}

static int
http1_on_header_complete(llhttp_t *parser)
{
	struct http1 *h = http1_of(parser);

	if (!h->is_in_field)
		return 0;
	if (!h->is_field_too_long)
		http1_tell_field(h);
	buf_cut(h->x->ear.field, h->field_at);
	h->is_in_field = h->is_field_too_long = false;
	return 0;
}

#define SETTINGS_OF_ALL                                                                                                \
	.on_headers_complete = http1_on_headers_complete, .on_message_complete = http1_on_message_complete
#define SETTINGS_OF_HEADERS                                                                                            \
	.on_header_field = http1_on_header_name, .on_header_value = http1_on_header_value,                             \
	.on_header_value_complete = http1_on_header_complete

/* By who listens: [to headers or trailers][to the body]. */
static const llhttp_settings_t http1_settings[2][2] = {
	[false][false] = {SETTINGS_OF_ALL},
	[false][true] = {SETTINGS_OF_ALL, .on_body = http1_on_body},
	[true][false] = {SETTINGS_OF_ALL, SETTINGS_OF_HEADERS},
	[true][true] = {SETTINGS_OF_ALL, SETTINGS_OF_HEADERS, .on_body = http1_on_body},
};

static void
http1_init(void *state, const struct plan *plan, bool is_tls)
{
	struct http1 *h = state;

	(void)is_tls;
	*h = (struct http1){.ceiling_bytes = plan->target.response_ceiling_bytes};
	llhttp_init(&h->fresh, HTTP_RESPONSE, NULL);
	protocol_state_init(&h->state);
	h->state.is_ready = true;
	h->state.room = 1;
}

static void
http1_fini(void *state)
{
	(void)state;
}

static void
http1_begin(void *state, struct protocol_exchange *x, const struct plan_request *request, const char *bytes,
	size_t length, const struct protocol_ear *ear)
{
	struct http1 *h = state;

	CHECK_OP(h->state.room, ==, 1);
	protocol_exchange_begin(x, ear);
	h->parser = h->fresh;
	h->parser.settings =
		(void *)&http1_settings[ear->on_header != NULL || ear->on_trailer != NULL][ear->on_body != NULL];
	h->x = x;
	h->bytes = bytes;
	h->length = length;
	h->is_head = request->method[0] == 'H' && strcmp(request->method, "HEAD") == 0;
	h->is_complete = h->keeps_alive = h->has_headers = h->is_in_field = h->is_field_too_long = false;
	h->room_bytes = h->ceiling_bytes;
	h->state.room = 0;
	h->state.has_output = true;
	list_add_last(&h->state.unsent, &x->unsent);
}

/* The request goes out as it stands. */
static size_t
http1_output(void *state, const char **bytes)
{
	struct http1 *h = state;

	if (!h->state.has_output)
		return 0;
	h->state.has_output = false;
	h->x->bytes_sent = h->length;
	h->x->is_sent_whole = true;
	*bytes = h->bytes;
	return h->length;
}

static void
http1_end(struct http1 *h, enum failure failure)
{
	struct protocol_exchange *x = h->x;

	h->x = NULL;
	h->state.room = h->state.fate == PROTOCOL_OPEN;
	protocol_end(&h->state, x, failure);
}

static void
http1_break(struct http1 *h, enum failure failure)
{
	h->state.fate = PROTOCOL_BROKEN;
	h->state.failure = failure;
	h->state.room = 0;
}

static void
http1_fail(struct http1 *h, enum failure failure)
{
	http1_break(h, failure);
	http1_end(h, failure);
}

/* The response is complete. What follows it nobody asked for: the connection is poisoned. */
static void
http1_complete(struct http1 *h, bool has_more)
{
	if (has_more)
		http1_break(h, FAILURE_PROTOCOL);
	else if (!h->keeps_alive)
		h->state.fate = PROTOCOL_DRAINING;
	http1_end(h, FAILURE_COUNT);
}

/* Parses; whether the response goes on. */
static bool
http1_parse(struct http1 *h, const char *bytes, size_t length, bool has_more)
{
	enum llhttp_errno result = llhttp_execute(&h->parser, bytes, length);

	if (result == HPE_OK)
		return true;
	if (!h->is_complete)
		http1_fail(h, FAILURE_PROTOCOL);
	else
		http1_complete(h, has_more || llhttp_get_error_pos(&h->parser) < bytes + length);
	return false;
}

/* The ceiling must not depend on how the bytes were cut into reads: before the body, llhttp sees no more than is left
 * of it. Nearly always that is all there is, so that one call does. */
static void
http1_on_bytes(void *state, const char *bytes, size_t length)
{
	struct http1 *h = state;

	if (h->x == NULL) {
		http1_break(h, FAILURE_PROTOCOL);
		return;
	}
	h->x->bytes_received += length;
	protocol_note_news(&h->state, h->x);
	while (length > 0) {
		size_t n = length;

		if (!h->has_headers && n > h->room_bytes)
			n = (size_t)h->room_bytes;
		if (n == 0) {
			http1_fail(h, FAILURE_TOO_LARGE);
			return;
		}
		if (!http1_parse(h, bytes, n, n < length))
			return;
		if (!h->has_headers)
			h->room_bytes -= n;
		bytes += n;
		length -= n;
	}
}

static void
http1_on_eof(void *state)
{
	struct http1 *h = state;

	h->keeps_alive = false;
	if (h->x == NULL) {
		h->state.fate = PROTOCOL_DRAINING;
		h->state.room = 0;
		return;
	}
	(void)llhttp_finish(&h->parser); /* completes a body that only the close delimits */
	if (h->is_complete && !h->state.was_cut)
		http1_complete(h, false);
	else
		http1_fail(h, FAILURE_TRUNCATED);
}

/* Its answer would come before the next one's. */
static bool
http1_cancel(void *state, struct protocol_exchange *x)
{
	struct http1 *h = state;

	list_remove(&x->unsent);
	list_remove(&x->news);
	h->x = NULL;
	http1_break(h, FAILURE_RESET);
	return false;
}

static const char *const http1_alpn[] = {"http/1.1", NULL};

static const struct protocol_ops *
http1_agree(bool is_tls, const char *alpn)
{
	(void)is_tls;
	(void)alpn;
	return &http1_protocol;
}

const struct protocol_ops http1_protocol = {
	.choice = {.name = "1", .help = "HTTP/1.1 with keep-alive, one request at a time per connection"},
	.needs_stream = true,
	.alpn = http1_alpn,
	.state_size = sizeof(struct http1),
	.exchange_size = sizeof(struct protocol_exchange),
	.agree = http1_agree,
	.compose = http1_compose,
	.init = http1_init,
	.fini = http1_fini,
	.begin = http1_begin,
	.output = http1_output,
	.on_bytes = http1_on_bytes,
	.on_eof = http1_on_eof,
	.cancel = http1_cancel,
};
