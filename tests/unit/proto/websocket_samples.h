#pragma once

#include "proto/protocol.h"

/* What a server may say to a message of ours, once the WebSocket is open, and what it then means. */

enum frames_result { FRAMES_MORE, FRAMES_COMPLETE, FRAMES_FAILED };

struct frames_sample {
	const char *what, *bytes;
	size_t length;
	enum frames_result result;
	enum failure failure; /* FRAMES_FAILED */
	const char *words;    /* of that; NULL: none */
	const char *body;     /* all that is handed on */
	unsigned messages;    /* that are the answer; 0: one */
	bool then_eof;
	bool keeps_open;  /* another exchange may follow */
	const char *pong; /* what our last pong holds; NULL: we send none */
	unsigned code;    /* of our close frame; 0: we send none */
};

#define FRAMES(text) text, sizeof(text) - 1

/* Of the ceiling that messages have in the tests. */
#define MESSAGE_BYTES 300

static const struct frames_sample frames_samples[] = {
	{"a text", FRAMES("\x81\005hello"), FRAMES_COMPLETE, .body = "hello", .keeps_open = true, .code = 1000},
	{"a binary message", FRAMES("\x82\003\377\000\001"), FRAMES_COMPLETE, .keeps_open = true, .code = 1000},
	{"an empty text", FRAMES("\x81\000"), FRAMES_COMPLETE, .body = "", .keeps_open = true, .code = 1000},
	{"a length of two bytes",
		FRAMES("\x82\176\000\176"
		       "0123456789012345678901234567890123456789012345678901234567890123456789"
		       "01234567890123456789012345678901234567890123456789012345"),
		FRAMES_COMPLETE, .keeps_open = true, .code = 1000},
	{"fragments", FRAMES("\001\003hel\000\000\200\002lo"), FRAMES_COMPLETE, .body = "hello", .keeps_open = true,
		.code = 1000},
	{"a ping between fragments", FRAMES("\001\003hel\211\002?!\200\002lo"), FRAMES_COMPLETE, .body = "hello",
		.keeps_open = true, .pong = "?!", .code = 1000},
	{"an empty ping", FRAMES("\211\000\201\002ok"), FRAMES_COMPLETE, .body = "ok", .keeps_open = true, .pong = "",
		.code = 1000},
	{"a pong that nobody asked for", FRAMES("\212\003abc\201\002ok"), FRAMES_COMPLETE, .body = "ok",
		.keeps_open = true, .code = 1000},
	{"a ping after the answer", FRAMES("\201\002ok\211\001x"), FRAMES_COMPLETE, .body = "ok", .keeps_open = true,
		.pong = "x", .code = 1000},
	{"text of several bytes per character", FRAMES("\201\011\303\244\342\202\254\360\237\230\200"), FRAMES_COMPLETE,
		.body = "\303\244\342\202\254\360\237\230\200", .keeps_open = true, .code = 1000},
	{"a character in two fragments", FRAMES("\001\001\303\200\001\244"), FRAMES_COMPLETE, .body = "\303\244",
		.keeps_open = true, .code = 1000},
	{"bytes that are no text, in a binary message", FRAMES("\202\002\300\200"), FRAMES_COMPLETE, .body = "\300\200",
		.keeps_open = true, .code = 1000},
	{"three messages", FRAMES("\201\001a\201\001b\001\001c\200\001d"), FRAMES_COMPLETE, .messages = 3,
		.body = "abcd", .keeps_open = true, .code = 1000},
	{"two messages where one is the answer", FRAMES("\201\001a\201\001b"), FRAMES_COMPLETE, .body = "a",
		.code = 1000},
	{"a close after the answer", FRAMES("\201\001a\210\002\003\350"), FRAMES_COMPLETE, .body = "a", .code = 1000},
	{"the end after the answer", FRAMES("\201\001a"), FRAMES_COMPLETE, .body = "a", .then_eof = true},
	{"nothing yet", FRAMES(""), FRAMES_MORE, .body = ""},
	{"half a head", FRAMES("\201"), FRAMES_MORE, .body = ""},
	{"half a message", FRAMES("\201\005he"), FRAMES_MORE, .body = "he"},
	{"a message without its last fragment", FRAMES("\001\002he"), FRAMES_MORE, .body = "he"},
	{"two messages of three", FRAMES("\201\001a\201\001b"), FRAMES_MORE, .messages = 3, .body = "ab"},
	{"a ping alone", FRAMES("\211\001x"), FRAMES_MORE, .body = "", .pong = "x"},

	{"a masked frame", FRAMES("\201\205\001\002\003\004hello"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a masked frame, which only clients send", .code = 1002},
	{"the first reserved bit", FRAMES("\301\002ok"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a reserved bit is set, and no extension was agreed on", .code = 1002},
	{"the last reserved bit, in a ping", FRAMES("\231\000"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a reserved bit is set, and no extension was agreed on", .code = 1002},
	{"a data opcode of no meaning", FRAMES("\203\000"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "an opcode that means nothing", .code = 1002},
	{"a control opcode of no meaning", FRAMES("\213\000"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "an opcode that means nothing", .code = 1002},
	{"a continuation of nothing", FRAMES("\200\002ok"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a continuation of no message", .code = 1002},
	{"a message within a message", FRAMES("\001\001a\201\001b"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a message within another one", .body = "a", .code = 1002},
	{"a ping in fragments", FRAMES("\011\001a"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a control frame in fragments", .code = 1002},
	{"a close in fragments", FRAMES("\010\000"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a control frame in fragments", .code = 1002},
	{"a ping of 126 bytes", FRAMES("\211\176\000\176"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a control frame of over 125 bytes", .code = 1002},
	{"a length of two bytes that one could hold", FRAMES("\201\176\000\175"), FRAMES_FAILED,
		.failure = FAILURE_PROTOCOL, .words = "a length in more bytes than it needs, or beyond 2^63",
		.code = 1002},
	{"a length of eight bytes that two could hold", FRAMES("\201\177\000\000\000\000\000\000\377\377"),
		FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a length in more bytes than it needs, or beyond 2^63", .code = 1002},
	{"a length beyond 2^63", FRAMES("\202\177\200\000\000\000\000\000\000\000"), FRAMES_FAILED,
		.failure = FAILURE_PROTOCOL, .words = "a length in more bytes than it needs, or beyond 2^63",
		.code = 1002},
	{"an HTTP response in place of frames", FRAMES("HTTP/1.1 200 OK\r\n\r\n"), FRAMES_FAILED,
		.failure = FAILURE_PROTOCOL, .words = "a reserved bit is set, and no extension was agreed on",
		.code = 1002},

	{"a message over the ceiling", FRAMES("\202\176\001\055"), FRAMES_FAILED, .failure = FAILURE_EVENT_TOO_LARGE,
		.code = 1009},
	{"the longest length there is", FRAMES("\202\177\177\377\377\377\377\377\377\377"), FRAMES_FAILED,
		.failure = FAILURE_EVENT_TOO_LARGE, .code = 1009},
	{"fragments over the ceiling", FRAMES("\002\002ab\200\176\001\053"), FRAMES_FAILED,
		.failure = FAILURE_EVENT_TOO_LARGE, .body = "ab", .code = 1009},

	{"text that is not UTF-8", FRAMES("\201\002\300\200"), FRAMES_FAILED, .failure = FAILURE_MALFORMED,
		.words = "a text message that is not UTF-8", .code = 1007},
	{"text that ends in a character", FRAMES("\201\003ab\303"), FRAMES_FAILED, .failure = FAILURE_MALFORMED,
		.words = "a text message that is not UTF-8", .code = 1007},
	{"a surrogate", FRAMES("\201\003\355\240\200"), FRAMES_FAILED, .failure = FAILURE_MALFORMED,
		.words = "a text message that is not UTF-8", .code = 1007},

	{"a close without a code", FRAMES("\210\000"), FRAMES_FAILED, .failure = FAILURE_TRUNCATED, .words = "1005",
		.code = 1000},
	{"a close in the middle of a message", FRAMES("\001\002ab\210\002\003\350"), FRAMES_FAILED,
		.failure = FAILURE_TRUNCATED, .words = "1000", .body = "ab", .code = 1000},
	{"a server that goes away", FRAMES("\210\006\003\351bye!"), FRAMES_FAILED, .failure = FAILURE_TRUNCATED,
		.words = "1001 bye!", .code = 1001},
	{"an error of the server's", FRAMES("\210\011\003\363too\nbad"), FRAMES_FAILED,
		.failure = FAILURE_WEBSOCKET_CLOSED, .words = "1011 too bad", .code = 1011},
	{"a code of the application's", FRAMES("\210\002\017\240"), FRAMES_FAILED, .failure = FAILURE_WEBSOCKET_CLOSED,
		.words = "4000", .code = 4000},
	{"bytes after a close", FRAMES("\210\002\017\240\201\001a"), FRAMES_FAILED, .failure = FAILURE_WEBSOCKET_CLOSED,
		.words = "4000", .body = "", .code = 4000},
	{"half a code", FRAMES("\210\001\003"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a close frame with a code that means nothing", .code = 1002},
	{"a code that is never sent", FRAMES("\210\002\003\355"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a close frame with a code that means nothing", .code = 1002},
	{"a code below all", FRAMES("\210\002\000\001"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a close frame with a code that means nothing", .code = 1002},
	{"a reason that is not UTF-8", FRAMES("\210\003\003\350\377"), FRAMES_FAILED, .failure = FAILURE_PROTOCOL,
		.words = "a close frame with a reason that is not UTF-8", .code = 1007},

	{"the end before a byte", FRAMES(""), FRAMES_FAILED, .failure = FAILURE_TRUNCATED, .then_eof = true},
	{"the end in a head", FRAMES("\201"), FRAMES_FAILED, .failure = FAILURE_TRUNCATED, .then_eof = true},
	{"the end in a message", FRAMES("\201\005he"), FRAMES_FAILED, .failure = FAILURE_TRUNCATED, .body = "he",
		.then_eof = true},
	{"the end between fragments", FRAMES("\001\002he"), FRAMES_FAILED, .failure = FAILURE_TRUNCATED, .body = "he",
		.then_eof = true},
};
