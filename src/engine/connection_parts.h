#pragma once

#include "engine/connection.h"

/* What connection.c (its life) and connection_flights.c (what becomes of the flights on it) share; nobody else includes
 * it. */

/* The kernel took so much of the last output: whose request began in it is sent. */
void connection_note_sent(struct connection *connection, size_t taken, int64_t now_ns);
/* The same for as much as is known to be taken, also where some is still to be written. */
void connection_note_taken(struct connection *connection, int64_t now_ns);
/* Asks the protocol which exchanges have news: what came for them is noted, those that are over are ended. */
void connection_hear(struct connection *connection);
/* The connection died under its flights: each is sent elsewhere, if that does no harm, or has failed. */
void connection_lose_flights(struct connection *connection, enum failure failure);
/* How far its flight has come. */
enum exchange_phase connection_phase_of(const struct connection *connection, const struct channel *channel);
/* What the peer said of a failure beside what its row says; NULL: nothing. */
void connection_tell_words(const struct connection *connection, enum failure failure, const char *words);
/* The flight is on it no longer. */
void connection_free_channel(struct connection *connection, struct channel *channel);
