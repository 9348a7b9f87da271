#pragma once

#include <stddef.h>

/* Memory that lives and dies together (a plan, say): allocated piece by piece, freed at once. Aborts where there is
 * none. */
struct arena {
	struct arena_block *blocks;
	size_t used_bytes;
};

void arena_init(struct arena *arena);
void arena_fini(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
