#include "measure/hdrlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"

/* What Java's HistogramLogWriter prints as times and maxima. */
#define MAX_UNIT_NS 1e6

/* A comment ends with its line: whatever a profile's name holds, it begins no line of its own. */
static void
add_comment(struct buf *into, const char *text)
{
	buf_add_char(into, '#');
	for (; *text != '\0'; text++)
		buf_add_char(into, (unsigned char)*text < ' ' ? ' ' : *text);
	buf_add_char(into, '\n');
}

void
hdrlog_header(struct buf *into, const char *title, int64_t started_wall_ns)
{
	char started_at[32];

	add_comment(into, title);
	buf_add_text(into, "#[Histogram log format version 1.3]\n");
	buf_printf(into, "#[StartTime: %.3f (seconds since epoch), %s]\n", ns_to_s(started_wall_ns),
		wall_text(started_wall_ns, started_at, sizeof(started_at)));
	buf_add_text(
		into, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

static void
add_line(struct buf *into, const struct interval *interval, bool is_warmup, enum metric metric,
	const struct histogram *h, const char *encoded)
{
	buf_printf(into, "Tag=%s%s,%.3f,%.3f,%.3f,%s\n", is_warmup ? "warmup." : "", metric_rows[metric].name,
		ns_to_s(interval->start_ns), ns_to_s(interval->end_ns - interval->start_ns),
		(double)histogram_highest_equivalent_ns(h->max_ns) / MAX_UNIT_NS, encoded);
}

static void
add_encoded_line(struct buf *into, const struct interval *interval, bool is_warmup, enum metric metric,
	const struct histogram *h)
{
	char *encoded = histogram_encode(h);

	add_line(into, interval, is_warmup, metric, h, encoded);
	free(encoded);
}

/* Does the level have samples for the line? */
static bool
adds_to_line(const struct interval_level *level, bool is_warmup, enum metric metric)
{
	return level->is_used && (level->level == LEVEL_WARMUP) == is_warmup && level->all.histograms[metric].total > 0;
}

static void
add_merged(struct buf *into, const struct interval *interval, bool is_warmup, enum metric metric)
{
	struct histogram merged;

	histogram_init(&merged);
	for (uint32_t i = 0; i < interval->levels_n; i++)
		if (adds_to_line(&interval->levels[i], is_warmup, metric))
			histogram_merge(&merged, &interval->levels[i].all.histograms[metric]);
	add_encoded_line(into, interval, is_warmup, metric, &merged);
	histogram_fini(&merged);
}

/* Nearly always one level alone has samples. */
static void
add_metric(struct buf *into, const struct interval *interval, bool is_warmup, enum metric metric)
{
	const struct interval_level *only = NULL;
	unsigned n = 0;

	for (uint32_t i = 0; i < interval->levels_n; i++) {
		if (!adds_to_line(&interval->levels[i], is_warmup, metric))
			continue;
		only = &interval->levels[i];
		n++;
	}
	if (n == 1 && only->encoded[metric] != NULL)
		add_line(into, interval, is_warmup, metric, &only->all.histograms[metric], only->encoded[metric]);
	else if (n == 1)
		add_encoded_line(into, interval, is_warmup, metric, &only->all.histograms[metric]);
	else if (n > 1)
		add_merged(into, interval, is_warmup, metric);
}

void
hdrlog_interval(struct buf *into, const struct interval *interval)
{
	CHECK(interval->is_added_up);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		add_metric(into, interval, false, (enum metric)i);
		add_metric(into, interval, true, (enum metric)i);
	}
}
