#include "proto/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a server's frames mean, and where they end the exchange under way, or the connection. */

void
websocket_end_opening(struct websocket *w)
{
	if (w->opening != NULL)
		websocket_opening_fini(w->opening);
	free(w->opening);
	w->opening = NULL;
}

void
websocket_leave(struct websocket *w, uint16_t code)
{
	w->code = code;
	w->is_over = true;
	w->has_pong = false;
	w->state.has_output = false;
	w->state.fate = PROTOCOL_DRAINING;
	w->state.room = 0;
}

void
websocket_end(struct websocket *w, enum failure failure)
{
	struct protocol_exchange *x = w->x;
	bool is_cut = websocket_is_sending(w);

	w->x = NULL;
	if (is_cut) { /* in the middle of its frame: nothing can follow it, not even our close frame */
		websocket_leave(w, WEBSOCKET_NORMAL);
		w->is_gone = true;
	}
	w->state.room = w->state.fate == PROTOCOL_OPEN;
	protocol_end(&w->state, x, failure);
}

/* What came ends the exchange under way, if there is one, and the connection. */
static void
websocket_fail(struct websocket *w, enum failure failure, const char *words, uint16_t code)
{
	websocket_leave(w, code);
	if (w->x == NULL)
		return;
	w->x->words = words;
	websocket_end(w, failure);
}

/* Its bytes belong to the exchange under way. */
static void
websocket_note(struct websocket *w, size_t length)
{
	if (w->is_unasked)
		return;
	w->x->bytes_received += length;
	protocol_note_news(&w->state, w->x);
}

/* A message has begun that answers nothing: it, or what is to come, would be taken for the next answer. */
static void
websocket_meet_unasked(struct websocket *w)
{
	if (w->target->websocket.unasked == UNASKED_IGNORE)
		return;
	if (w->x == NULL) {
		websocket_leave(w, WEBSOCKET_NORMAL);
		return;
	}
	w->is_over = true; /* the request that is not sent yet goes elsewhere */
	w->state.fate = PROTOCOL_BROKEN;
	w->state.failure = FAILURE_RESET;
	w->state.room = 0;
}

static void
websocket_begin_data(struct websocket *w)
{
	unsigned opcode = websocket_head_opcode(&w->head);

	if (opcode != WEBSOCKET_CONTINUATION) {
		w->in_message = true;
		w->is_text = opcode == WEBSOCKET_TEXT;
		w->message_bytes = 0;
		w->utf8 = (struct utf8){0};
		w->is_unasked = w->x == NULL || !list_is_empty(&w->x->unsent);
		if (w->is_unasked)
			websocket_meet_unasked(w);
		else
			w->x->status = 101;
	}
	if (w->is_over)
		return;
	websocket_note(w, w->head.n);
	if (w->left > w->target->websocket.message_bytes - w->message_bytes)
		websocket_fail(w, FAILURE_EVENT_TOO_LARGE, NULL, WEBSOCKET_TOO_LARGE);
	else
		w->message_bytes += w->left;
}

static void
websocket_take_data(struct websocket *w, const char *bytes, size_t length)
{
	websocket_note(w, length);
	if (w->is_text && !utf8_add(&w->utf8, bytes, length))
		websocket_fail(w, FAILURE_MALFORMED, "a text message that is not UTF-8", WEBSOCKET_NOT_UTF8);
	else if (!w->is_unasked && w->x->ear.on_body != NULL)
		w->x->ear.on_body(w->x->ear.context, bytes, length);
}

static void
websocket_end_message(struct websocket *w)
{
	w->in_message = false;
	if (w->is_text && !utf8_is_whole(&w->utf8)) {
		websocket_fail(w, FAILURE_MALFORMED, "a text message that is not UTF-8", WEBSOCKET_NOT_UTF8);
		return;
	}
	if (w->is_unasked)
		return;
	const struct protocol_ear *ear = &w->x->ear;

	if (ear->on_message == NULL || ear->on_message(ear->context))
		websocket_end(w, FAILURE_COUNT);
}

/* "1011 out of cheese": one line, whatever the reason holds. */
static const char *
websocket_close_words(struct websocket *w, unsigned code)
{
	const struct websocket_control *c = &w->control;
	int n = snprintf(w->words, sizeof(w->words), "%u%s%.*s", code, c->length > 2 ? " " : "",
		c->length > 2 ? c->length - 2 : 0, c->payload + 2);

	for (int i = 0; i < n; i++)
		if ((unsigned char)w->words[i] < ' ' || w->words[i] == 0x7f)
			w->words[i] = ' ';
	return w->words;
}

/* Who merely goes has nothing to say of the exchange; any other code is a reason. */
static enum failure
failure_of_code(unsigned code)
{
	return code == WEBSOCKET_NORMAL || code == WEBSOCKET_GOING_AWAY || code == WEBSOCKET_NO_CODE
		       ? FAILURE_TRUNCATED
		       : FAILURE_WEBSOCKET_CLOSED;
}

static void
websocket_be_closed(struct websocket *w)
{
	const struct websocket_control *c = &w->control;
	unsigned code =
		c->length >= 2 ? (unsigned)(uint8_t)c->payload[0] << 8 | (uint8_t)c->payload[1] : WEBSOCKET_NO_CODE;

	if (c->length == 1 || (c->length >= 2 && !websocket_code_is_sent(code)))
		websocket_fail(w, FAILURE_PROTOCOL, "a close frame with a code that means nothing", WEBSOCKET_BROKEN);
	else if (c->length > 2 && !utf8_is_text(c->payload + 2, c->length - 2u))
		websocket_fail(
			w, FAILURE_PROTOCOL, "a close frame with a reason that is not UTF-8", WEBSOCKET_NOT_UTF8);
	else
		websocket_fail(w, failure_of_code(code), websocket_close_words(w, code),
			code == WEBSOCKET_NO_CODE ? WEBSOCKET_NORMAL : code);
}

/* §5.5.3: of several pings that were not answered yet, the last one will do. */
static void
websocket_end_frame(struct websocket *w)
{
	if (!websocket_head_is_control(&w->head)) {
		if (websocket_head_is_final(&w->head))
			websocket_end_message(w);
	} else if (websocket_head_opcode(&w->head) == WEBSOCKET_PING) {
		w->pong = w->control;
		w->has_pong = w->state.has_output = true;
	} else if (websocket_head_opcode(&w->head) == WEBSOCKET_CLOSE) {
		websocket_be_closed(w);
	}
}

static void
websocket_begin_frame(struct websocket *w)
{
	const char *broken = websocket_head_broken(&w->head, w->in_message);

	w->left = websocket_head_length(&w->head);
	w->control.length = 0;
	if (broken != NULL)
		websocket_fail(w, FAILURE_PROTOCOL, broken, WEBSOCKET_BROKEN);
	else if (!websocket_head_is_control(&w->head))
		websocket_begin_data(w);
}

static void
websocket_take_payload(struct websocket *w, const char *bytes, size_t length)
{
	if (!websocket_head_is_control(&w->head)) {
		websocket_take_data(w, bytes, length);
		return;
	}
	memcpy(w->control.payload + w->control.length, bytes, length);
	w->control.length += (uint8_t)length;
}

/* Of one frame, as much as there is of it; returns how many bytes that was. */
static size_t
websocket_take(struct websocket *w, const char *bytes, size_t length)
{
	size_t n = 0;

	if (!websocket_head_is_whole(&w->head)) {
		n = websocket_head_take(&w->head, bytes, length);
		if (!websocket_head_is_whole(&w->head))
			return n;
		websocket_begin_frame(w);
	}
	size_t payload = length - n < w->left ? length - n : (size_t)w->left;

	if (payload > 0 && !w->is_over)
		websocket_take_payload(w, bytes + n, payload);
	w->left -= payload;
	if (w->left == 0 && !w->is_over) {
		websocket_end_frame(w);
		w->head.n = 0;
	}
	return n + payload;
}

/* False: it is not open yet, or will never be; else what is left of the bytes are frames. */
static bool
websocket_open(struct websocket *w, const char **bytes, size_t *length)
{
	size_t taken;

	switch (websocket_opening_take(w->opening, *bytes, *length, &taken)) {
	case WEBSOCKET_OPENS: return false;
	case WEBSOCKET_IS_REFUSED:
		w->is_over = true;
		w->state.fate = PROTOCOL_BROKEN;
		w->state.failure = w->opening->failure;
		w->state.words = w->opening->words;
		return false;
	case WEBSOCKET_IS_OPEN: break;
	}
	websocket_end_opening(w);
	w->state.is_ready = true;
	w->state.room = 1;
	*bytes += taken;
	*length -= taken;
	return true;
}

void
websocket_on_bytes(void *state, const char *bytes, size_t length)
{
	struct websocket *w = state;

	if (w->is_over || (w->opening != NULL && !websocket_open(w, &bytes, &length)))
		return;
	while (length > 0 && !w->is_over) {
		size_t n = websocket_take(w, bytes, length);

		bytes += n;
		length -= n;
	}
}
