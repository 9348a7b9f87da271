#include "daemon/guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"

const struct refusal_row refusal_rows[REFUSAL_COUNT] = {
#define REFUSAL(name, status, counter, sentence) [REFUSAL_##name] = {status, #counter, sentence},
#include "daemon/refusals.def"
#undef REFUSAL
};

void
guard_init(struct guard *guard, const struct guard_config *config)
{
	CHECK(config->is_unix || config->names != NULL);
	*guard = (struct guard){.config = *config};
}

void
guard_use_tokens(struct guard *guard, const struct tokens *tokens)
{
	guard->config.tokens = tokens;
	if (guard->config.sessions != NULL)
		sessions_keep(guard->config.sessions, tokens);
}

/* RFC 9110 §9.2.1. */
static bool
is_safe(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* Browsers that say where a request comes from say "none" of what a person typed (Fetch Metadata). */
static bool
is_from_elsewhere(const struct guard_ask *ask)
{
	return ask->fetch_site != NULL && strcmp(ask->fetch_site, "same-origin") != 0 &&
	       strcmp(ask->fetch_site, "none") != 0;
}

static enum refusal
check_origin(const struct guard *guard, const struct guard_ask *ask)
{
	const struct origin_names *names = guard->config.names;

	if (!origin_is_ours(names, ask->host))
		return REFUSAL_FOREIGN_HOST;
	if (ask->origin != NULL && !origin_is_same(names, ask->origin, ask->host))
		return REFUSAL_FOREIGN_ORIGIN;
	return !is_safe(ask->method) && is_from_elsewhere(ask) ? REFUSAL_FOREIGN_ORIGIN : REFUSAL_COUNT;
}

/* Without its parameters, of which none matters: JSON is UTF-8 (RFC 8259 §8.1). */
static bool
is_type(const char *content_type, const char *wanted)
{
	size_t length = strcspn(content_type, "; \t");

	return length == strlen(wanted) && strncasecmp(content_type, wanted, length) == 0;
}

/* None of these can be sent by a form, or by a script without asking first, which nobody is allowed (no CORS). */
static enum refusal
check_body(const struct guard_ask *ask)
{
	const char *type = ask->content_type;

	if (ask->body_length == 0 && (type == NULL || is_safe(ask->method)))
		return REFUSAL_COUNT;
	if (type != NULL && is_type(type, "application/json"))
		return REFUSAL_COUNT;
	if (ask->body != GUARD_BODY_PROFILE)
		return REFUSAL_CONTENT_TYPE;
	return type != NULL && (is_type(type, "application/yaml") || is_type(type, "application/x-yaml"))
		       ? REFUSAL_COUNT
		       : REFUSAL_PROFILE_TYPE;
}

static void
name_token(const struct token *token, struct guard_who *who)
{
	snprintf(who->name, sizeof(who->name), "%s", token->name);
	who->role = token->role;
	who->pass.token = *token;
}

static void
name_session(const struct session *session, struct guard_who *who)
{
	name_token(&session->token, who);
	who->is_session = true;
	who->ends_ns = session->ends_ns;
	who->pass.is_session = true;
	memcpy(who->pass.session, session->id_hash, sizeof(who->pass.session));
}

/* An Origin that was not refused is ours. */
static bool
is_from_our_page(const struct guard_ask *ask)
{
	return ask->origin != NULL || (ask->fetch_site != NULL && strcmp(ask->fetch_site, "same-origin") == 0);
}

/* By the browser's own doing the cookie comes along; that the page wants it is said by Origin. */
static enum refusal
find_session(const struct guard *guard, const struct guard_ask *ask, struct guard_who *who)
{
	struct sessions *sessions = guard->config.sessions;
	const struct session *session = sessions != NULL ? session_find(sessions, ask->cookie) : NULL;

	if (session == NULL)
		return sessions != NULL && session_is_named(sessions, ask->cookie) ? REFUSAL_NO_SESSION
										   : REFUSAL_NO_TOKEN;
	if (!is_safe(ask->method) && !is_from_our_page(ask))
		return REFUSAL_FOREIGN_ORIGIN;
	name_session(session, who);
	return REFUSAL_COUNT;
}

static enum refusal
find_who(const struct guard *guard, const struct guard_ask *ask, struct guard_who *who)
{
	const struct token *token = NULL;

	if (guard->config.is_unix) {
		*who = (struct guard_who){.name = GUARD_LOCAL, .role = ROLE_ADMIN, .pass.guard = guard};
		return REFUSAL_COUNT;
	}
	if (ask->authorization == NULL)
		return find_session(guard, ask, who);
	if (guard->config.tokens != NULL)
		token = tokens_find_bearer(guard->config.tokens, ask->authorization);
	if (token == NULL)
		return REFUSAL_WRONG_TOKEN;
	name_token(token, who);
	return REFUSAL_COUNT;
}

static enum refusal
decide(const struct guard *guard, const struct guard_ask *ask, struct guard_who *who)
{
	enum refusal refusal = guard->config.is_unix ? REFUSAL_COUNT : check_origin(guard, ask);

	if (refusal == REFUSAL_COUNT)
		refusal = check_body(ask);
	if (refusal != REFUSAL_COUNT)
		return refusal;
	refusal = find_who(guard, ask, who);
	if (ask->is_open)
		return REFUSAL_COUNT;
	if (refusal == REFUSAL_COUNT && !role_may(who->role, ask->needs))
		return REFUSAL_ROLE;
	return refusal;
}

static enum refusal
count(struct guard *guard, enum refusal refusal)
{
	if (refusal != REFUSAL_COUNT)
		guard->refused[refusal]++;
	return refusal;
}

enum refusal
guard_admit(struct guard *guard, const struct guard_ask *ask, struct guard_who *who)
{
	*who = (struct guard_who){.role = ROLE_VIEW, .pass.guard = guard};
	return count(guard, decide(guard, ask, who));
}

bool
guard_pass_holds(const struct guard_pass *pass)
{
	const struct guard_config *config = &pass->guard->config;

	if (config->is_unix)
		return true;
	if (!tokens_have(config->tokens, &pass->token))
		return false;
	return !pass->is_session || session_goes_on(config->sessions, pass->session);
}

enum refusal
guard_log_in(struct guard *guard, const char *text, struct guard_who *who, char set_cookie[SESSION_COOKIE_MAX])
{
	const struct tokens *tokens = guard->config.tokens;
	const struct token *token = tokens != NULL ? tokens_find(tokens, text, strlen(text)) : NULL;

	*who = (struct guard_who){.role = ROLE_VIEW, .pass.guard = guard};
	if (token == NULL || guard->config.sessions == NULL)
		return count(guard, REFUSAL_WRONG_TOKEN);
	const struct session *session = sessions_begin(guard->config.sessions, token, set_cookie);

	if (session == NULL)
		return count(guard, REFUSAL_NO_RANDOM);
	name_session(session, who);
	return REFUSAL_COUNT;
}
