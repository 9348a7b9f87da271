#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define BUF_FIRST_BYTES ((size_t)256)

void
buf_init(struct buf *buf, size_t ceiling)
{
	*buf = (struct buf){.ceiling = ceiling};
}

void
buf_fini(struct buf *buf)
{
	free(buf->bytes);
	*buf = (struct buf){.ceiling = buf->ceiling};
}

void
buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->overflowed = false;
	if (buf->bytes != NULL)
		buf->bytes[0] = '\0';
}

void
buf_cut(struct buf *buf, size_t length)
{
	CHECK_OP(length, <=, buf->length);
	buf->length = length;
	if (buf->bytes != NULL)
		buf->bytes[length] = '\0';
}

bool
buf_reserve(struct buf *buf, size_t more)
{
	if (more > buf->ceiling || buf->length > buf->ceiling - more) {
		buf->overflowed = true;
		return false;
	}
	size_t needed = buf->length + more + 1;

	if (needed > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_BYTES;

		while (capacity < needed)
			capacity *= 2;
		buf->bytes = must_realloc(buf->bytes, capacity);
		buf->capacity = capacity;
	}
	return true;
}

bool
buf_add(struct buf *buf, const void *bytes, size_t length)
{
	if (!buf_reserve(buf, length))
		return false;
	if (length > 0)
		memcpy(buf->bytes + buf->length, bytes, length);
	buf->length += length;
	buf->bytes[buf->length] = '\0';
	return true;
}

bool
buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool
buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool
buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);

	va_end(again);
	CHECK(length >= 0);
	if (!buf_reserve(buf, (size_t)length))
		return false;
	vsnprintf(buf->bytes + buf->length, (size_t)length + 1, format, args);
	buf->length += (size_t)length;
	return true;
}

bool
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	bool fits = buf_vprintf(buf, format, args);

	va_end(args);
	return fits;
}

char *
buf_steal(struct buf *buf)
{
	CHECK(buf_reserve(buf, 0));
	char *bytes = buf->bytes;

	bytes[buf->length] = '\0';
	*buf = (struct buf){.ceiling = buf->ceiling};
	return bytes;
}
