#include "daemon/session.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hex.h"
#include "base/units.h"

#define ID_BYTES 32
#define IDS_LOOKED_AT 4
#define NAME "brunt_session"

const struct sessions_config sessions_default_config = {
	.max = 256,
	.idle_ns = 2 * 3600 * NS_PER_S,
	.lifetime_ns = 12 * 3600 * NS_PER_S,
	.clock = &monotonic_clock,
};

struct slot {
	bool is_used;
	struct session session;
	int64_t used_ns;
};

struct sessions {
	struct sessions_config config;
	struct slot *slots;
};

struct sessions *
sessions_new(const struct sessions_config *config)
{
	struct sessions *sessions = must_alloc(sizeof(*sessions));

	CHECK(config->max > 0 && config->idle_ns > 0 && config->lifetime_ns > 0);
	sessions->config = *config;
	sessions->slots = must_calloc(config->max, sizeof(*sessions->slots));
	return sessions;
}

void
sessions_free(struct sessions *sessions)
{
	if (sessions == NULL)
		return;
	free(sessions->slots);
	free(sessions);
}

static int64_t
now_ns(const struct sessions *sessions)
{
	return clock_now_ns(sessions->config.clock);
}

static bool
is_over(const struct sessions *sessions, const struct slot *slot)
{
	int64_t at_ns = now_ns(sessions);

	return !slot->is_used || at_ns >= slot->session.ends_ns || at_ns - slot->used_ns >= sessions->config.idle_ns;
}

size_t
sessions_n(struct sessions *sessions)
{
	size_t n = 0;

	for (size_t i = 0; i < sessions->config.max; i++)
		n += !is_over(sessions, &sessions->slots[i]);
	return n;
}

/* One that is over, else the one that was used least recently. */
static struct slot *
take_slot(struct sessions *sessions)
{
	struct slot *oldest = &sessions->slots[0];

	for (size_t i = 0; i < sessions->config.max; i++) {
		struct slot *slot = &sessions->slots[i];

		if (is_over(sessions, slot))
			return slot;
		if (slot->used_ns < oldest->used_ns)
			oldest = slot;
	}
	return oldest;
}

/* __Host-: a browser takes it over TLS alone, of this very host, for all of its paths (RFC 6265bis §4.1.3.2). */
static const char *
cookie_name(const struct sessions *sessions)
{
	return sessions->config.is_tls ? "__Host-" NAME : NAME;
}

static void
write_cookie(const struct sessions *sessions, const char *value, int64_t age_ns, char set_cookie[SESSION_COOKIE_MAX])
{
	int length = snprintf(set_cookie, SESSION_COOKIE_MAX,
		"Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict;%s Max-Age=%lld\r\n", cookie_name(sessions),
		value, sessions->config.is_tls ? " Secure;" : "", (long long)(age_ns / NS_PER_S));

	CHECK_OP(length, <, SESSION_COOKIE_MAX);
}

const struct session *
sessions_begin(struct sessions *sessions, const struct token *token, char set_cookie[SESSION_COOKIE_MAX])
{
	uint8_t id[ID_BYTES];
	char value[2 * ID_BYTES + 1];

	if (RAND_bytes(id, sizeof(id)) != 1)
		return NULL;
	struct slot *slot = take_slot(sessions);

	*slot = (struct slot){.is_used = true,
		.session = {.token = *token, .ends_ns = now_ns(sessions) + sessions->config.lifetime_ns},
		.used_ns = now_ns(sessions)};
	token_hash(id, sizeof(id), slot->session.id_hash);
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(value + 2 * i, 3, "%02x", id[i]);
	write_cookie(sessions, value, sessions->config.lifetime_ns, set_cookie);
	OPENSSL_cleanse(id, sizeof(id));
	OPENSSL_cleanse(value, sizeof(value));
	return &slot->session;
}

static bool
parse_id(const char *hex, size_t length, uint8_t id[ID_BYTES])
{
	if (length != (size_t)2 * ID_BYTES)
		return false;
	for (size_t i = 0; i < ID_BYTES; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

/* The next cookie of our name in the header from *at on: the hash of its id. Other names are passed over, and so are
 * those that were never ours (of another port of this host, say). False: there are no more. */
static bool
next_id(const struct sessions *sessions, const char **at, uint8_t hash[TOKEN_HASH_BYTES])
{
	const char *name = cookie_name(sessions);
	size_t name_length = strlen(name);
	uint8_t id[ID_BYTES];

	while (**at != '\0') {
		const char *pair = *at + strspn(*at, "; ");
		size_t length = strcspn(pair, ";");

		*at = pair + length;
		if (length > name_length && strncmp(pair, name, name_length) == 0 && pair[name_length] == '=' &&
			parse_id(pair + name_length + 1, length - name_length - 1, id)) {
			token_hash(id, sizeof(id), hash);
			return true;
		}
	}
	return false;
}

static struct slot *
find_slot_of(struct sessions *sessions, const uint8_t hash[TOKEN_HASH_BYTES])
{
	for (size_t i = 0; i < sessions->config.max; i++) {
		struct slot *slot = &sessions->slots[i];

		if (slot->is_used && CRYPTO_memcmp(slot->session.id_hash, hash, TOKEN_HASH_BYTES) == 0)
			return slot;
	}
	return NULL;
}

/* A browser sends one; a header full of them is not worth the time. */
static struct slot *
find_slot(struct sessions *sessions, const char *cookie)
{
	uint8_t hash[TOKEN_HASH_BYTES];
	struct slot *slot = NULL;

	for (int i = 0; cookie != NULL && slot == NULL && i < IDS_LOOKED_AT && next_id(sessions, &cookie, hash); i++)
		slot = find_slot_of(sessions, hash);
	return slot;
}

/* NULL: there is none, or it is over. */
static const struct session *
use_slot(const struct sessions *sessions, struct slot *slot)
{
	if (slot == NULL || is_over(sessions, slot))
		return NULL;
	slot->used_ns = now_ns(sessions);
	return &slot->session;
}

const struct session *
session_find(struct sessions *sessions, const char *cookie)
{
	return use_slot(sessions, find_slot(sessions, cookie));
}

bool
session_goes_on(struct sessions *sessions, const uint8_t id_hash[TOKEN_HASH_BYTES])
{
	return use_slot(sessions, find_slot_of(sessions, id_hash)) != NULL;
}

bool
session_is_named(const struct sessions *sessions, const char *cookie)
{
	uint8_t hash[TOKEN_HASH_BYTES];

	return cookie != NULL && next_id(sessions, &cookie, hash);
}

void
session_end(struct sessions *sessions, const char *cookie, char set_cookie[SESSION_COOKIE_MAX])
{
	struct slot *slot = find_slot(sessions, cookie);

	if (slot != NULL)
		*slot = (struct slot){0};
	write_cookie(sessions, "", 0, set_cookie);
}

void
sessions_keep(struct sessions *sessions, const struct tokens *tokens)
{
	for (size_t i = 0; i < sessions->config.max; i++)
		if (!tokens_have(tokens, &sessions->slots[i].session.token))
			sessions->slots[i] = (struct slot){0};
}
