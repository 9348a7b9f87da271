#pragma once

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/buf.h"

/* The other side of a WebSocket, as far as tests need one: by OpenSSL, and no code of ours. */

#define SERVER_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* What Sec-WebSocket-Accept must be for the key in the request. */
static inline void
server_accept(const char *request, size_t length, char *accept)
{
	static const char name[] = "\r\nSec-WebSocket-Key: ";
	const char *key = memmem(request, length, name, sizeof(name) - 1);
	unsigned char digest[SHA_DIGEST_LENGTH];
	char text[24 + sizeof(SERVER_GUID)];

	assert_non_null(key);
	memcpy(text, key + sizeof(name) - 1, 24);
	memcpy(text + 24, SERVER_GUID, sizeof(SERVER_GUID));
	SHA1((const unsigned char *)text, strlen(text), digest);
	EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
}

struct server_frame {
	unsigned opcode;
	size_t length, whole; /* of its payload, and of all of it */
	const char *payload;  /* unmasked in place */
};

/* A client's frame, which is to be final and masked. False: it is not whole yet. */
static inline bool
server_take_frame(char *bytes, size_t length, struct server_frame *frame)
{
	const unsigned char *b = (const unsigned char *)bytes;
	size_t at = 2, more;

	if (length < 2)
		return false;
	assert_int_equal(b[0] & 0xf0, 0x80);
	assert_int_equal(b[1] & 0x80, 0x80);
	frame->opcode = b[0] & 0x0f;
	frame->length = b[1] & 0x7f;
	more = frame->length == 127 ? 8 : frame->length == 126 ? 2 : 0;
	if (length < at + more + 4)
		return false;
	for (size_t i = 0; i < more; i++)
		frame->length = (i == 0 ? 0 : frame->length << 8) | b[at + i];
	assert_true(more == 0 || frame->length > (more == 2 ? 125 : 65535));
	at += more + 4;
	frame->payload = bytes + at;
	frame->whole = at + frame->length;
	if (length < frame->whole)
		return false;
	for (size_t i = 0; i < frame->length; i++)
		bytes[at + i] ^= bytes[at - 4 + i % 4];
	return true;
}
