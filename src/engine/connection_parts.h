#pragma once

#include "engine/connection.h"

/* What connection.c (its life) and connection_talk.c (what is said on it, and who listens) share; nobody else includes
 * it. */

/* The bytes of the flight's request; they stay until the next. */
const char *connection_render(struct connection *connection, const struct flight *flight, size_t *length);

/* The answer is over: what the request's synthetic prompt was wanted to have goes into its exchange, and in the warm-up
 * the server's count teaches how long words are. flight->x.generation is there. */
void connection_note_prompt(const struct connection *connection, struct flight *flight, enum outcome outcome);
/* Whoever reads the response is made ready for it; what nobody looks at is not even handed on. */
void connection_listen(struct connection *connection, const struct plan_request *request);
/* The answer is good: its session takes what it needs of it. */
enum failure connection_take_answer(struct connection *connection, const struct plan_request *request);
