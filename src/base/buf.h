#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow up to a named ceiling. A write past the ceiling changes nothing but sets `overflowed` and returns
 * false: the caller decides what that means. The text is always followed by a NUL that length does not count. */
struct buf {
	char *bytes;
	size_t length, capacity, ceiling;
	bool overflowed;
};

void buf_init(struct buf *buf, size_t ceiling);
void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf);              /* keeps the memory */
void buf_cut(struct buf *buf, size_t length); /* forgets what stands behind so many bytes */

bool buf_reserve(struct buf *buf, size_t more);
bool buf_add(struct buf *buf, const void *bytes, size_t length);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* The bytes as a malloc'ed string that the caller frees; the buf is empty afterwards. */
char *buf_steal(struct buf *buf);
