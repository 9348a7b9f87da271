#include <inttypes.h>

#include "base/clock.h"
#include "brunt_version.h"
#include "daemon/alarm.h"
#include "daemon/api_parts.h"
#include "daemon/audit_sync.h"
#include "daemon/sink.h"

/* GET /metrics in Prometheus's text format 0.0.4: what the daemon itself does. Figures of runs are in their results. */

static void
family(struct buf *into, const char *name, const char *type, const char *help)
{
	buf_printf(into, "# HELP brunt_%s %s\n# TYPE brunt_%s %s\n", name, help, name, type);
}

static void
sample(struct buf *into, const char *name, const char *type, const char *help, double value)
{
	family(into, name, type, help);
	buf_printf(into, "brunt_%s %.17g\n", name, value);
}

static void
add_jobs(struct buf *into, const struct jobs *jobs)
{
	struct jobs_counts counts = jobs_counts(jobs);

	sample(into, "runs_submitted_total", "counter", "Runs that were taken into the queue.",
		(double)counts.submitted);
	sample(into, "runs_refused_total", "counter", "Submissions that were not.", (double)counts.refused);
	sample(into, "runs_started_total", "counter", "Runs that began.", (double)counts.started);
	sample(into, "runs_ended_total", "counter", "Runs that ended, or never began.", (double)counts.ended);
	sample(into, "event_lines_lost_total", "counter", "Lines of runs that were too long, or no events.",
		(double)counts.lines_lost);
	sample(into, "runs_running", "gauge", "Runs that run now.", (double)jobs_count(jobs, true));
	sample(into, "runs_queued", "gauge", "Runs that wait now.", (double)jobs_count(jobs, false));
	sample(into, "stopped", "gauge", "Whether the global stop is in force.", jobs_are_halted(jobs));
}

static void
add_label(struct buf *into, const char *name, const char *text)
{
	buf_printf(into, "%s=\"", name);
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			buf_add_text(into, "\\n");
			continue;
		}
		if (*text == '"' || *text == '\\')
			buf_add_char(into, '\\');
		buf_add_char(into, *text);
	}
	buf_add_char(into, '"');
}

/* Of each sink one sample. */
static void
add_sinks(struct buf *into, const struct sinks *sinks, const char *name, const char *type, const char *help,
	double (*value)(const struct sink_status *status))
{
	family(into, name, type, help);
	for (size_t i = 0; i < sinks_count(sinks); i++) {
		struct sink_status status;

		sinks_status(sinks, i, &status);
		buf_printf(into, "brunt_%s{", name);
		add_label(into, "sink", status.name);
		buf_add_char(into, ',');
		add_label(into, "kind", status.kind);
		buf_printf(into, "} %.17g\n", value(&status));
	}
}

static double
told(const struct sink_status *status)
{
	return (double)status->told;
}

static double
failed(const struct sink_status *status)
{
	return (double)status->failed;
}

static double
lost(const struct sink_status *status)
{
	return (double)status->lost;
}

static double
waiting(const struct sink_status *status)
{
	return (double)status->waiting;
}

static void
add_alerts(struct buf *into, const struct alarm *alarm)
{
	const struct sinks *sinks = alarm_sinks(alarm);

	sample(into, "alerts_firing", "gauge", "Alerts that fire now.", (double)alarm_firing(alarm));
	if (sinks == NULL || sinks_count(sinks) == 0)
		return;
	add_sinks(into, sinks, "notices_told_total", "counter", "Notices of alerts that a sink took.", told);
	add_sinks(into, sinks, "notices_failed_total", "counter", "Attempts to tell a sink that failed.", failed);
	add_sinks(into, sinks, "notices_lost_total", "counter", "Notices that were given up.", lost);
	add_sinks(into, sinks, "notices_waiting", "gauge", "Notices that wait to be told.", waiting);
}

static void
add_refusals(struct buf *into, const struct guard *guard)
{
	family(into, "refused_total", "counter", "Requests that were refused at this listener, by why.");
	for (size_t i = 0; i < REFUSAL_COUNT; i++)
		buf_printf(into, "brunt_refused_total{reason=\"%s\"} %" PRIu64 "\n", refusal_rows[i].counter,
			guard->refused[i]);
}

static void
add_connections(struct buf *into, const struct httpd *server)
{
	struct httpd_counts counts = httpd_counts(server);

	sample(into, "http_connections_open", "gauge", "Connections to this listener now.", (double)counts.open);
	sample(into, "http_connections_total", "counter", "Connections that it accepted.", (double)counts.accepted);
	sample(into, "http_connections_refused_total", "counter", "Connections that were more than may be.",
		(double)counts.refused);
	sample(into, "http_connections_displaced_total", "counter", "Silent connections that made room for others.",
		(double)counts.displaced);
	sample(into, "http_malformed_total", "counter", "Requests that were no HTTP, too large, or too slow.",
		(double)counts.malformed);
	sample(into, "http_expired_total", "counter", "Deadlines that connections missed.", (double)counts.expired);
	sample(into, "http_handshakes_failed_total", "counter", "Connections that ended in their TLS handshake.",
		(double)counts.handshakes_failed);
	sample(into, "http_streams_full_total", "counter",
		"Events that watchers were too slow for, each time it was tried.", (double)counts.streams_full);
}

void
api_metrics(struct api_call *call)
{
	const struct api_config *config = api_config_of(call);
	struct api_counts counts = api_counts(call->api);
	struct buf *text = &call->text;

	family(text, "build_info", "gauge", "The version of the daemon.");
	buf_printf(text, "brunt_build_info{version=\"%s\"} 1\n", BRUNT_VERSION);
	sample(text, "start_time_seconds", "gauge", "When the daemon began, since 1970.",
		(double)config->started_ns / 1e9);
	sample(text, "api_requests_total", "counter", "Requests to the API.", (double)counts.requests);
	sample(text, "api_problems_total", "counter", "Requests that were answered 4xx or 5xx.",
		(double)counts.problems);
	sample(text, "desk_orders", "gauge", "Orders to the ledger and the disk that are not done.",
		(double)desk_waiting(config->desk));
	add_jobs(text, config->jobs);
	add_alerts(text, config->alarm);
	sample(text, "audit_lost_total", "counter", "Entries of the audit log that could not be written.",
		(double)audit_lost(config->audit));
	sample(text, "audit_suppressed_total", "counter", "Refusals that it only counts, since there were too many.",
		(double)audit_suppressed(config->audit));
	sample(text, "audit_syncs_total", "counter", "How often it was written to its disk.",
		(double)audit_syncs_n(config->audit_syncs));
	add_refusals(text, &call->door->guard);
	add_connections(text, call->door->server);
	api_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, text->bytes, text->length);
}
