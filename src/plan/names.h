#pragma once

#include <stddef.h>

/* The names that would be right in some place, for the sentence about one that is not. */

#define NAMES_CEILING 128

struct names {
	const char *names[NAMES_CEILING];
	size_t n;
};

void names_add(struct names *names, const char *name); /* beyond the ceiling: left out */

/* The name that word is most likely a slip of, or NULL. */
const char *names_nearest(const struct names *names, const char *word);

/* "; did you mean 'timeout'? Valid here: url, timeout, …" into `into`; returns it. */
const char *names_advice(const struct names *names, const char *word, char *into, size_t size);
