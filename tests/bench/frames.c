#include "frames.h"

#include <string.h>

#include "wire.h"

#define PREFACE_BYTES 24
#define PING_BYTES 8

static const uint8_t connection[4] = {0};

void
frames_add(struct frames_answer *a, enum frame_type type, uint8_t flags, const uint8_t stream[4], const void *payload,
	size_t length)
{
	uint8_t *at = a->out + a->length;

	at[0] = 0;
	at[1] = (uint8_t)(length >> 8);
	at[2] = (uint8_t)length;
	at[3] = (uint8_t)type;
	at[4] = flags;
	memcpy(at + 5, stream, 4);
	if (length > 0)
		memcpy(at + FRAMES_HEAD_BYTES, payload, length);
	a->length += FRAMES_HEAD_BYTES + length;
}

/* Bodies never wait for room: 2^31 - 1 less what a window has anyway. */
static void
begin(struct frames_answer *a)
{
	static const uint8_t wide[] = {0x7f, 0xff, 0, 0};

	frames_add(a, FRAME_SETTINGS, 0, connection, NULL, 0);
	frames_add(a, FRAME_WINDOW_UPDATE, 0, connection, wide, sizeof(wide));
}

static void
answer_request(struct frames_answer *a, const uint8_t stream[4])
{
	/* :status 200 and content-length are in HPACK's static table (RFC 7541, appendix A: 8 and 28). */
	static const uint8_t headers[] = {0x88, 0x0f, 0x0d, 0x02, '1', '5'};

	if (a->on_request != NULL) {
		a->on_request(a, stream);
		return;
	}
	frames_add(a, FRAME_HEADERS, FRAME_END_HEADERS, stream, headers, sizeof(headers));
	frames_add(a, FRAME_DATA, FRAME_END_STREAM, stream, WIRE_BODY, sizeof(WIRE_BODY) - 1);
	a->requests++;
}

/* A frame's head has been read, and its payload where it is a ping's. */
static void
answer_frame(struct frames *f, struct frames_answer *a)
{
	uint8_t type = f->head[3], flags = f->head[4];

	if ((type == FRAME_DATA || type == FRAME_HEADERS) && (flags & FRAME_END_STREAM))
		answer_request(a, f->head + 5);
	else if (type == FRAME_SETTINGS && !(flags & FRAME_ACK))
		frames_add(a, FRAME_SETTINGS, FRAME_ACK, connection, NULL, 0);
	else if (type == FRAME_PING && !(flags & FRAME_ACK))
		frames_add(a, FRAME_PING, FRAME_ACK, connection, f->head + FRAMES_HEAD_BYTES, PING_BYTES);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Head bytes, and those of a ping's payload; how many were taken. */
static size_t
read_head(struct frames *f, struct frames_answer *a, const uint8_t *bytes, size_t length)
{
	size_t wanted = f->have >= FRAMES_HEAD_BYTES ? FRAMES_HEAD_BYTES + PING_BYTES : FRAMES_HEAD_BYTES;
	size_t n = least(wanted - f->have, length);

	memcpy(f->head + f->have, bytes, n);
	f->have += (uint32_t)n;
	if (f->have == FRAMES_HEAD_BYTES) {
		f->left = (uint32_t)f->head[0] << 16 | (uint32_t)f->head[1] << 8 | f->head[2];
		if (f->head[3] == FRAME_PING && f->left == PING_BYTES)
			return n;
	} else if (f->have < wanted)
		return n;
	else
		f->left = 0;
	answer_frame(f, a);
	f->have = 0;
	return n;
}

void
frames_read(struct frames *f, struct frames_answer *a, const uint8_t *bytes, size_t length)
{
	size_t at = 0;

	if (f->preface < PREFACE_BYTES) {
		if (f->preface == 0)
			begin(a);
		at = least(PREFACE_BYTES - f->preface, length);
		f->preface += (uint32_t)at;
	}
	while (at < length) {
		if (f->have == 0 && f->left > 0) {
			size_t n = least(f->left, length - at);

			f->left -= (uint32_t)n;
			at += n;
		} else
			at += read_head(f, a, bytes + at, length - at);
	}
}
