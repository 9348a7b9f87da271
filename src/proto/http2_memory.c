#include "proto/http2_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define LARGE SIZE_MAX

struct http2_piece {
	size_t steps;             /* of its size; LARGE: it is not kept */
	struct http2_piece *next; /* while it is kept */
	alignas(max_align_t) char bytes[];
};

static struct http2_piece *
piece_of(void *bytes)
{
	return (struct http2_piece *)((char *)bytes - offsetof(struct http2_piece, bytes));
}

static void *
new_large(size_t length)
{
	struct http2_piece *piece = must_alloc(sizeof(*piece) + length);

	piece->steps = LARGE;
	return piece->bytes;
}

static void *
memory_malloc(size_t length, void *context)
{
	struct http2_memory *memory = context;
	size_t steps = (length + HTTP2_MEMORY_STEP - 1) / HTTP2_MEMORY_STEP;

	if (length > HTTP2_MEMORY_SIZES * HTTP2_MEMORY_STEP)
		return new_large(length);
	struct http2_piece *piece = memory->kept[steps];

	if (piece == NULL) {
		piece = must_alloc(sizeof(*piece) + steps * HTTP2_MEMORY_STEP);
		piece->steps = steps;
	} else
		memory->kept[steps] = piece->next;
	return piece->bytes;
}

static void
memory_free(void *bytes, void *context)
{
	struct http2_memory *memory = context;

	if (bytes == NULL)
		return;
	struct http2_piece *piece = piece_of(bytes);

	if (piece->steps == LARGE) {
		free(piece);
		return;
	}
	piece->next = memory->kept[piece->steps];
	memory->kept[piece->steps] = piece;
}

static void *
memory_calloc(size_t n, size_t size, void *context)
{
	CHECK(size == 0 || n <= SIZE_MAX / 2 / size);
	void *bytes = memory_malloc(n * size, context);

	memset(bytes, 0, n * size);
	return bytes;
}

static void *
memory_realloc(void *bytes, size_t length, void *context)
{
	if (bytes == NULL)
		return memory_malloc(length, context);
	struct http2_piece *piece = piece_of(bytes);

	if (piece->steps == LARGE)
		return ((struct http2_piece *)must_realloc(piece, sizeof(*piece) + length))->bytes;
	size_t room = piece->steps * HTTP2_MEMORY_STEP;

	if (length <= room)
		return bytes;
	void *larger = memory_malloc(length, context);

	memcpy(larger, bytes, room);
	memory_free(bytes, context);
	return larger;
}

void
http2_memory_init(struct http2_memory *memory)
{
	*memory = (struct http2_memory){.mem = {
						.mem_user_data = memory,
						.malloc = memory_malloc,
						.free = memory_free,
						.calloc = memory_calloc,
						.realloc = memory_realloc,
					}};
}

void
http2_memory_fini(struct http2_memory *memory)
{
	for (size_t i = 0; i <= HTTP2_MEMORY_SIZES; i++)
		for (struct http2_piece *piece = memory->kept[i], *next; piece != NULL; piece = next) {
			next = piece->next;
			free(piece);
		}
}
