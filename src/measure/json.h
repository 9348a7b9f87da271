#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* JSON as text: what cJSON leaves open. It accepts some documents that are none (leading zeros, control characters,
 * bytes after a NUL), so that what others wrote is checked first; and its numbers are doubles, so that integers above
 * 2^53 − 1 travel as strings (RFC 7493 §2.2). */
#define JSON_DEPTH_MAX 16
#define JSON_INTEGER_MAX ((UINT64_C(1) << 53) - 1)

/* One value of RFC 8259 and nothing else: UTF-8, no nesting deeper than JSON_DEPTH_MAX, and no \u0000, which would end
 * a C string early. NULL: it is; else what is wrong, and *at says where. */
const char *json_check(const char *text, size_t length, size_t *at);
/* The same of documents of others, which may be deeper; each level takes some hundred bytes of stack. */
const char *json_check_depth(const char *text, size_t length, unsigned depth_max, size_t *at);

/* Each adds `"name":value` with a comma where one is needed; in an array name is NULL. */
void json_open(struct buf *into, const char *name, char bracket); /* '{' or '[' */
void json_close(struct buf *into, char bracket);
void json_add_text(struct buf *into, const char *name, const char *text); /* what is not UTF-8 becomes U+FFFD */
void json_add_u64(struct buf *into, const char *name, uint64_t value);
void json_add_i64(struct buf *into, const char *name, int64_t value);
void json_add_double(struct buf *into, const char *name, double value); /* null where it is not finite */
void json_add_bool(struct buf *into, const char *name, bool value);
void json_add_null(struct buf *into, const char *name);
