#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What `expect` says of an answer beside its status: each is a check with a name, under which it is counted where it
 * fails. */

#define CHECKS_CEILING ((size_t)256) /* of a profile */
#define CHECKS_OF_REQUEST_CEILING ((size_t)32)
#define CHECK_SHA256_LENGTH ((size_t)32)

enum plan_check_of { CHECK_HEADER, CHECK_TRAILER, CHECK_BODY, CHECK_JSON, CHECK_SIZE, CHECK_SHA256, CHECK_CRC32 };
enum plan_check_how { CHECK_EXISTS, CHECK_IS_ABSENT, CHECK_EQUALS, CHECK_CONTAINS, CHECK_MATCHES };

struct plan_check {
	const char *name; /* "header etag", "trailer x-sum", "json /status", "body regex", "size", "sha256": not unique
			     where there are several of one kind */
	enum plan_check_of of;
	enum plan_check_how how;
	const char *what;                    /* a field's name, a JSON pointer */
	const char *text;                    /* that it equals, contains, or a regular expression */
	uint64_t least, most;                /* CHECK_SIZE: bytes, decoded */
	uint8_t sha256[CHECK_SHA256_LENGTH]; /* CHECK_SHA256 */
	uint32_t crc32;                      /* CHECK_CRC32: as zlib, gzip and PNG have it */
};

struct plan_context;
struct plan_node;
struct plan_expect;
struct plan_request;

/* `expect` of a request: expect->body, and request->checks. */
bool checks_compile(struct plan_context *context, const struct plan_node *item, struct plan_expect *expect,
	struct plan_request *request, struct error *err);
