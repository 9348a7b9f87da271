#include "daemon/owed.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/sink_text.h"
#include "measure/json_read.h"

#define KIND "notice"
#define NUMBER_DIGITS 20
#define TEXT_CEILING ((size_t)16 * 1024)
#define NAME_CEILING ((size_t)64 * 1024)
#define GONE_CEILING ((size_t)1024 * 1024)

/* "00000000000000000007-fired-ops": so that names are in the order in which things are to be told. text NULL: removes
 * it. */
static bool
put(struct ledger *ledger, const char *sink, uint64_t number, enum alert_news news, const char *text, struct error *err)
{
	struct buf name;

	buf_init(&name, NAME_CEILING);
	bool is_put = buf_printf(&name, "%0*" PRIu64 "-%s-%s", NUMBER_DIGITS, number,
			      news == ALERT_RECOVERED ? "recovered" : "fired", sink) &&
		      ledger_put_note(ledger, KIND, name.bytes, text, err);

	buf_fini(&name);
	return is_put;
}

bool
owed_put(struct ledger *ledger, const struct notice *notice, const char *sink, struct error *err)
{
	struct buf text;

	buf_init(&text, TEXT_CEILING);
	bool is_put = sink_text_json(&text, notice)
			      ? put(ledger, sink, notice->alert.number, notice->news, text.bytes, err)
			      : error_set(err, "the notice is larger than %zu bytes", TEXT_CEILING);

	buf_fini(&text);
	return is_put;
}

bool
owed_settle(struct ledger *ledger, const char *sink, uint64_t number, enum alert_news news, struct error *err)
{
	return put(ledger, sink, number, news, NULL, err);
}

static int64_t
read_time(struct json_reader *reader, const cJSON *in, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);

	if (cJSON_IsNull(item))
		return 0;
	if (cJSON_IsString(item))
		return wall_of_text(item->valuestring);
	json_fail(reader, name, "is no time");
	return 0;
}

static void
read_text(struct json_reader *reader, const cJSON *in, const char *name, char *into, size_t size)
{
	if (!cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(in, name)))
		json_read_text(reader, in, name, into, size);
}

static bool
parse(const char *text, struct notice *notice, struct error *err)
{
	struct json_reader reader = {.err = err};
	struct alert *alert = &notice->alert;
	char event[32] = "", severity[16] = "";
	cJSON *in = json_parse(&reader, text, strlen(text), TEXT_CEILING);

	*notice = (struct notice){.alert = {.value = NAN, .threshold = NAN}};
	json_must_have(&reader, in, "event");
	json_read_text(&reader, in, "event", event, sizeof(event));
	json_read_u64(&reader, in, "number", UINT64_MAX, &alert->number);
	json_read_text(&reader, in, "rule", alert->rule, sizeof(alert->rule));
	json_read_text(&reader, in, "severity", severity, sizeof(severity));
	json_read_text(&reader, in, "name", alert->name, sizeof(alert->name));
	read_text(&reader, in, "run", alert->run, sizeof(alert->run));
	json_read_text(&reader, in, "text", alert->text, sizeof(alert->text));
	read_text(&reader, in, "advice", alert->advice, sizeof(alert->advice));
	json_read_double(&reader, in, "value", &alert->value);
	json_read_double(&reader, in, "threshold", &alert->threshold);
	read_text(&reader, in, "acknowledged_by", alert->acknowledged_by, sizeof(alert->acknowledged_by));
	alert->course.since_ns = read_time(&reader, in, "since");
	alert->course.fired_ns = read_time(&reader, in, "fired_at");
	alert->ended_ns = read_time(&reader, in, "ended_at");
	cJSON_Delete(in);
	notice->news = strcmp(event, "alert.recovered") == 0 ? ALERT_RECOVERED : ALERT_FIRED;
	alert->course.state = notice->news == ALERT_RECOVERED ? ALERT_RESOLVED : ALERT_FIRING;
	for (int i = 0; i < ALERT_SEVERITIES_N; i++)
		if (strcmp(severity, alert_severity_names[i]) == 0)
			alert->severity = (enum alert_severity)i;
	return !reader.has_failed;
}

struct listing {
	owed_fn *each;
	void *context;
	struct buf gone; /* names, each ended by a NUL: removed once all were read */
};

static void
list_one(void *context, const char *name, const char *text)
{
	struct listing *listing = context;
	struct error err = {0};
	struct notice notice;
	const char *sink = strlen(name) > NUMBER_DIGITS ? strchr(name + NUMBER_DIGITS + 1, '-') : NULL;

	if (sink == NULL || !parse(text, &notice, &err))
		log_error("what a sink was still to be told cannot be read: %s: %s", name, err.message);
	else if (listing->each(listing->context, sink + 1, &notice))
		return;
	(void)buf_add(&listing->gone, name, strlen(name) + 1); /* what has no room goes the next time */
}

bool
owed_list(struct ledger *ledger, owed_fn *each, void *context, struct error *err)
{
	struct listing listing = {.each = each, .context = context};

	buf_init(&listing.gone, GONE_CEILING);
	bool is_read = ledger_list_notes(ledger, KIND, list_one, &listing, err);

	for (size_t at = 0; is_read && at < listing.gone.length; at += strlen(listing.gone.bytes + at) + 1)
		is_read = ledger_put_note(ledger, KIND, listing.gone.bytes + at, NULL, err);
	buf_fini(&listing.gone);
	return is_read;
}
