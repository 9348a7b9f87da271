#pragma once

#include "base/error.h"
#include "target/llm_cache.h"

/* Cache entries kept aside, in memory and in a file: a line "brunt-cache 1", then pairs of 64-bit numbers. */
struct saved {
	struct cache_entry *entries;
	size_t count, capacity;
};

void saved_fini(struct saved *saved);

/* Adds the entries of one owner, or of all if owner is 0. Returns how many. */
size_t saved_take(struct saved *saved, const struct cache *cache, uint64_t owner);
void saved_forget(struct saved *saved, uint64_t owner);
size_t saved_count(const struct saved *saved, uint64_t owner);

bool saved_write(const struct saved *saved, const char *path, struct error *err);
bool saved_read(struct saved *saved, const char *path, struct error *err);
