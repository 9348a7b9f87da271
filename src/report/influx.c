#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "report/escape.h"
#include "report/families.h"
#include "report/influx.h"

/* InfluxDB's line protocol: the run's figures at its end, and a line per interval at the time at which it ended. */

#define TAG_TEXT_MAX 1024

/* A space, a comma and an equals sign are escaped. A backslash stands for itself, but for the last one, which would
 * escape what follows it; of a line feed there is no way to write one, and none is left. */
void
influx_add_text(struct buf *into, const char *text)
{
	char clean[TAG_TEXT_MAX];

	for (const char *p = escape_text(text, clean, sizeof(clean)); *p != '\0'; p++) {
		if (*p == ' ' || *p == ',' || *p == '=')
			buf_add_char(into, '\\');
		buf_add_char(into, *p);
		if (*p == '\\' && p[1] == '\0')
			buf_add_text(into, "x5c");
	}
}

/* A tag without a value is none. */
static void
add_tag(struct buf *into, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	buf_printf(into, ",%s=", name);
	influx_add_text(into, value);
}

struct lines {
	struct buf *into;
	int64_t at_wall_ns;
};

static void
add_sample(void *context, const struct family_sample *sample)
{
	static const char *const fields[] = {[FAMILY_VALUE] = "value", [FAMILY_SUM] = "sum", [FAMILY_COUNT] = "count"};
	struct lines *lines = context;
	char number[32];

	buf_add_text(lines->into, sample->name);
	for (size_t i = 0; i < sample->labels_n; i++)
		add_tag(lines->into, sample->labels[i].name, sample->labels[i].value);
	buf_printf(lines->into, " %s=%s %" PRId64 "\n", fields[sample->part], family_number(sample->value, number),
		lines->at_wall_ns);
}

static void
add_field(struct buf *into, const char *name, double value)
{
	char number[32];

	if (isfinite(value))
		buf_printf(into, ",%s=%s", name, family_number(value, number));
}

static void
add_time(struct buf *into, const char *name, int64_t ns)
{
	add_field(into, name, ns >= 0 ? (double)ns / 1e9 : NAN);
}

static void
add_row(struct buf *into, const struct report *report, const struct series_row *row)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {{"sent", row->sent}, {"ok", row->ok}, {"failed", row->failed}, {"dropped", row->dropped},
		{"unsent", row->unsent}};
	bool has_level = row->level != LEVEL_WARMUP && row->level != LEVEL_NONE;

	buf_add_text(into, FAMILY_PREFIX "interval");
	add_tag(into, "profile", report->plan->name);
	buf_printf(into, " scheduled=%" PRIu64 "i", row->scheduled);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		buf_printf(into, ",%s=%" PRIu64 "i", counts[i].name, counts[i].n);
	if (has_level)
		buf_printf(into, ",level=%" PRIu32 "i", row->level);
	add_field(into, "offered", row->offered);
	add_field(into, "in_flight", row->in_flight);
	add_time(into, "response_p50_seconds", row->p50_ns);
	add_time(into, "response_p95_seconds", row->p95_ns);
	add_time(into, "response_p99_seconds", row->p99_ns);
	add_time(into, "lateness_p99_seconds", row->lateness_p99_ns);
	add_field(into, "target_cpu_ratio", row->target[GAUGE_CPU]);
	add_field(into, "target_memory_bytes", row->target[GAUGE_MEMORY]);
	add_field(into, "generator_cpu_ratio", row->self[GAUGE_CPU]);
	add_field(into, "generator_stolen_ratio", row->self[GAUGE_STOLEN]);
	for (size_t i = 0; i < report->plan->scrape.n; i++)
		if (isfinite(row->scraped[i])) {
			buf_add_char(into, ',');
			influx_add_text(into, report->plan->scrape.list[i].figure.name);
			buf_printf(into, "=%.17g", row->scraped[i]);
		}
	buf_printf(into, " %" PRId64 "\n", report->identity.started_wall_ns + row->at_ns);
}

static bool
influx_write(const struct report *report, struct buf *into)
{
	struct lines lines = {into, report->identity.started_wall_ns + report->duration_ns};
	const struct family_sink sink = {add_sample, &lines};

	families_tell(report, &sink);
	for (size_t i = 0; i < report->summary->series.n && !into->overflowed; i++)
		add_row(into, report, &report->summary->series.rows[i]);
	return !into->overflowed;
}

static const struct report_document influx_documents[] = {{"brunt.lp", influx_write}, {0}};

const struct reporter_ops influx_reporter = {
	.choice = {.name = "influx", .help = "brunt.lp: InfluxDB's line protocol, with a line per interval"},
	.documents = influx_documents,
};
