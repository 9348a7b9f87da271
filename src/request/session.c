#include "request/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/units.h"
#include "measure/utf8.h"
#include "request/uuid.h"

size_t
session_memory_size(const struct plan_flow *flow)
{
	return flow->values_n * SESSION_VALUE_MAX + (flow->keeps_cookies ? COOKIE_JAR_MAX + COOKIE_PATH_MAX : 0);
}

void
session_init(struct session *session, const struct plan_flow *flow, char *memory)
{
	char *cookies = memory + flow->values_n * SESSION_VALUE_MAX;

	*session = (struct session){
		.flow = flow, .values = memory, .jar = {.bytes = cookies}, .path = cookies + COOKIE_JAR_MAX};
	buf_init(&session->history, flow->history_bytes);
}

void
session_fini(struct session *session)
{
	buf_fini(&session->history);
}

void
session_begin(struct session *session, uint64_t seed, uint64_t n)
{
	/* A server that wants a UUID takes it. */
	uuid_write(session->id, rng_at(seed, RNG_SESSION, n), rng_at(seed, RNG_SESSION + (1 << 8), n));
	session->repetition = 0;
	memset(session->value_lengths, 0, sizeof(session->value_lengths));
	session->jar.length = 0;
	buf_clear(&session->history);
	session->history_kept = 0;
}

const char *
session_value(const struct session *session, size_t value, size_t *length)
{
	CHECK_OP(value, <, session->flow->values_n);
	*length = session->value_lengths[value];
	return session->values + value * SESSION_VALUE_MAX;
}

static bool
is_utf8(const char *bytes, size_t length)
{
	while (length > 0) {
		size_t n = utf8_length(bytes, length);

		if (n == 0)
			return false;
		bytes += n;
		length -= n;
	}
	return true;
}

bool
session_set_value(struct session *session, size_t value, const char *bytes, size_t length)
{
	CHECK_OP(value, <, session->flow->values_n);
	if (length > SESSION_VALUE_MAX || !is_utf8(bytes, length))
		return false;
	memcpy(session->values + value * SESSION_VALUE_MAX, bytes, length);
	session->value_lengths[value] = (uint16_t)length;
	return true;
}

static struct cookie_origin
origin_of(const struct session *session)
{
	return (struct cookie_origin){session->flow->host, session->flow->is_secure};
}

bool
session_keep_cookie(struct session *session, const char *field, size_t length)
{
	struct cookie_origin origin = origin_of(session);
	struct cookie cookie;

	return !cookie_parse(&cookie, field, length) || cookie_jar_keep(&session->jar, &cookie, &origin, session->path,
								session->path_length, wall_now_ns() / NS_PER_S);
}

char *
session_put_cookies(struct session *session, const char *path, size_t length, char *into)
{
	struct cookie_origin origin = origin_of(session);

	session->path_length = cookie_default_path(path, length);
	memcpy(session->path, path, session->path_length);
	return session->jar.length > 0
		       ? cookie_jar_put(&session->jar, &origin, path, length, wall_now_ns() / NS_PER_S, into)
		       : into;
}

void
session_begin_turn(struct session *session)
{
	session->history.length = session->history_kept;
	session->history.overflowed = false;
}

void
session_add_turn(struct session *session, const char *json, size_t length)
{
	buf_add(&session->history, json, length);
}

void
session_end_turn(struct session *session)
{
	session->history_kept = session->history.length;
}

bool
session_is_full(const struct session *session)
{
	return session->history.overflowed;
}
