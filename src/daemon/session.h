#pragma once

#include "base/clock.h"
#include "daemon/token.h"

/* Who has shown a token once from the page, and is known since by a cookie: 256 random bits, of which only a hash is
 * kept. There are at most `max`; one more ends the one that was used least recently. */

#define SESSION_COOKIE_MAX 256 /* bytes of a Set-Cookie line, CRLF and NUL included */

struct sessions;

struct sessions_config {
	size_t max;          /* 256 */
	int64_t idle_ns;     /* 2 h: not used for so long, and over */
	int64_t lifetime_ns; /* 12 h: over anyway */
	bool is_tls;         /* the cookie is Secure, and its name begins with __Host- */
	const struct clock *clock;
};

extern const struct sessions_config sessions_default_config;

struct session {
	struct token token; /* that was shown */
	int64_t ends_ns;    /* on the clock, by its lifetime */
	uint8_t id_hash[TOKEN_HASH_BYTES];
};

struct sessions *sessions_new(const struct sessions_config *config);
void sessions_free(struct sessions *sessions);
size_t sessions_n(struct sessions *sessions); /* that are not over */

/* A session is valid until the next call of any of these.
 *
 * set_cookie gets "Set-Cookie: …\r\n". NULL: there are no random numbers. */
const struct session *sessions_begin(
	struct sessions *sessions, const struct token *token, char set_cookie[SESSION_COOKIE_MAX]);

/* By the value of a Cookie header (NULL: there was none), and so used. NULL: it names none, or one that is over. */
const struct session *session_find(struct sessions *sessions, const char *cookie);
/* Whether the one of this id_hash is not over; and so used. */
bool session_goes_on(struct sessions *sessions, const uint8_t id_hash[TOKEN_HASH_BYTES]);
/* It names one, whether or not that is over. */
bool session_is_named(const struct sessions *sessions, const char *cookie);

/* Logout: ends the one it names; set_cookie makes the browser forget it. */
void session_end(struct sessions *sessions, const char *cookie, char set_cookie[SESSION_COOKIE_MAX]);
/* After a reload: those whose token is no longer there, or has another role now, are over. */
void sessions_keep(struct sessions *sessions, const struct tokens *tokens);
