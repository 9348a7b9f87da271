#pragma once

#include "base/buf.h"
#include "daemon/delivery.h"

/* What sinks say of an alert, as bytes. Pure. False: the buffer's ceiling. */

/* One JSON object: {event: "alert.fired"|"alert.recovered", number, rule, severity, name, run, text, advice, value,
 * threshold, since, fired_at, ended_at, acknowledged_by}; times as RFC 3339, what is not known null. */
bool sink_text_json(struct buf *into, const struct notice *notice);

/* What Alertmanager's API v2 takes: a list of alerts, all that fire, which then last until until_ns unless they are
 * told again, and the one that has recovered. Labels, by which it tells them apart: alertname, severity, name,
 * job="brunt". */
bool sink_text_alertmanager(
	struct buf *into, const struct alert *const *firing, size_t n, const struct alert *recovered, int64_t until_ns);

/* A webhook's signature (Standard Webhooks 1.0.0, "Signature scheme"): "v1," and the HMAC-SHA256 of "ID.TIMESTAMP.BODY"
 * in base64. A secret that begins with "whsec_" is base64 after it, any other is taken as it is. False: it is neither.
 */
#define SINK_SIGNATURE_MAX 64
bool sink_text_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t length,
	char into[SINK_SIGNATURE_MAX]);
