#include "proto/websocket_frame.h"

#include <string.h>

#define IS_FINAL 0x80
#define RESERVED_BITS 0x70
#define OPCODE_BITS 0x0f
#define IS_CONTROL 0x08
#define IS_MASKED 0x80
#define LENGTH_BITS 0x7f
#define LENGTH_IN_2 126
#define LENGTH_IN_8 127

/* Of the length that stands behind the first two bytes. */
static size_t
length_bytes(const struct websocket_head *head)
{
	unsigned length = head->bytes[1] & LENGTH_BITS;

	return length == LENGTH_IN_8 ? 8 : length == LENGTH_IN_2 ? 2 : 0;
}

bool
websocket_head_is_whole(const struct websocket_head *head)
{
	return head->n >= 2 && head->n == 2 + length_bytes(head);
}

size_t
websocket_head_take(struct websocket_head *head, const char *bytes, size_t length)
{
	size_t n = 0;

	while (n < length && !websocket_head_is_whole(head))
		head->bytes[head->n++] = (uint8_t)bytes[n++];
	return n;
}

bool
websocket_head_is_final(const struct websocket_head *head)
{
	return (head->bytes[0] & IS_FINAL) != 0;
}

unsigned
websocket_head_opcode(const struct websocket_head *head)
{
	return head->bytes[0] & OPCODE_BITS;
}

bool
websocket_head_is_control(const struct websocket_head *head)
{
	return (head->bytes[0] & IS_CONTROL) != 0;
}

uint64_t
websocket_head_length(const struct websocket_head *head)
{
	size_t n = length_bytes(head);
	uint64_t length = 0;

	if (n == 0)
		return head->bytes[1] & LENGTH_BITS;
	for (size_t i = 0; i < n; i++)
		length = length << 8 | head->bytes[2 + i];
	return length;
}

/* §5.2: in as few bytes as will do, and below 2^63. */
static bool
is_length_right(const struct websocket_head *head)
{
	uint64_t length = websocket_head_length(head);

	switch (length_bytes(head)) {
	case 2: return length >= LENGTH_IN_2;
	case 8: return length > UINT16_MAX && length <= INT64_MAX;
	default: return true;
	}
}

static const char *
opcode_broken(const struct websocket_head *head, bool in_message)
{
	switch (websocket_head_opcode(head)) {
	case WEBSOCKET_CONTINUATION: return in_message ? NULL : "a continuation of no message";
	case WEBSOCKET_TEXT:
	case WEBSOCKET_BINARY: return in_message ? "a message within another one" : NULL;
	case WEBSOCKET_CLOSE:
	case WEBSOCKET_PING:
	case WEBSOCKET_PONG: break;
	default: return "an opcode that means nothing";
	}
	if (!websocket_head_is_final(head))
		return "a control frame in fragments";
	return websocket_head_length(head) > WEBSOCKET_CONTROL_MAX ? "a control frame of over 125 bytes" : NULL;
}

const char *
websocket_head_broken(const struct websocket_head *head, bool in_message)
{
	if (head->bytes[0] & RESERVED_BITS)
		return "a reserved bit is set, and no extension was agreed on";
	if (head->bytes[1] & IS_MASKED)
		return "a masked frame, which only clients send";
	if (!is_length_right(head))
		return "a length in more bytes than it needs, or beyond 2^63";
	return opcode_broken(head, in_message);
}

/* Those that have a meaning in §7.4.1 or were registered with IANA since, and those of libraries and applications. */
bool
websocket_code_is_sent(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

size_t
websocket_write_head(char *into, enum websocket_opcode opcode, uint64_t length, const uint8_t key[WEBSOCKET_KEY_BYTES])
{
	size_t more = length > UINT16_MAX ? 8 : length >= LENGTH_IN_2 ? 2 : 0, n = 2;
	uint64_t shown = more == 8 ? LENGTH_IN_8 : more == 2 ? LENGTH_IN_2 : length;

	into[0] = (char)(IS_FINAL | (unsigned)opcode);
	into[1] = (char)(IS_MASKED | shown);
	for (size_t i = 0; i < more; i++)
		into[n++] = (char)(length >> (8 * (more - 1 - i)));
	memcpy(into + n, key, WEBSOCKET_KEY_BYTES);
	return n + WEBSOCKET_KEY_BYTES;
}

void
websocket_mask(char *into, const char *bytes, size_t length, const uint8_t key[WEBSOCKET_KEY_BYTES], uint64_t at)
{
	for (size_t i = 0; i < length; i++)
		into[i] = (char)((uint8_t)bytes[i] ^ key[(at + i) % WEBSOCKET_KEY_BYTES]);
}
