#include "daemon/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/hex.h"

#define FIELDS 3

struct tokens {
	struct token *list;
	size_t n;
};

/* A word of a line: not NUL-ended. */
struct word {
	const char *text;
	size_t length;
};

void
token_hash(const void *bytes, size_t length, uint8_t hash[TOKEN_HASH_BYTES])
{
	CHECK_OP(EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL), ==, 1);
}

static bool
word_begins(const struct word *word, const char *prefix)
{
	return word->length >= strlen(prefix) && memcmp(word->text, prefix, strlen(prefix)) == 0;
}

static bool
take_name(const struct word *word, struct token *token, struct error *err)
{
	bool is_good = word->length <= TOKEN_NAME_MAX && word->text[0] != '.';

	for (size_t i = 0; is_good && i < word->length; i++)
		is_good = isalnum((unsigned char)word->text[i]) || strchr("._-", word->text[i]) != NULL;
	if (!is_good)
		return error_set(err,
			"a name has 1 to %d letters, digits, '.', '_' or '-', and does not begin with a dot",
			TOKEN_NAME_MAX);
	memcpy(token->name, word->text, word->length);
	return true;
}

static bool
take_role(const struct word *word, struct token *token, struct error *err)
{
	char name[8] = "";

	if (word->length < sizeof(name))
		memcpy(name, word->text, word->length);
	return role_of_name(name, &token->role) ||
	       error_set(err, "%s: the second word is a role: view, run or admin", token->name);
}

static bool
take_sum(const struct word *hex, struct token *token, struct error *err)
{
	bool is_good = hex->length == (size_t)2 * TOKEN_HASH_BYTES;

	for (size_t i = 0; is_good && i < TOKEN_HASH_BYTES; i++) {
		int high = hex_digit(hex->text[2 * i]), low = hex_digit(hex->text[2 * i + 1]);

		is_good = high >= 0 && low >= 0;
		token->hash[i] = (uint8_t)(high * 16 + low);
	}
	return is_good || error_set(err, "%s: a sum has %d hexadecimal digits: printf %%s TOKEN | sha256sum",
				  token->name, 2 * TOKEN_HASH_BYTES);
}

/* RFC 6750 §2.1: b64token. */
static bool
is_token_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && (text[i] == '\0' || strchr("-._~+/=", text[i]) == NULL))
			return false;
	return length > 0;
}

static bool
take_plain(const struct word *plain, struct token *token, struct error *err)
{
	if (plain->length < TOKEN_LENGTH_MIN || plain->length > TOKEN_LENGTH_MAX)
		return error_set(err, "%s: a token has %d to %d characters; openssl rand -hex 32 makes one",
			token->name, TOKEN_LENGTH_MIN, TOKEN_LENGTH_MAX);
	if (!is_token_text(plain->text, plain->length))
		return error_set(err, "%s: a token has letters, digits and -._~+/= alone, as a header can hold them",
			token->name);
	token_hash(plain->text, plain->length, token->hash);
	return true;
}

static bool
take_secret(const struct word *word, struct token *token, struct error *err)
{
	static const char sum[] = "sha256:", plain[] = "plain:";

	if (word_begins(word, sum))
		return take_sum(&(struct word){word->text + strlen(sum), word->length - strlen(sum)}, token, err);
	if (word_begins(word, plain))
		return take_plain(&(struct word){word->text + strlen(plain), word->length - strlen(plain)}, token, err);
	return error_set(err, "%s: the third word begins with plain: or sha256:, such as plain:TOKEN", token->name);
}

static bool
is_new(const struct tokens *tokens, const struct token *token, struct error *err)
{
	for (size_t i = 0; i < tokens->n; i++) {
		if (strcmp(tokens->list[i].name, token->name) == 0)
			return error_set(err, "%s: there is one of this name already", token->name);
		if (memcmp(tokens->list[i].hash, token->hash, sizeof(token->hash)) == 0)
			return error_set(err, "%s: it is the same token as %s has", token->name, tokens->list[i].name);
	}
	return true;
}

static bool
add_token(struct tokens *tokens, const struct word words[FIELDS], struct error *err)
{
	struct token token = {0};

	if (tokens->n == TOKENS_MAX)
		return error_set(err, "more than %zu tokens", TOKENS_MAX);
	if (!take_name(&words[0], &token, err) || !take_role(&words[1], &token, err) ||
		!take_secret(&words[2], &token, err) || !is_new(tokens, &token, err))
		return false;
	tokens->list[tokens->n++] = token;
	return true;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* How many words the line has; only the first FIELDS are kept. */
static size_t
find_words(const char *line, size_t length, struct word words[FIELDS])
{
	size_t n = 0, at = 0;

	for (;;) {
		while (at < length && is_space(line[at]))
			at++;
		size_t start = at;

		while (at < length && !is_space(line[at]))
			at++;
		if (at == start)
			return n;
		if (n < FIELDS)
			words[n] = (struct word){line + start, at - start};
		n++;
	}
}

static bool
parse_line(struct tokens *tokens, const char *line, size_t length, struct error *err)
{
	struct word words[FIELDS];
	size_t n = find_words(line, length, words);

	if (n == 0 || words[0].text[0] == '#')
		return true;
	if (n != FIELDS)
		return error_set(err, "a line has three words, NAME ROLE TOKEN: ci run sha256:…");
	return add_token(tokens, words, err);
}

struct tokens *
tokens_parse(const char *text, size_t length, const char *path, struct error *err)
{
	struct tokens *tokens = must_alloc(sizeof(*tokens));
	size_t number = 1;
	bool is_good = true;

	tokens->list = must_calloc(TOKENS_MAX, sizeof(*tokens->list));
	for (size_t at = 0; is_good && at < length; number++) {
		const char *newline = memchr(text + at, '\n', length - at);
		size_t whole = newline != NULL ? (size_t)(newline - (text + at)) : length - at;

		is_good = parse_line(tokens, text + at, whole, err) || error_place(err, path, number, 1);
		at += whole + 1;
	}
	if (is_good && tokens->n == 0)
		is_good =
			error_set(err, "%s: holds no token, so that nobody could come in; write NAME ROLE TOKEN", path);
	if (is_good)
		return tokens;
	tokens_free(tokens);
	return NULL;
}

static bool
check_mode(const char *path, const struct stat *status, struct error *err)
{
	mode_t mode = status->st_mode;
	bool is_roots = status->st_uid == 0;

	if (!S_ISREG(mode))
		return error_set(err, "%s: is no file", path);
	if (!is_roots && status->st_uid != geteuid())
		return error_set(err, "%s: belongs to user %u; tokens are the daemon's own user's, or root's", path,
			(unsigned)status->st_uid);
	if ((mode & (S_IWGRP | S_IRWXO)) != 0 || (!is_roots && (mode & S_IRGRP) != 0))
		return error_set(err, "%s: others may read or write it (mode %03o); chmod %s %s", path,
			(unsigned)mode & 0777u, is_roots && (mode & S_IRGRP) != 0 ? "0640" : "0600", path);
	return true;
}

/* What was checked is what is read: by the descriptor. */
static bool
read_all(int fd, const char *path, char *text, size_t *length, struct error *err)
{
	ssize_t n = 0;

	*length = 0;
	do {
		*length += (size_t)n;
		n = read(fd, text + *length, TOKENS_FILE_CEILING + 1 - *length);
	} while (n > 0 || (n < 0 && errno == EINTR && (n = 0) == 0));
	if (n < 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	return *length <= TOKENS_FILE_CEILING || error_set(err, "%s: is larger than 1 MiB", path);
}

struct tokens *
tokens_load(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct tokens *tokens = NULL;
	struct stat status;
	size_t length;

	if (fd < 0 || fstat(fd, &status) != 0) {
		error_set(err,
			"%s: %s; write lines NAME ROLE plain:TOKEN into it, each token as openssl rand -hex 32 makes one, and chmod it 0600",
			path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	char *text = must_alloc(TOKENS_FILE_CEILING + 1);

	if (check_mode(path, &status, err) && read_all(fd, path, text, &length, err))
		tokens = tokens_parse(text, length, path, err);
	OPENSSL_cleanse(text, TOKENS_FILE_CEILING + 1);
	free(text);
	close(fd);
	return tokens;
}

void
tokens_free(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	free(tokens->list);
	free(tokens);
}

size_t
tokens_n(const struct tokens *tokens)
{
	return tokens->n;
}

/* All of them are looked at, whichever it is. No two have the same hash. */
const struct token *
tokens_find(const struct tokens *tokens, const char *text, size_t length)
{
	uint8_t hash[TOKEN_HASH_BYTES];
	size_t found = 0;

	if (length > TOKEN_LENGTH_MAX)
		return NULL;
	token_hash(text, length, hash);
	for (size_t i = 0; i < tokens->n; i++)
		found += (i + 1) * (size_t)(CRYPTO_memcmp(hash, tokens->list[i].hash, sizeof(hash)) == 0);
	return found > 0 ? &tokens->list[found - 1] : NULL;
}

const struct token *
tokens_find_bearer(const struct tokens *tokens, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const char *text = authorization;

	if (strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return NULL;
	text += strlen(scheme);
	text += strspn(text, " ");
	return is_token_text(text, strlen(text)) ? tokens_find(tokens, text, strlen(text)) : NULL;
}

bool
tokens_have(const struct tokens *tokens, const struct token *token)
{
	for (size_t i = 0; tokens != NULL && i < tokens->n; i++)
		if (memcmp(tokens->list[i].hash, token->hash, sizeof(token->hash)) == 0)
			return tokens->list[i].role == token->role && strcmp(tokens->list[i].name, token->name) == 0;
	return false;
}
