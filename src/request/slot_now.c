#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "request/slot.h"
#include "request/slot_escape.h"

/* ${now} in ns, and ${now(FORM)}. Digits and the few signs of ISO 8601 need no escaping but in a path (':'). */

enum now_form { NOW_NS, NOW_US, NOW_MS, NOW_S, NOW_ISO, NOW_FORMS_N };

static const struct {
	const char *text;
	int64_t ns; /* of its unit; 0: it is no number */
} forms[NOW_FORMS_N] = {
	[NOW_NS] = {"now", 1},
	[NOW_US] = {"now(us)", NS_PER_US},
	[NOW_MS] = {"now(ms)", NS_PER_MS},
	[NOW_S] = {"now(s)", NS_PER_S},
	[NOW_ISO] = {"now(iso)", 0},
};

#define ISO_LENGTH 24 /* 2026-11-22T20:35:00.123Z */

int64_t
slot_now_ns(struct rendering *rendering)
{
	if (rendering->now_ns == 0)
		rendering->now_ns = wall_now_ns();
	return rendering->now_ns;
}

static bool
now_parse(struct slot *slot, const struct slot_text *text, const struct slot_scope *scope, struct error *err)
{
	static const char opening[] = "now(";

	(void)scope;
	for (slot->of.index = 0; slot->of.index < NOW_FORMS_N; slot->of.index++)
		if (slot_text_is(text, forms[slot->of.index].text))
			return true;
	if (text->length >= sizeof(opening) - 1 && memcmp(text->at, opening, sizeof(opening) - 1) == 0)
		error_set(err,
			"'${%.*s}': write ${now} (ns since 1970), ${now(us)}, ${now(ms)}, ${now(s)} or ${now(iso)}",
			(int)(text->length < 64 ? text->length : 64), text->at);
	return false;
}

static size_t
now_most(const struct slot *slot)
{
	return slot->of.index == NOW_ISO ? slot_escape_most(slot->context, ISO_LENGTH) : SLOT_NUMBER_MOST;
}

static char *
put_iso(const struct slot *slot, int64_t now_ns, char *into)
{
	time_t seconds = (time_t)(now_ns / NS_PER_S);
	char text[ISO_LENGTH + 8];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);

	length +=
		(size_t)snprintf(text + length, sizeof(text) - length, ".%03dZ", (int)(now_ns % NS_PER_S / NS_PER_MS));
	CHECK_OP(length, ==, ISO_LENGTH);
	return slot_escape_put(slot->context, text, length, into);
}

static char *
now_put(const struct slot *slot, struct rendering *rendering, char *into)
{
	int64_t now_ns = slot_now_ns(rendering);

	return slot->of.index == NOW_ISO ? put_iso(slot, now_ns, into)
					 : slot_put_signed(into, now_ns / forms[slot->of.index].ns);
}

const struct slot_ops now_slot = {
	.name = "now",
	.form = "${now}",
	.help = "nanoseconds since 1970, the same wherever one request says it; now(us), now(ms), now(s) in those units; now(iso) as "
		"2026-11-22T20:35:00.123Z",
	.streams = 1,
	.parse = now_parse,
	.most = now_most,
	.put = now_put,
};
