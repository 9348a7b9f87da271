#pragma once

#include <stddef.h>
#include <stdint.h>

/* What goes over the wire between the floor and the bench server, and what the server answers to anybody. The response
 * names keep-alive, since ab speaks HTTP/1.0 and believes in a kept connection only when it is told. */
#define WIRE_REQUEST "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
#define WIRE_BODY "Hello, world!\r\n"
#define WIRE_RESPONSE "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 15\r\n\r\n" WIRE_BODY
#define WIRE_REQUEST_BYTES (sizeof(WIRE_REQUEST) - 1)
#define WIRE_RESPONSE_BYTES (sizeof(WIRE_RESPONSE) - 1)

/* Empty lines in these bytes, one begun in the bytes before included: how many requests, or their heads, end there.
 * *matched, 0 at first, is how much of an empty line the connection's bytes so far end in. */
unsigned wire_count_ends(uint8_t *matched, const char *bytes, size_t length);
