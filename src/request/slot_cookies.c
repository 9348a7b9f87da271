#include <string.h>

#include "request/session.h"
#include "request/slot.h"

/* Written by the protocol where a session keeps cookies: a header line of its own, or nothing. */
static bool
cookies_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	const struct plan_flow *flow = scope->request == NULL || scope->request->step == NULL
					       ? NULL
					       : scope->plan->scenarios[scope->request->scenario].flow;

	(void)err;
	return slot->context == SLOT_IN_HEADER && flow != NULL && flow->keeps_cookies && slot_text_is(text, "cookies");
}

static const char cookie_name[] = "Cookie: ", line_end[] = "\r\n";

static size_t
cookies_most(const struct slot *slot)
{
	(void)slot;
	return sizeof(cookie_name) - 1 + COOKIE_JAR_MAX + sizeof(line_end) - 1;
}

/* What stands between the first two spaces of the request line. */
static const char *
find_path(const struct rendering *rendering, const char *end, size_t *length)
{
	const char *path = memchr(rendering->begin, ' ', (size_t)(end - rendering->begin));
	const char *stop = path != NULL ? memchr(path + 1, ' ', (size_t)(end - path - 1)) : NULL;

	*length = stop != NULL ? (size_t)(stop - path - 1) : 0;
	return stop != NULL ? path + 1 : "";
}

static char *
cookies_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	size_t length;
	const char *path = find_path(rendering, into, &length);
	char *value = into + sizeof(cookie_name) - 1;
	char *end = session_put_cookies(rendering->render->session, path, length, value);

	(void)slot;
	if (end == value)
		return into;
	memcpy(into, cookie_name, sizeof(cookie_name) - 1);
	memcpy(end, line_end, sizeof(line_end) - 1);
	return end + sizeof(line_end) - 1;
}

const struct slot_ops cookies_slot = {
	.name = "cookies",
	.form = NULL,
	.help = "the line that session.cookies adds to the head",
	.parse = cookies_parse,
	.most = cookies_most,
	.put = cookies_put,
};
