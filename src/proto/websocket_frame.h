#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames of WebSocket (RFC 6455 §5), without extensions: what stands before their payload. Pure. */

enum websocket_opcode {
	WEBSOCKET_CONTINUATION,
	WEBSOCKET_TEXT,
	WEBSOCKET_BINARY,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING,
	WEBSOCKET_PONG,
};

/* Why a connection is closed (§7.4.1). */
enum websocket_code {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_BROKEN = 1002,
	WEBSOCKET_NO_CODE = 1005, /* never sent: the other side gave none */
	WEBSOCKET_NOT_UTF8 = 1007,
	WEBSOCKET_TOO_LARGE = 1009,
};

#define WEBSOCKET_CONTROL_MAX ((size_t)125) /* payload of a control frame */
#define WEBSOCKET_HEAD_MAX ((size_t)14)     /* ours: two bytes, eight of length, four of mask */
#define WEBSOCKET_KEY_BYTES ((size_t)4)

/* The head of a server's frame, as it comes. */
struct websocket_head {
	uint8_t bytes[10];
	uint8_t n; /* that have come of it */
};

/* Takes as many of the bytes as belong to it, and returns how many. */
size_t websocket_head_take(struct websocket_head *head, const char *bytes, size_t length);
bool websocket_head_is_whole(const struct websocket_head *head);

/* Of a whole head. */
bool websocket_head_is_final(const struct websocket_head *head);
unsigned websocket_head_opcode(const struct websocket_head *head);
bool websocket_head_is_control(const struct websocket_head *head);
uint64_t websocket_head_length(const struct websocket_head *head); /* of the payload */

/* What rule it breaks, in words; NULL: none. in_message: a message has begun, and its last frame has not come. */
const char *websocket_head_broken(const struct websocket_head *head, bool in_message);
/* Whether a close frame may give this code (§7.4). */
bool websocket_code_is_sent(unsigned code);

/* Writes the head of a client's frame that is a whole message or a control frame; returns its length. `into` has
 * WEBSOCKET_HEAD_MAX. */
size_t websocket_write_head(
	char *into, enum websocket_opcode opcode, uint64_t length, const uint8_t key[WEBSOCKET_KEY_BYTES]);
/* The payload's bytes from its at-th on, masked (§5.3). */
void websocket_mask(char *into, const char *bytes, size_t length, const uint8_t key[WEBSOCKET_KEY_BYTES], uint64_t at);
