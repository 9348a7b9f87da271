#include <string.h>

#include "request/location.h"
#include "request/slot.h"

/* Where a redirect leads, in the request that follows it: a path and query that can be sent as they are. */
static bool
location_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	(void)err;
	return scope->target_streams > 0 && slot->context == SLOT_IN_TARGET && slot_text_is(text, "location");
}

static size_t
location_most(const struct slot *slot)
{
	(void)slot;
	return LOCATION_MAX;
}

/* The template has the '/' that it begins with. */
static char *
location_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	const struct render *render = rendering->render;

	(void)slot;
	memcpy(into, render->location + 1, render->location_length - 1);
	return into + render->location_length - 1;
}

const struct slot_ops location_slot = {
	.name = "location",
	.form = NULL,
	.help = "where a redirect leads, in the request that follows it",
	.streams = 1,
	.parse = location_parse,
	.most = location_most,
	.put = location_put,
};
