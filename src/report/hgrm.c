#include <inttypes.h>
#include <math.h>

#include "base/check.h"
#include "report/reporter.h"

/* The percentile distribution as HdrHistogram's own libraries print it, in milliseconds, for whoever plots those
 * (outputPercentileDistribution(out, 5, 1e6) of the Java one, byte for byte: the same steps, and its mean and deviation
 * of the buckets). */

#define TICKS_PER_HALF_DISTANCE 5
#define HGRM_SCALE 1e6

/* Half the distance to 100% is always as many steps: the nearer to the end, the finer. */
static double
next_level(double percent)
{
	double halvings = floor(log(100.0 / (100.0 - percent)) / log(2)) + 1;

	return percent + 100.0 / (TICKS_PER_HALF_DISTANCE * pow(2, halvings));
}

static void
add_line(struct buf *into, const struct histogram *h, size_t place, uint64_t until, double percent)
{
	double value = (double)histogram_highest_at_ns(place) / HGRM_SCALE;

	if (percent < 100)
		buf_printf(into, "%12.3f %2.12f %10" PRIu64 " %14.2f\n", value, percent / 100, until,
			1 / (1.0 - percent / 100));
	else
		buf_printf(into, "%12.3f %2.12f %10" PRIu64 "\n", value, 1.0, h->total);
}

static void
add_lines(struct buf *into, const struct histogram *h)
{
	double percent = 0;
	uint64_t until = 0;
	size_t last = 0;

	for (size_t i = 0; until < h->total && i < HISTOGRAM_COUNTS_LEN; i++) {
		if (h->counts[i] == 0)
			continue;
		until += h->counts[i];
		last = i;
		/* A value may be the one at several levels; once all are counted, one line of 100% is left. */
		while (100.0 * (double)until / (double)h->total >= percent) {
			add_line(into, h, i, until, percent);
			percent = next_level(percent);
			if (until == h->total)
				break;
		}
	}
	add_line(into, h, last, h->total, 100);
}

/* As the Java library has it. */
static double
middle_ns(size_t place)
{
	int64_t high_ns = histogram_highest_at_ns(place), low_ns = histogram_lowest_equivalent_ns(high_ns);
	int64_t half_ns = (high_ns - low_ns + 1) / 2;

	return (double)(low_ns + half_ns);
}

struct moments {
	double mean, deviation;
	int64_t max_ns;
};

/* Of the buckets' middles, as every reader of an encoded histogram has to. */
static struct moments
moments_of(const struct histogram *h)
{
	struct moments m = {0};
	double squares = 0;
	size_t last = 0;

	for (size_t i = 0; i < HISTOGRAM_COUNTS_LEN; i++)
		if (h->counts[i] > 0) {
			last = i;
			m.mean += (double)h->counts[i] * middle_ns(i);
		}
	m.mean /= (double)h->total;
	for (size_t i = 0; i < HISTOGRAM_COUNTS_LEN; i++)
		squares += (double)h->counts[i] * pow(middle_ns(i) - m.mean, 2);
	m.deviation = sqrt(squares / (double)h->total);
	m.max_ns = histogram_highest_at_ns(last);
	return m;
}

static bool
write_metric(const struct report *report, enum metric metric, struct buf *into)
{
	const struct histogram *h = &report->summary->measured.histograms[metric];
	struct moments m = {0};

	buf_printf(into, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
	if (histogram_is_ready(h) && h->total > 0) {
		add_lines(into, h);
		m = moments_of(h);
	}
	buf_printf(
		into, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", m.mean / HGRM_SCALE, m.deviation / HGRM_SCALE);
	buf_printf(into, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)m.max_ns / HGRM_SCALE,
		histogram_is_ready(h) ? h->total : 0);
	return buf_printf(
		into, "#[Buckets = %12d, SubBuckets     = %12d]\n", HISTOGRAM_HALVES - 1, 2 * HISTOGRAM_HALF_LEN);
}

static bool
response_write(const struct report *report, struct buf *into)
{
	return write_metric(report, METRIC_RESPONSE, into);
}

static bool
service_write(const struct report *report, struct buf *into)
{
	return write_metric(report, METRIC_SERVICE, into);
}

static bool
ttft_write(const struct report *report, struct buf *into)
{
	return write_metric(report, METRIC_TTFT, into);
}

static const struct report_document hgrm_documents[] = {
	{"response.hgrm", response_write}, {"service.hgrm", service_write}, {"ttft.hgrm", ttft_write}, {0}};

const struct reporter_ops hgrm_reporter = {
	.choice = {.name = "hgrm",
		.help = "response.hgrm, service.hgrm and ttft.hgrm: percentiles as HdrHistogram prints them, for its plotters"},
	.documents = hgrm_documents,
};
