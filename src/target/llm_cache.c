#include "target/llm_cache.h"

#include "base/check.h"

#define NONE UINT32_MAX

struct cache_block {
	uint64_t owner, hash;
	uint32_t next_in_bucket;
	uint32_t newer, older; /* by last use; `newer` also links the unused */
};

void
cache_init(struct cache *c, uint32_t capacity)
{
	uint32_t buckets = 1;

	CHECK(capacity > 0 && capacity < NONE / 2);
	while (buckets < capacity)
		buckets *= 2;
	*c = (struct cache){.capacity = capacity, .bucket_mask = buckets - 1};
	c->blocks = must_calloc(capacity, sizeof(*c->blocks));
	c->buckets = must_calloc(buckets, sizeof(*c->buckets));
	cache_clear(c);
}

void
cache_fini(struct cache *c)
{
	free(c->blocks);
	free(c->buckets);
	*c = (struct cache){0};
}

void
cache_clear(struct cache *c)
{
	for (uint32_t i = 0; i <= c->bucket_mask; i++)
		c->buckets[i] = NONE;
	for (uint32_t i = 0; i < c->capacity; i++)
		c->blocks[i].newer = i + 1 < c->capacity ? i + 1 : NONE;
	c->unused = 0;
	c->newest = c->oldest = NONE;
	c->used = 0;
}

static uint32_t
find(const struct cache *c, uint64_t hash)
{
	uint32_t at = c->buckets[hash & c->bucket_mask];

	while (at != NONE && c->blocks[at].hash != hash)
		at = c->blocks[at].next_in_bucket;
	return at;
}

static void
unlink_by_use(struct cache *c, uint32_t at)
{
	struct cache_block *b = &c->blocks[at];

	*(b->newer != NONE ? &c->blocks[b->newer].older : &c->newest) = b->older;
	*(b->older != NONE ? &c->blocks[b->older].newer : &c->oldest) = b->newer;
}

static void
link_newest(struct cache *c, uint32_t at)
{
	struct cache_block *b = &c->blocks[at];

	b->newer = NONE;
	b->older = c->newest;
	*(c->newest != NONE ? &c->blocks[c->newest].newer : &c->oldest) = at;
	c->newest = at;
}

static void
touch(struct cache *c, uint32_t at)
{
	if (c->newest == at)
		return;
	unlink_by_use(c, at);
	link_newest(c, at);
}

static void
evict_oldest(struct cache *c)
{
	uint32_t at = c->oldest, *link = &c->buckets[c->blocks[at].hash & c->bucket_mask];

	while (*link != at)
		link = &c->blocks[*link].next_in_bucket;
	*link = c->blocks[at].next_in_bucket;
	unlink_by_use(c, at);
	c->blocks[at].newer = c->unused;
	c->unused = at;
	c->used--;
}

size_t
cache_match(struct cache *c, const uint64_t *hashes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t at = find(c, hashes[i]);

		if (at == NONE)
			return i;
		touch(c, at);
	}
	return count;
}

static void
add_one(struct cache *c, uint64_t owner, uint64_t hash)
{
	uint32_t at = find(c, hash);

	if (at != NONE) {
		touch(c, at);
		return;
	}
	if (c->unused == NONE)
		evict_oldest(c);
	at = c->unused;
	uint32_t *bucket = &c->buckets[hash & c->bucket_mask];

	c->unused = c->blocks[at].newer;
	c->blocks[at] = (struct cache_block){.owner = owner, .hash = hash, .next_in_bucket = *bucket};
	*bucket = at;
	link_newest(c, at);
	c->used++;
}

void
cache_add(struct cache *c, uint64_t owner, const uint64_t *hashes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_one(c, owner, hashes[i]);
}

size_t
cache_count(const struct cache *c, uint64_t owner)
{
	size_t count = 0;

	for (uint32_t at = c->oldest; at != NONE; at = c->blocks[at].newer)
		count += c->blocks[at].owner == owner;
	return count;
}

bool
cache_next(const struct cache *c, uint32_t *at, struct cache_entry *entry)
{
	*at = *at == CACHE_BEGIN ? c->oldest : c->blocks[*at].newer;
	if (*at == NONE)
		return false;
	*entry = (struct cache_entry){c->blocks[*at].owner, c->blocks[*at].hash};
	return true;
}
