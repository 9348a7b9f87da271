#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A prefix cache: which blocks of tokens have been seen behind which others. A block is known by a hash of all tokens
 * up to its end, so that equal hashes mean equal prefixes; the owner's salt is in it too, so that sessions do not share
 * unless they are meant to. Of fixed size; the block that was longest unused makes room. */
#define CACHE_BLOCK_TOKENS 16 /* as vLLM's */

struct cache {
	struct cache_block *blocks;
	uint32_t *buckets; /* first block of each chain */
	uint32_t capacity, used, bucket_mask;
	uint32_t newest, oldest, unused; /* lists through the blocks */
};

void cache_init(struct cache *cache, uint32_t capacity_blocks);
void cache_fini(struct cache *cache);
void cache_clear(struct cache *cache);

/* How many of the leading hashes are there; they count as used now. */
size_t cache_match(struct cache *cache, const uint64_t *hashes, size_t count);
void cache_add(struct cache *cache, uint64_t owner, const uint64_t *hashes, size_t count);

/* Blocks of one owner. */
size_t cache_count(const struct cache *cache, uint64_t owner);

/* From the longest unused to the last used; *at begins as CACHE_BEGIN. */
struct cache_entry {
	uint64_t owner, hash;
};
bool cache_next(const struct cache *cache, uint32_t *at, struct cache_entry *entry);
#define CACHE_BEGIN UINT32_MAX
