#pragma once

#include "base/utf8.h"
#include "proto/protocol.h"
#include "proto/websocket_frame.h"
#include "proto/websocket_opening.h"

/* What websocket.c (sending) and websocket_receive.c (receiving) have of one another. */

#define WEBSOCKET_CLOSE_WORDS_MAX (WEBSOCKET_CONTROL_MAX + 8) /* "1011 " and a reason */

struct websocket_control {
	char payload[WEBSOCKET_CONTROL_MAX];
	uint8_t length;
};

struct websocket {
	struct protocol_state state;
	const struct plan_target *target;
	struct websocket_opening *opening; /* NULL: it is open */
	struct protocol_exchange *x;       /* the one under way; NULL: none is */
	bool is_over;                      /* nothing is said or listened to any more but our close frame */
	bool is_gone;                      /* not even that: the peer closed its side */
	uint16_t code;                     /* what our close frame will say */

	const char *bytes; /* of the message that is sent, … */
	size_t length, given;
	bool is_binary, has_begun;        /* has_begun: its head was given */
	uint8_t key[WEBSOCKET_KEY_BYTES]; /* of its frame */
	uint64_t seed, frames;            /* what keys are drawn from */
	struct websocket_control pong;    /* to be sent */
	bool has_pong;
	char *out;
	size_t out_room;

	struct websocket_head head;
	uint64_t left;                    /* of the frame's payload, once its head is whole */
	struct websocket_control control; /* that is coming */
	bool in_message, is_text;
	bool is_unasked; /* nobody waits for it */
	uint64_t message_bytes;
	struct utf8 utf8;
	char words[WEBSOCKET_CLOSE_WORDS_MAX];
};

/* Its message is not given as output yet, or not all of it. */
static inline bool
websocket_is_sending(const struct websocket *w)
{
	return w->x != NULL && !w->x->is_sent_whole;
}

/* websocket_receive.c */
void websocket_end_opening(struct websocket *w);
/* From now on the connection is only closed. */
void websocket_leave(struct websocket *w, uint16_t code);
/* The exchange under way is over. */
void websocket_end(struct websocket *w, enum failure failure);
void websocket_on_bytes(void *state, const char *bytes, size_t length);
