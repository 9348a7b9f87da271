#include "proto/websocket_opening.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/check.h"
#include "proto/http1_compose.h"
#include "proto/protocol.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* §1.3 */
#define SHA1_BYTES 20

static struct websocket_opening *
opening_of(llhttp_t *parser)
{
	return container_of(parser, struct websocket_opening, parser);
}

static void
keep(char *into, size_t size, size_t *length, const char *bytes, size_t n)
{
	if (*length + n <= size)
		memcpy(into + *length, bytes, n);
	*length += n; /* beyond its size: it is none that matters */
}

static int
on_name(llhttp_t *parser, const char *bytes, size_t length)
{
	struct websocket_opening *o = opening_of(parser);

	keep(o->name, sizeof(o->name), &o->name_length, bytes, length);
	return 0;
}

static int
on_value(llhttp_t *parser, const char *bytes, size_t length)
{
	struct websocket_opening *o = opening_of(parser);

	keep(o->value, sizeof(o->value), &o->value_length, bytes, length);
	return 0;
}

static bool
is_named(const struct websocket_opening *o, const char *name)
{
	return o->name_length == strlen(name) && strncasecmp(o->name, name, o->name_length) == 0;
}

static bool
is_valued(const struct websocket_opening *o, const char *value)
{
	return o->value_length == strlen(value) && memcmp(o->value, value, o->value_length) == 0;
}

static bool
was_asked_for(const struct websocket_opening *o)
{
	const char *const *asked = o->plan->protocols.items;

	for (size_t i = 0; i < o->plan->protocols.n; i++)
		if (is_valued(o, asked[i]))
			return true;
	return false;
}

/* §4.1, what the client must look at. */
static void
look_at_field(struct websocket_opening *o)
{
	if (is_named(o, "Sec-WebSocket-Accept")) {
		o->is_accepted = is_valued(o, o->accept);
		if (!o->is_accepted)
			o->broken = "Sec-WebSocket-Accept is not the one for the key";
	} else if (is_named(o, "Upgrade")) {
		o->is_upgraded = o->value_length == 9 && strncasecmp(o->value, "websocket", 9) == 0;
	} else if (is_named(o, "Sec-WebSocket-Extensions")) {
		o->broken = "an extension that nobody asked for";
	} else if (is_named(o, "Sec-WebSocket-Protocol") && !was_asked_for(o)) {
		o->broken = "a subprotocol that nobody asked for";
	}
}

static int
on_field(llhttp_t *parser)
{
	struct websocket_opening *o = opening_of(parser);

	while (o->value_length > 0 && o->value_length <= sizeof(o->value) &&
		(o->value[o->value_length - 1] == ' ' || o->value[o->value_length - 1] == '\t'))
		o->value_length--;
	look_at_field(o);
	o->name_length = o->value_length = 0;
	return 0;
}

static void
refuse(struct websocket_opening *o, enum failure failure, const char *words)
{
	o->failure = failure;
	snprintf(o->words, sizeof(o->words), "%s", words);
}

/* Returns −1: it is refused; 1: an interim answer, behind which another one comes; 2: what follows are frames. */
static int
on_headers_complete(llhttp_t *parser)
{
	struct websocket_opening *o = opening_of(parser);

	if (parser->status_code < 200 && parser->status_code != 101) {
		o->is_accepted = o->is_upgraded = false;
		o->broken = NULL;
		return 1;
	}
	if (parser->status_code != 101) {
		char words[WEBSOCKET_WORDS_MAX];

		snprintf(words, sizeof(words), "it answered %u", parser->status_code);
		refuse(o, FAILURE_UPGRADE_REFUSED, words);
		return -1;
	}
	if (o->broken == NULL && !(o->is_upgraded && (parser->flags & F_CONNECTION_UPGRADE)))
		o->broken = "101 without Upgrade: websocket and Connection: Upgrade";
	if (o->broken == NULL && !o->is_accepted)
		o->broken = "no Sec-WebSocket-Accept";
	if (o->broken == NULL)
		return 2;
	refuse(o, FAILURE_OTHER_VERSION, o->broken);
	return -1;
}

static const llhttp_settings_t settings = {
	.on_header_field = on_name,
	.on_header_value = on_value,
	.on_header_value_complete = on_field,
	.on_headers_complete = on_headers_complete,
};

static void
compose(struct websocket_opening *o, const struct plan_backend *backend, const char *key)
{
	const struct plan plan = {.target.proxy.url.host = NULL}; /* all that the text is made of is in the request */
	struct error err = {0};

	buf_init(&o->text, PROTOCOL_HEAD_CEILING);
	CHECK(http1_compose(&plan, backend->opening, &o->text, &err));
	o->text.length -= 2; /* the empty line: the key stands before it */
	buf_printf(&o->text, "Sec-WebSocket-Key: %s\r\n\r\n", key);
	CHECK(!o->text.overflowed);
}

void
websocket_opening_init(struct websocket_opening *o, const struct plan_target *target,
	const struct plan_backend *backend, const uint8_t nonce[WEBSOCKET_NONCE_BYTES])
{
	char key[BASE64_LENGTH(WEBSOCKET_NONCE_BYTES) + sizeof(GUID)];
	char *end = base64_write(key, nonce, WEBSOCKET_NONCE_BYTES);
	uint8_t digest[SHA1_BYTES];

	*o = (struct websocket_opening){
		.plan = &target->websocket, .room_bytes = target->response_ceiling_bytes, .failure = FAILURE_COUNT};
	llhttp_init(&o->parser, HTTP_RESPONSE, &settings);
	*end = '\0';
	compose(o, backend, key);
	memcpy(end, GUID, sizeof(GUID));
	CHECK_OP(EVP_Digest(key, strlen(key), digest, NULL, EVP_sha1(), NULL), ==, 1);
	*base64_write(o->accept, digest, sizeof(digest)) = '\0';
}

void
websocket_opening_fini(struct websocket_opening *o)
{
	buf_fini(&o->text);
}

enum websocket_opened
websocket_opening_take(struct websocket_opening *o, const char *bytes, size_t length, size_t *taken)
{
	size_t n = length < o->room_bytes ? length : (size_t)o->room_bytes;
	enum llhttp_errno result = llhttp_execute(&o->parser, bytes, n);

	*taken = n;
	o->room_bytes -= n;
	if (result == HPE_PAUSED_UPGRADE && o->parser.status_code == 101) {
		*taken = (size_t)(llhttp_get_error_pos(&o->parser) - bytes);
		return WEBSOCKET_IS_OPEN;
	}
	if (result != HPE_OK && o->failure == FAILURE_COUNT)
		refuse(o, FAILURE_OTHER_VERSION, "what it answered is not HTTP/1.1");
	else if (result == HPE_OK && o->room_bytes == 0)
		refuse(o, FAILURE_OTHER_VERSION, "the headers of its answer were larger than the ceiling");
	return o->failure == FAILURE_COUNT ? WEBSOCKET_OPENS : WEBSOCKET_IS_REFUSED;
}
