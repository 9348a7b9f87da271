#pragma once

#include <stddef.h>
#include <stdint.h>

/* As much of HTTP/2 (RFC 9113) as the smallest server needs: a request ends with the frame that carries END_STREAM, and
 * every answer is the same. Headers are not looked at, so that none need be decoded; settings and pings are answered;
 * windows are not: an answer has 15 bytes, and whoever asks for more than 4,000 at once gets what it asked for. */
#define FRAMES_OUT_PER_BYTE 5 /* bytes that are answered to one at the most: 39 to an empty frame of 9 */

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
};

/* The settings of a new connection go first. */
void frames_read(struct frames *frames, struct frames_answer *answer, const uint8_t *bytes, size_t length);
