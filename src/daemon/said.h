#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What a process said, in bounded memory: the first bytes and the last ones, and how many lie between them. */
struct said {
	char *first, *last; /* size each; last is a ring */
	size_t size, first_n;
	uint64_t last_n; /* that went into the ring so far */
};

void said_init(struct said *said, size_t size);
void said_fini(struct said *said);
void said_add(struct said *said, const char *bytes, size_t length);
void said_show(const struct said *said, struct buf *into);
