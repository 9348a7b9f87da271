#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "daemon/sink_parts.h"
#include "daemon/sink_text.h"

static bool
webhook_open(struct sink *sink, struct error *err)
{
	char signature[SINK_SIGNATURE_MAX];

	if (sink->wish.secret != NULL && !sink_text_sign(sink->wish.secret, "", 0, "", 0, signature))
		return error_set(
			err, "secret: after 'whsec_' comes base64; without it any text that is not empty will do");
	return sink_http_open(sink, sink->wish.webhook, "", err);
}

/* The same id for every attempt, so that whoever has it already can tell; each attempt with its own time. */
static void
webhook_send(struct sink *sink, const struct notice *notice)
{
	int64_t now_s = wall_now_ns() / NS_PER_S;

	CHECK(notice != NULL);
	buf_clear(&sink->body);
	CHECK(sink_text_json(&sink->body, notice)); /* its ceiling is far above the longest alert */
	snprintf(sink->id, sizeof(sink->id), "alert-%" PRIu64 "-%s", notice->alert.number,
		notice->news == ALERT_RECOVERED ? "recovered" : "fired");
	snprintf(sink->timestamp, sizeof(sink->timestamp), "%" PRId64, now_s);
	if (sink->wish.secret != NULL)
		CHECK(sink_text_sign(
			sink->wish.secret, sink->id, now_s, sink->body.bytes, sink->body.length, sink->signature));
	sink_http_post(sink);
}

const struct sink_ops webhook_sink = {
	.name = "webhook",
	.help = "a URL that is sent each alert as JSON, signed where there is a secret",
	.open = webhook_open,
	.send = webhook_send,
	.is_ready = sink_http_is_ready,
	.close = sink_http_close,
	.is_closed = sink_http_is_closed,
};
