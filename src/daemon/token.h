#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/role.h"

/* Bearer tokens (RFC 6750) from a file of the operator's, one on each line:
 *
 *     # NAME  ROLE   TOKEN
 *     ci      run    sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
 *     alice   admin  plain:…     (openssl rand -hex 32 makes one)
 *
 * NAME matches [A-Za-z0-9._-]{1,64}, starts with no dot, and is what the audit log says. The sum is of the token's text
 * alone (printf %s TOKEN | sha256sum). The file must belong to the daemon's user or to root, and be readable and
 * writable by nobody else; a group may read root's. Only sums are kept in memory. */

#define TOKENS_MAX ((size_t)1024)
#define TOKENS_FILE_CEILING ((size_t)1 << 20)
#define TOKEN_NAME_MAX 64
#define TOKEN_LENGTH_MIN 20 /* of a plain one: what is shorter may be guessed */
#define TOKEN_LENGTH_MAX 512
#define TOKEN_HASH_BYTES 32

struct tokens;

struct token {
	char name[TOKEN_NAME_MAX + 1];
	enum role role;
	uint8_t hash[TOKEN_HASH_BYTES]; /* SHA-256 */
};

/* NULL with err set: the file cannot be read, others may read or write it, or a line of it is not right (which is
 * named, but never quoted where it may hold a token). To reload: load again, and keep the old ones where that fails. */
struct tokens *tokens_load(const char *path, struct error *err);
/* The same of a text, without its file's permissions; `path` is for the sentences. */
struct tokens *tokens_parse(const char *text, size_t length, const char *path, struct error *err);
void tokens_free(struct tokens *tokens);
size_t tokens_n(const struct tokens *tokens);

/* NULL: it is none of them. Takes the same time whichever of them it is like, and however much. */
const struct token *tokens_find(const struct tokens *tokens, const char *text, size_t length);
/* By the value of an Authorization header, "Bearer TOKEN". */
const struct token *tokens_find_bearer(const struct tokens *tokens, const char *authorization);
/* Whether this one is still among them (NULL: there are none), under the same name and with the same role. */
bool tokens_have(const struct tokens *tokens, const struct token *token);

/* SHA-256 of bytes. */
void token_hash(const void *bytes, size_t length, uint8_t hash[TOKEN_HASH_BYTES]);
