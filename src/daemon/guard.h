#pragma once

#include <stdint.h>

#include "daemon/origin.h"
#include "daemon/session.h"
#include "daemon/token.h"

/* Who asks, and whether he may: what is answered before a route is taken. It decides and counts; it answers nobody.
 *
 * Over TCP: Host must be a name of ours, Origin (where there is one) the same, a body of the right content type; then a
 * token, by Authorization or by the cookie of a session. What changes anything by a cookie must say its Origin. Over
 * the unix socket, which nobody but our own user can open, everybody is admin, and no browser can come: bodies alone
 * are looked at. */

enum refusal {
#define REFUSAL(name, status, counter, sentence) REFUSAL_##name,
#include "daemon/refusals.def"
#undef REFUSAL
	REFUSAL_COUNT, /* not refused */
};

struct refusal_row {
	int status;
	const char *counter; /* brunt_refused_total{reason="wrong_token"} */
	const char *sentence;
};

extern const struct refusal_row refusal_rows[REFUSAL_COUNT];

enum guard_body { GUARD_BODY_JSON, GUARD_BODY_PROFILE /* JSON, or YAML */ };

/* A request as it came: headers NULL where they were not there. And what its route says of itself. */
struct guard_ask {
	const char *method;
	const char *host, *origin, *fetch_site; /* Host, Origin, Sec-Fetch-Site */
	const char *authorization, *cookie, *content_type;
	size_t body_length;
	bool is_open; /* nobody needs to be known: the page itself, /healthz, logging in */
	enum role needs;
	enum guard_body body;
};

/* By what somebody was admitted: kept by whoever serves him for longer than it takes to answer. */
struct guard_pass {
	const struct guard *guard;
	bool is_session;
	struct token token;
	uint8_t session[TOKEN_HASH_BYTES]; /* its id_hash */
};

#define GUARD_LOCAL "local" /* what somebody at the unix socket is called */

struct guard_who {
	char name[TOKEN_NAME_MAX + 1]; /* "": nobody who is known, where the route is open */
	enum role role;
	bool is_session;
	int64_t ends_ns; /* of the session, on the sessions' clock */
	struct guard_pass pass;
};

struct guard_config {
	bool is_unix;
	const struct origin_names *names; /* of this listener; NULL for unix */
	struct sessions *sessions;        /* NULL: there are none */
	const struct tokens *tokens;      /* NULL: none, and nobody comes in over TCP */
};

/* One for each listener. Its tokens and sessions may be shared, and belong to somebody else. */
struct guard {
	struct guard_config config;
	uint64_t refused[REFUSAL_COUNT];
};

void guard_init(struct guard *guard, const struct guard_config *config);
/* After a reload. Sessions of tokens that are gone are over. */
void guard_use_tokens(struct guard *guard, const struct tokens *tokens);

/* REFUSAL_COUNT: he may, and `who` says who he is. */
enum refusal guard_admit(struct guard *guard, const struct guard_ask *ask, struct guard_who *who);
/* Whether he would be let in by it still: not where his token is gone or another's, his session over. A session is used
 * by this, so that it lasts while somebody watches, but no longer than its lifetime. */
bool guard_pass_holds(const struct guard_pass *pass);
/* The token that the page was told, after guard_admit. REFUSAL_COUNT: set_cookie is to be sent. */
enum refusal guard_log_in(
	struct guard *guard, const char *token, struct guard_who *who, char set_cookie[SESSION_COOKIE_MAX]);
