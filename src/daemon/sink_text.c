#include "daemon/sink_text.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/units.h"
#include "measure/json.h"

static void
add_time(struct buf *into, const char *name, int64_t wall_ns)
{
	char text[32];

	if (wall_ns > 0)
		json_add_text(into, name, wall_text(wall_ns, text, sizeof(text)));
	else
		json_add_null(into, name);
}

static void
add_text_or_null(struct buf *into, const char *name, const char *text)
{
	if (text[0] != '\0')
		json_add_text(into, name, text);
	else
		json_add_null(into, name);
}

bool
sink_text_json(struct buf *into, const struct notice *notice)
{
	const struct alert *alert = &notice->alert;

	json_open(into, NULL, '{');
	json_add_text(into, "event", notice->news == ALERT_RECOVERED ? "alert.recovered" : "alert.fired");
	json_add_u64(into, "number", alert->number);
	json_add_text(into, "rule", alert->rule);
	json_add_text(into, "severity", alert_severity_names[alert->severity]);
	json_add_text(into, "name", alert->name);
	add_text_or_null(into, "run", alert->run);
	json_add_text(into, "text", alert->text);
	add_text_or_null(into, "advice", alert->advice);
	json_add_double(into, "value", alert->value);
	json_add_double(into, "threshold", alert->threshold);
	add_time(into, "since", alert->course.since_ns);
	add_time(into, "fired_at", alert->course.fired_ns);
	add_time(into, "ended_at", alert->ended_ns);
	add_text_or_null(into, "acknowledged_by", alert->acknowledged_by);
	json_close(into, '}');
	return !into->overflowed;
}

static void
add_alertmanagers(struct buf *into, const struct alert *alert, int64_t ends_ns)
{
	char number[24];

	json_open(into, NULL, '{');
	json_open(into, "labels", '{');
	json_add_text(into, "alertname", alert->rule);
	json_add_text(into, "severity", alert_severity_names[alert->severity]);
	json_add_text(into, "name", alert->name);
	json_add_text(into, "job", "brunt");
	json_close(into, '}');
	json_open(into, "annotations", '{');
	json_add_text(into, "summary", alert->text);
	if (alert->advice[0] != '\0')
		json_add_text(into, "description", alert->advice);
	if (alert->run[0] != '\0')
		json_add_text(into, "run", alert->run);
	snprintf(number, sizeof(number), "%" PRIu64, alert->number);
	json_add_text(into, "number", number);
	json_close(into, '}');
	add_time(into, "startsAt", alert->course.since_ns);
	add_time(into, "endsAt", ends_ns);
	json_close(into, '}');
}

bool
sink_text_alertmanager(
	struct buf *into, const struct alert *const *firing, size_t n, const struct alert *recovered, int64_t until_ns)
{
	json_open(into, NULL, '[');
	for (size_t i = 0; i < n; i++)
		add_alertmanagers(into, firing[i], until_ns);
	if (recovered != NULL) { /* what ends as it begins is refused, and written times are of seconds */
		int64_t least_ns = recovered->course.since_ns + NS_PER_S;

		add_alertmanagers(into, recovered, recovered->ended_ns > least_ns ? recovered->ended_ns : least_ns);
	}
	json_close(into, ']');
	return !into->overflowed;
}

#define SECRET_PREFIX "whsec_"

bool
sink_text_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t length,
	char into[SINK_SIGNATURE_MAX])
{
	bool is_encoded = strncmp(secret, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0;
	const char *text = secret + (is_encoded ? strlen(SECRET_PREFIX) : 0);
	size_t key_length = strlen(text);
	uint8_t *key = is_encoded ? base64_decode(text, key_length, &key_length) : NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_length = 0;
	struct buf signed_text;

	if (key_length == 0 || (is_encoded && key == NULL)) {
		free(key);
		return false;
	}
	buf_init(&signed_text, length + 256);
	buf_printf(&signed_text, "%s.%" PRId64 ".", id, timestamp_s);
	buf_add(&signed_text, body, length);
	HMAC(EVP_sha256(), key != NULL ? (const void *)key : text, (int)key_length,
		(const unsigned char *)signed_text.bytes, signed_text.length, digest, &digest_length);
	buf_fini(&signed_text);
	free(key);
	memcpy(into, "v1,", 3);
	*base64_write(into + 3, digest, digest_length) = '\0';
	return true;
}
