#pragma once

#include "proto/protocol.h"
#include "unit/proto/http2_server.h"

/* Answers without regard to how a version of HTTP puts them, and both versions of each. */

#define SAID_FIELDS_MAX 4

struct said {
	const char *what;
	const char *method;  /* NULL: GET */
	unsigned interim[2]; /* before the final status */
	unsigned status;
	const char *fields[SAID_FIELDS_MAX]; /* "name: value" */
	size_t filler;                       /* bytes of one more field's value; 0: there is none */
	const char *body;                    /* NULL: the header section is all */
	size_t body_times;                   /* 0: once */
	const char *trailer;                 /* "name: value"; NULL: none */
	size_t cut;                          /* so many of the last bytes do not come, and the peer closes its side */
	const char *heard; /* "name=value;" of each field that is told, lengths of bodies aside; "+" before a trailer */
	enum failure failure; /* FAILURE_COUNT: it is complete */
};

static const struct said said_rows[] = {
	{"a body", .status = 200, .fields = {"x-a: 1", "x-b: two words"}, .body = "hello",
		.heard = "x-a=1;x-b=two words;", .failure = FAILURE_COUNT},
	{"an empty body", .status = 200, .body = "", .heard = "", .failure = FAILURE_COUNT},
	{"no content", .status = 204, .heard = "", .failure = FAILURE_COUNT},
	{"not modified, and a length", .status = 304, .fields = {"content-length: 5"}, .heard = "",
		.failure = FAILURE_COUNT},
	{"an answer to HEAD, and a length", "HEAD", .status = 200, .fields = {"content-length: 5"}, .heard = "",
		.failure = FAILURE_COUNT},
	{"interim answers", .interim = {100, 103}, .status = 200, .fields = {"x-a: 1"}, .body = "ok", .heard = "x-a=1;",
		.failure = FAILURE_COUNT},
	{"an error", .status = 503, .body = "busy", .heard = "", .failure = FAILURE_COUNT},
	{"trailers", .status = 200, .fields = {"x-a: 1"}, .body = "ok", .trailer = "x-late: 2",
		.heard = "x-a=1;+x-late=2;", .failure = FAILURE_COUNT},
	{"a large body", .status = 200, .body = "0123456789abcdef", .body_times = 2048, .heard = "",
		.failure = FAILURE_COUNT},
	{"a field too long to be told", .status = 200, .fields = {"x-a: 1"}, .filler = PROTOCOL_FIELD_MAX, .body = "ok",
		.heard = "x-a=1;", .failure = FAILURE_COUNT},
	{"headers over the ceiling", .status = 200, .fields = {"x-a: 1"}, .filler = 13000, .body = "ok",
		.failure = FAILURE_TOO_LARGE},
	{"a body that is cut off", .status = 200, .body = "hello", .cut = 2, .heard = "", .failure = FAILURE_TRUNCATED},
	{"headers that are cut off", .status = 200, .fields = {"x-a: 1"}, .cut = 3, .failure = FAILURE_TRUNCATED},
};

/* A body of the row's, or NULL; the caller frees it. */
static inline char *
said_body(const struct said *said, size_t *length)
{
	size_t times = said->body_times > 0 ? said->body_times : 1, once = said->body != NULL ? strlen(said->body) : 0;
	char *body = must_alloc(once * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(body + i * once, said->body != NULL ? said->body : "", once);
	*length = once * times;
	return body;
}

static inline void
say_by_http1(const struct said *said, struct buf *into)
{
	size_t length;
	char *body = said_body(said, &length);

	for (size_t i = 0; i < ARRAY_LEN(said->interim) && said->interim[i] > 0; i++)
		buf_printf(into, "HTTP/1.1 %u Wait\r\n\r\n", said->interim[i]);
	buf_printf(into, "HTTP/1.1 %u So\r\n", said->status);
	for (size_t i = 0; i < SAID_FIELDS_MAX && said->fields[i] != NULL; i++)
		buf_printf(into, "%s\r\n", said->fields[i]);
	if (said->filler > 0)
		buf_printf(into, "x-filler: %0*d\r\n", (int)said->filler, 0);
	if (said->trailer != NULL)
		buf_printf(into, "transfer-encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n%s\r\n\r\n", length, body,
			said->trailer);
	else if (said->body != NULL)
		buf_printf(into, "content-length: %zu\r\n\r\n%s", length, body);
	else
		buf_add_text(into, "\r\n");
	free(body);
}

static inline nghttp2_nv
said_field(const char *text)
{
	const char *colon = strchr(text, ':');

	return (nghttp2_nv){.name = (uint8_t *)text,
		.namelen = (size_t)(colon - text),
		.value = (uint8_t *)colon + 2,
		.valuelen = strlen(colon + 2)};
}

/* The server has heard the request of stream 1. */
static inline void
say_by_http2(const struct said *said, struct http2_server *server, struct buf *into)
{
	nghttp2_nv fields[SAID_FIELDS_MAX + 2], trailer;
	char status[4], *filler = must_alloc(said->filler + 1);
	size_t length, n = 0;
	char *body = said_body(said, &length);

	for (size_t i = 0; i < ARRAY_LEN(said->interim) && said->interim[i] > 0; i++) {
		snprintf(status, sizeof(status), "%u", said->interim[i]);
		fields[0] = server_field(":status", status);
		nghttp2_submit_headers(server->session, NGHTTP2_FLAG_NONE, 1, NULL, fields, 1, NULL);
		server_speak(server, into);
	}
	snprintf(status, sizeof(status), "%u", said->status);
	fields[n++] = server_field(":status", status);
	for (size_t i = 0; i < SAID_FIELDS_MAX && said->fields[i] != NULL; i++)
		fields[n++] = said_field(said->fields[i]);
	memset(filler, '0', said->filler);
	if (said->filler > 0)
		fields[n++] = server_field("x-filler", filler);
	if (said->trailer != NULL) {
		trailer = said_field(said->trailer);
		server->trailers = &trailer;
		server->trailers_n = 1;
	}
	server_answer(server, 1, fields, n, said->body != NULL ? body : NULL, length);
	server_speak(server, into);
	free(filler);
	free(body);
}
