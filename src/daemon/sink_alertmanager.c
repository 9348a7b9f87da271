#include "base/check.h"
#include "base/clock.h"
#include "daemon/sink_parts.h"
#include "daemon/sink_text.h"

#define REMINDERS_UNTIL_OVER 3 /* it takes an alert for resolved when it has missed so many */

static bool
alertmanager_open(struct sink *sink, struct error *err)
{
	return sink_http_open(sink, sink->wish.alertmanager, "/api/v2/alerts", err);
}

/* Each time all that fire: it forgets whom it is not told of. */
static void
alertmanager_send(struct sink *sink, const struct notice *notice)
{
	const struct alert *firing[DELIVERY_ROOM];
	int64_t until_ns = wall_now_ns() + REMINDERS_UNTIL_OVER * sink->wish.remind_ns;

	for (size_t i = 0; i < sink->firing_n; i++)
		firing[i] = &sink->firing[i];
	buf_clear(&sink->body);
	CHECK(sink_text_alertmanager(&sink->body, firing, sink->firing_n,
		notice != NULL && notice->news == ALERT_RECOVERED ? &notice->alert : NULL, until_ns));
	sink_http_post(sink);
}

const struct sink_ops alertmanager_sink = {
	.name = "alertmanager",
	.help = "the URL of a Prometheus Alertmanager, which groups, silences and routes them",
	.has_reminders = true,
	.open = alertmanager_open,
	.send = alertmanager_send,
	.is_ready = sink_http_is_ready,
	.close = sink_http_close,
	.is_closed = sink_http_is_closed,
};
