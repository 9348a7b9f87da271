#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plan/flow.h"
#include "request/cookie_jar.h"

/* What one session carries from step to step: who it is, what its steps extracted, its cookies, and the conversation so
 * far. The memory for values and cookies is lent to it at the start of the run; the conversation grows up to the flow's
 * ceiling and its memory is kept for the next session. */

#define SESSION_ID_LENGTH ((size_t)36)
#define SESSION_VALUE_MAX ((size_t)1024)

struct session {
	const struct plan_flow *flow;
	char id[SESSION_ID_LENGTH]; /* like a version 4 UUID, not ended by a NUL */
	uint64_t repetition;        /* of the step under way, from 0 */
	char *values;               /* SESSION_VALUE_MAX bytes for each value of the flow */
	uint16_t value_lengths[FLOW_VALUES_CEILING];
	struct cookie_jar jar;
	char *path; /* COOKIE_PATH_MAX bytes: what cookies have for a path that this step's answer sets without one */
	size_t path_length;
	struct buf history;
	size_t history_kept; /* bytes of turns that are over: what follows them belongs to the turn under way */
};

/* What must be lent to a session of this flow. */
size_t session_memory_size(const struct plan_flow *flow);
void session_init(struct session *session, const struct plan_flow *flow, char *memory);
void session_fini(struct session *session);

/* Another one begins, the n-th of its scenario: it knows nothing yet. */
void session_begin(struct session *session, uint64_t seed, uint64_t n);

const char *session_value(const struct session *session, size_t value, size_t *length);
/* False: it is too long, or no UTF-8; the value stays what it was. */
bool session_set_value(struct session *session, size_t value, const char *bytes, size_t length);

/* What a Set-Cookie field says is kept, or forgotten. False: there is no room for it. */
bool session_keep_cookie(struct session *session, const char *field, size_t length);
/* A request for this path is made: its cookies are written, COOKIE_JAR_MAX bytes at most, and the path is remembered
 * for those of the answer. Returns the end. */
char *session_put_cookies(struct session *session, const char *path, size_t length, char *into);

/* A turn of the conversation: the request's own part is added when it is rendered, then the answer; either is dropped
 * with the next session_begin_turn unless session_end_turn came before. Everything is JSON, escaped as it stands. */
void session_begin_turn(struct session *session);
void session_add_turn(struct session *session, const char *json, size_t length);
void session_end_turn(struct session *session);
/* The conversation came to its ceiling: what this turn brought is not all there. */
bool session_is_full(const struct session *session);
