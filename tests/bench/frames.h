#pragma once

#include <stddef.h>
#include <stdint.h>

/* As much of HTTP/2 (RFC 9113) as the smallest servers need: a request ends with the frame that carries END_STREAM, and
 * every answer is the same, or it is somebody else's. Headers are not looked at, so that none need be decoded; settings
 * and pings are answered. Our window is as wide as one may be, and theirs is not looked at: an answer of ours has 15
 * bytes, and whoever asks for more than 4,000 at once gets what it asked for; brunt's own is 1 GiB. */
#define FRAMES_OUT_PER_BYTE 5 /* bytes that are answered to one at the most: 39 to an empty frame of 9, … */
#define FRAMES_OUT_FIRST 22   /* … beside what goes first */
#define FRAMES_HEAD_BYTES 9

enum frame_type { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_SETTINGS = 4, FRAME_PING = 6, FRAME_WINDOW_UPDATE = 8 };
enum frame_flag { FRAME_END_STREAM = 0x1, FRAME_ACK = 0x1, FRAME_END_HEADERS = 0x4 };

struct frames {
	uint8_t head[9 + 8]; /* of the frame that is being read, and a ping's payload */
	uint32_t have;       /* bytes of it */
	uint32_t left;       /* bytes of its payload that are still to come */
	uint32_t preface;    /* bytes of the client's preface that were read */
};

struct frames_answer {
	uint8_t *out; /* answers are added here … */
	size_t length;
	unsigned requests; /* … to so many requests */
	/* Answers a request instead, whenever it likes; NULL: every answer is the same. */
	void (*on_request)(struct frames_answer *answer, const uint8_t stream[4]);
};

/* A frame of up to 16 KiB (RFC 9113, SETTINGS_MAX_FRAME_SIZE), for which there is room. */
void frames_add(struct frames_answer *answer, enum frame_type type, uint8_t flags, const uint8_t stream[4],
	const void *payload, size_t length);

/* The settings of a new connection go first. */
void frames_read(struct frames *frames, struct frames_answer *answer, const uint8_t *bytes, size_t length);
