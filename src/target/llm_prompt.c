#include "target/llm_prompt.h"

#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "target/llm_cache.h"

#define FIRST_BLOCKS 64

void
prompt_fini(struct prompt *p)
{
	free(p->blocks);
	*p = (struct prompt){0};
}

void
prompt_begin(struct prompt *p, uint64_t owner)
{
	p->owner = owner;
	p->tokens = 0;
	p->block_count = 0;
	p->chain = rng_mix(owner + 1);
	p->canary[0] = '\0';
}

/* FNV-1a, finished by a mixer since it is weak in its high bits. */
uint64_t
prompt_hash(const char *bytes, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	hash = rng_mix(hash);
	return hash != 0 ? hash : 1;
}

static void
end_block(struct prompt *p)
{
	if (p->block_count == p->block_capacity) {
		p->block_capacity = p->block_capacity > 0 ? 2 * p->block_capacity : FIRST_BLOCKS;
		p->blocks = must_realloc(p->blocks, p->block_capacity * sizeof(*p->blocks));
	}
	p->blocks[p->block_count++] = p->chain;
}

static bool
is_safe(const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = word[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '_'))
			return false;
	}
	return true;
}

static void
note_canary(struct prompt *p, const char *word, size_t length)
{
	static const char prefix[] = PROMPT_CANARY_PREFIX;

	if (length < sizeof(prefix) - 1 || length >= sizeof(p->canary) ||
		memcmp(word, prefix, sizeof(prefix) - 1) != 0 || !is_safe(word, length))
		return;
	memcpy(p->canary, word, length);
	p->canary[length] = '\0';
}

static void
add_word(struct prompt *p, const char *word, size_t length)
{
	p->chain = rng_mix(p->chain ^ prompt_hash(word, length));
	p->tokens++;
	note_canary(p, word, length);
	if (p->tokens % CACHE_BLOCK_TOKENS == 0)
		end_block(p);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
prompt_add_text(struct prompt *p, const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t from = at;

		while (at < length && !is_space(text[at]))
			at++;
		if (at > from)
			add_word(p, text + from, at - from);
		while (at < length && is_space(text[at]))
			at++;
	}
}
