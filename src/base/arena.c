#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define ARENA_BLOCK_BYTES ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	max_align_t bytes[];
};

void
arena_init(struct arena *arena)
{
	*arena = (struct arena){0};
}

void
arena_fini(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t aligned = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct arena_block *block = arena->blocks;

	if (block == NULL || block->size - block->used < aligned) {
		size_t block_size = aligned > ARENA_BLOCK_BYTES ? aligned : ARENA_BLOCK_BYTES;

		block = must_alloc(sizeof(*block) + block_size);
		block->size = block_size;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	void *p = (char *)block->bytes + block->used;

	block->used += aligned;
	arena->used_bytes += aligned;
	return p;
}

char *
arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

char *
arena_strndup(struct arena *arena, const char *s, size_t n)
{
	char *copy = arena_alloc(arena, n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);

	CHECK(length >= 0);
	char *text = arena_alloc(arena, (size_t)length + 1);

	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}
