#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/figure.h"
#include "report/terminal.h"
#include "report/text.h"

#define HISTOGRAM_BULK_ROWS 10 /* up to P95 */
#define HISTOGRAM_ROWS_MAX 32  /* doubling widths reach an hour from anywhere */
#define HISTOGRAM_LABEL_WIDTH 13
#define HISTOGRAM_COUNT_WIDTH 11
#define HISTOGRAM_BAR_MAX 60

/* A bar in eighths of a column, so that small differences show. */
static const char *
bar_text(double share, size_t columns, char *into, size_t size)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t units = (size_t)llround(share * (double)columns * 8);

	if (units == 0 && share > 0)
		units = 1; /* something is there: it is never drawn as nothing */
	size_t length = 0;

	for (size_t i = 0; i < units / 8; i++)
		length += (size_t)snprintf(into + length, size - length, "█");
	snprintf(into + length, size - length, "%s", eighths[units % 8]);
	return into;
}

/* The next round number (1, 2, 2.5 or 5 times a power of ten) that is at least `step`, so that the edges read well. */
static int64_t
round_step_ns(int64_t step)
{
	for (int64_t power = 1;; power *= 10)
		for (int64_t times = 10; times <= 50; times = times == 10 ? 20 : times == 20 ? 25 : times + 25)
			if (power * times / 10 >= step)
				return power * times / 10;
}

static void
draw_row(struct page *page, const char *label, uint64_t n, uint64_t most)
{
	char count[FIGURE_MAX], bar[HISTOGRAM_BAR_MAX * 3 + 4];
	size_t start = HISTOGRAM_LABEL_WIDTH + HISTOGRAM_COUNT_WIDTH + 4;
	size_t columns = page->width - start < HISTOGRAM_BAR_MAX ? page->width - start : HISTOGRAM_BAR_MAX;

	figure_count(n, count);
	page_pad(page, HISTOGRAM_LABEL_WIDTH - text_width(label));
	page_add(page, PAINT_PLAIN, label);
	page_pad(page, HISTOGRAM_LABEL_WIDTH + HISTOGRAM_COUNT_WIDTH + 2 - text_width(count));
	page_add(page, PAINT_DIM, count);
	if (n > 0) {
		page_pad(page, start);
		page_add(page, PAINT_ACCENT, bar_text((double)n / (double)most, columns, bar, sizeof(bar)));
	}
	page_end(page);
}

/* Upper edges of the rows: of one round width up to P95, then each twice as wide as the one before, so that a long tail
 * shows without squeezing all the rest into one row. */
static size_t
choose_edges(const struct histogram *h, int64_t edges[HISTOGRAM_ROWS_MAX])
{
	int64_t bulk_ns = histogram_quantile_ns(h, 0.95);
	int64_t step = round_step_ns((bulk_ns - h->min_ns) / (HISTOGRAM_BULK_ROWS - 1) + 1);
	int64_t edge = h->min_ns - h->min_ns % step;
	size_t n = 0;

	while (n < HISTOGRAM_ROWS_MAX && edge <= h->max_ns) {
		if (edge > bulk_ns)
			step *= 2;
		edges[n++] = edge += step;
	}
	if (edge <= h->max_ns)
		edges[n - 1] = h->max_ns + 1;
	return n;
}

void
terminal_add_histogram(const struct report *report, struct page *page)
{
	const struct histogram *h = &report->summary->measured.histograms[METRIC_RESPONSE];
	uint64_t counts[HISTOGRAM_ROWS_MAX], most = 1, below = 0;
	int64_t edges[HISTOGRAM_ROWS_MAX];
	char edge[FIGURE_MAX], label[FIGURE_MAX + 8];

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	size_t rows = choose_edges(h, edges);

	for (size_t i = 0; i < rows; i++) {
		uint64_t until = i + 1 == rows ? h->total : histogram_count_until(h, edges[i] - 1);

		counts[i] = until - below;
		below = until;
		most = counts[i] > most ? counts[i] : most;
	}
	page_heading(page, "Response times");
	page_pad(page, 2);
	page_wrap(page, 2, PAINT_DIM, "successes; rows beyond P95 get wider");
	for (size_t i = 0; i < rows; i++) {
		snprintf(label, sizeof(label), "< %s", figure_time(edges[i], edge));
		draw_row(page, label, counts[i], most);
	}
}
