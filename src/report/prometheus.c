#include <string.h>

#include "report/escape.h"
#include "report/families.h"

/* The text exposition format 0.0.4, for the textfile collector of node_exporter, which takes what ends in .prom. Each
 * run replaces the file; its figures are gauges and summaries, since no counter goes on from one run to the next. */

#define LABEL_TEXT_MAX 1024

struct exposing {
	struct buf *into;
	char family[FAMILY_NAME_MAX]; /* whose samples are being written */
};

/* A backslash, a quote and a line feed are escaped; of the last there is none any more. */
static void
add_label(struct buf *into, const struct family_label *label)
{
	char clean[LABEL_TEXT_MAX];

	buf_printf(into, "%s=\"", label->name);
	for (const char *p = escape_text(label->value, clean, sizeof(clean)); *p != '\0'; p++) {
		if (*p == '\\' || *p == '"')
			buf_add_char(into, '\\');
		buf_add_char(into, *p);
	}
	buf_add_char(into, '"');
}

static void
expose(void *context, const struct family_sample *sample)
{
	static const char *const endings[] = {[FAMILY_VALUE] = "", [FAMILY_SUM] = "_sum", [FAMILY_COUNT] = "_count"};
	struct exposing *e = context;
	char number[32];

	if (strcmp(e->family, sample->name) != 0) {
		snprintf(e->family, sizeof(e->family), "%s", sample->name);
		buf_printf(e->into, "# HELP %s %s\n# TYPE %s %s\n", sample->name, sample->help, sample->name,
			sample->is_summary ? "summary" : "gauge");
	}
	buf_printf(e->into, "%s%s{", sample->name, endings[sample->part]);
	for (size_t i = 0; i < sample->labels_n; i++) {
		if (i > 0)
			buf_add_char(e->into, ',');
		add_label(e->into, &sample->labels[i]);
	}
	buf_printf(e->into, "} %s\n", family_number(sample->value, number));
}

static bool
prometheus_write(const struct report *report, struct buf *into)
{
	struct exposing exposing = {.into = into};
	const struct family_sink sink = {expose, &exposing};

	families_tell(report, &sink);
	return !into->overflowed;
}

static const struct report_document prometheus_documents[] = {{"brunt.prom", prometheus_write}, {0}};

const struct reporter_ops prometheus_reporter = {
	.choice = {.name = "prometheus", .help = "brunt.prom: for the textfile collector of node_exporter"},
	.documents = prometheus_documents,
};
