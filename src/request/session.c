#include "request/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/rng.h"
#include "measure/utf8.h"
#include "request/uuid.h"

size_t
session_memory_size(const struct plan_flow *flow)
{
	return flow->values_n * SESSION_VALUE_MAX + (flow->keeps_cookies ? SESSION_COOKIES_MAX : 0);
}

void
session_init(struct session *session, const struct plan_flow *flow, char *memory)
{
	*session = (struct session){
		.flow = flow, .values = memory, .cookies = memory + flow->values_n * SESSION_VALUE_MAX};
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
	session->cookies_length = 0;
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

/* A stretch of a header field. */
struct text {
	const char *at;
	size_t length;
};

static struct text
trimmed(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct text){at, (size_t)(end - at)};
}

/* What comes before the next ';', and the field moves behind that. */
static struct text
take_part(struct text *field)
{
	const char *end = field->at + field->length, *stop = memchr(field->at, ';', field->length);
	struct text part = trimmed(field->at, stop != NULL ? stop : end);

	field->at = stop != NULL ? stop + 1 : end;
	field->length = (size_t)(end - field->at);
	return part;
}

/* "Max-Age=0" and less. An Expires in the past means the same; servers write both. */
static bool
is_expiry(struct text attribute)
{
	static const char name[] = "max-age=";
	size_t n = sizeof(name) - 1;

	if (attribute.length <= n || strncasecmp(attribute.at, name, n) != 0)
		return false;
	if (attribute.at[n] == '-')
		return true;
	for (size_t i = n; i < attribute.length; i++)
		if (attribute.at[i] != '0')
			return false;
	return true;
}

/* The cookie of this name is forgotten, with the "; " that follows or precedes it. */
static void
remove_cookie(struct session *session, struct text name)
{
	char *at = session->cookies, *end = at + session->cookies_length;

	while (at < end) {
		char *stop = memchr(at, ';', (size_t)(end - at));
		char *next = stop != NULL ? stop + 2 : end;

		if ((size_t)(next - at) > name.length && at[name.length] == '=' &&
			memcmp(at, name.at, name.length) == 0) {
			memmove(at, next, (size_t)(end - next));
			session->cookies_length -= (size_t)(next - at);
			end = session->cookies + session->cookies_length;
			if (at == end && at > session->cookies)
				session->cookies_length -= 2;
			return;
		}
		at = next;
	}
}

/* A line end, say, that would end the Cookie header too. */
static bool
has_control(const char *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((unsigned char)at[i] < ' ' && at[i] != '\t') || at[i] == 0x7f)
			return true;
	return false;
}

static bool
add_cookie(struct session *session, struct text name, struct text value)
{
	size_t separator = session->cookies_length > 0 ? 2 : 0;
	char *into = session->cookies + session->cookies_length;

	if (session->cookies_length + separator + name.length + 1 + value.length > SESSION_COOKIES_MAX)
		return false;
	memcpy(into, "; ", separator);
	into += separator;
	memcpy(into, name.at, name.length);
	into += name.length;
	*into++ = '=';
	memcpy(into, value.at, value.length);
	session->cookies_length = (size_t)(into - session->cookies) + value.length;
	return true;
}

bool
session_keep_cookie(struct session *session, const char *field, size_t length)
{
	struct text rest = {field, length}, pair = take_part(&rest);
	const char *equals = memchr(pair.at, '=', pair.length);
	bool is_removed = false;

	if (equals == NULL || equals == pair.at || has_control(field, length))
		return true;
	struct text name = trimmed(pair.at, equals), value = trimmed(equals + 1, pair.at + pair.length);

	while (rest.length > 0)
		is_removed |= is_expiry(take_part(&rest));
	remove_cookie(session, name);
	return is_removed || add_cookie(session, name, value);
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
