#include "target/llm_saved.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"

#define FILE_MAX ((size_t)256 << 20)

static const char magic[] = "brunt-cache 1\n\n\n"; /* 16 bytes, so that the numbers are aligned */
#define MAGIC_BYTES (sizeof(magic) - 1)

void
saved_fini(struct saved *s)
{
	free(s->entries);
	*s = (struct saved){0};
}

static void
add(struct saved *s, const struct cache_entry *entry)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity > 0 ? 2 * s->capacity : 1024;
		s->entries = must_realloc(s->entries, s->capacity * sizeof(*s->entries));
	}
	s->entries[s->count++] = *entry;
}

void
saved_forget(struct saved *s, uint64_t owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (owner != 0 && s->entries[i].owner != owner)
			s->entries[kept++] = s->entries[i];
	s->count = kept;
}

size_t
saved_take(struct saved *s, const struct cache *cache, uint64_t owner)
{
	uint32_t at = CACHE_BEGIN;
	struct cache_entry entry;
	size_t count = 0;

	while (cache_next(cache, &at, &entry))
		if (owner == 0 || entry.owner == owner) {
			add(s, &entry);
			count++;
		}
	return count;
}

size_t
saved_count(const struct saved *s, uint64_t owner)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += owner == 0 || s->entries[i].owner == owner;
	return count;
}

bool
saved_write(const struct saved *s, const char *path, struct error *err)
{
	size_t length = MAGIC_BYTES + s->count * sizeof(*s->entries);
	char *bytes = must_alloc(length);

	memcpy(bytes, magic, MAGIC_BYTES);
	if (s->count > 0)
		memcpy(bytes + MAGIC_BYTES, s->entries, s->count * sizeof(*s->entries));
	bool is_written = file_write_atomic(path, bytes, length, err);

	free(bytes);
	return is_written;
}

bool
saved_read(struct saved *s, const char *path, struct error *err)
{
	size_t length;

	if (access(path, F_OK) != 0)
		return true;
	char *bytes = file_read(path, FILE_MAX, &length, err);

	if (bytes == NULL)
		return false;
	bool is_good = length >= MAGIC_BYTES && memcmp(bytes, magic, MAGIC_BYTES) == 0 &&
		       (length - MAGIC_BYTES) % sizeof(struct cache_entry) == 0;

	for (size_t at = MAGIC_BYTES; is_good && at < length; at += sizeof(struct cache_entry)) {
		struct cache_entry entry;

		memcpy(&entry, bytes + at, sizeof(entry));
		add(s, &entry);
	}
	free(bytes);
	return is_good || error_set(err, "'%s' is not a cache that brunt target saved", path);
}
