#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a request brings: its tokens are counted and hashed, its text is not kept. The rule: a token is a word, that is
 * a run of bytes other than ASCII white space; every text of a request (each message, each input) begins a new word.
 * Roles, templates and tools count for nothing, so that usage.prompt_tokens is what `wc -w` says of the texts. */
#define PROMPT_CANARY_MAX 64
#define PROMPT_CANARY_PREFIX "canary-"

struct prompt {
	uint64_t owner; /* whose cache it may use; 0: nobody's */
	uint64_t tokens;
	uint64_t chain;   /* hash of the owner and all tokens so far */
	uint64_t *blocks; /* the chain at the end of each whole block of CACHE_BLOCK_TOKENS */
	size_t block_count, block_capacity;
	char canary[PROMPT_CANARY_MAX]; /* its last word that begins with the prefix and is safe to repeat; empty: none
					 */
};

void prompt_fini(struct prompt *prompt);
void prompt_begin(struct prompt *prompt, uint64_t owner); /* keeps the memory */
void prompt_add_text(struct prompt *prompt, const char *text, size_t length);

/* Never 0. */
uint64_t prompt_hash(const char *bytes, size_t length);
