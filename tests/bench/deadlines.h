#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers that are due later: a binary heap, the earliest on top; those of the same moment in the order of adding. */
struct deadline {
	int64_t at_ns, arrival_ns;
	uint64_t order; /* set by deadlines_add */
	uint32_t fd, generation;
};

struct deadlines {
	struct deadline *heap;
	size_t n, room;
	uint64_t added;
};

void deadlines_add(struct deadlines *deadlines, struct deadline deadline);
/* Takes the first one that is due at now_ns; false: there is none. */
bool deadlines_take(struct deadlines *deadlines, int64_t now_ns, struct deadline *deadline);
void deadlines_fini(struct deadlines *deadlines);
