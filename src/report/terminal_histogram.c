#include <math.h>
#include <string.h>

#include "base/units.h"
#include "report/figure.h"
#include "report/terminal.h"
#include "report/text.h"

#define HISTOGRAM_ROWS 10
#define HISTOGRAM_LABEL_WIDTH 22
#define HISTOGRAM_COUNT_WIDTH 11
#define HISTOGRAM_BAR_MAX 60

/* A bar in eighths of a column, so that small differences show. */
static const char *
bar_text(double share, size_t columns, char *into)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t units = (size_t)llround(share * (double)columns * 8);

	if (units == 0 && share > 0)
		units = 1; /* something is there: it is never drawn as nothing */
	into[0] = '\0';
	for (size_t i = 0; i < units / 8; i++)
		strcat(into, "█");
	return strcat(into, eighths[units % 8]);
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
		page_add(page, PAINT_ACCENT, bar_text((double)n / (double)most, columns, bar));
	}
	page_end(page);
}

/* Rows of one width from the fastest response on; the last takes the tail, which would else squeeze all the rest into
 * one row. */
void
terminal_add_histogram(const struct report *report, struct page *page)
{
	const struct histogram *h = &report->summary->measured.histograms[METRIC_RESPONSE];
	uint64_t counts[HISTOGRAM_ROWS + 1] = {0}, most = 1, below = 0;
	int64_t edges[HISTOGRAM_ROWS + 1];
	char from[FIGURE_MAX], label[FIGURE_MAX * 2 + 8];

	if (!histogram_is_ready(h) || h->total == 0)
		return;
	int64_t high = histogram_quantile_ns(h, 0.99), low = h->min_ns;
	int64_t step = round_step_ns((high - low) / (HISTOGRAM_ROWS - 1) + 1), rows = 0;

	low -= low % step;
	while (rows < HISTOGRAM_ROWS && low + rows * step <= high) {
		edges[rows] = low + (rows + 1) * step;
		uint64_t until = histogram_count_until(h, edges[rows] - 1);

		counts[rows] = until - below;
		below = until;
		most = counts[rows] > most ? counts[rows] : most;
		rows++;
	}
	counts[rows] = h->total - below;
	most = counts[rows] > most ? counts[rows] : most;
	page_heading(page, "Response times");
	for (int64_t i = 0; i < rows; i++) {
		snprintf(label, sizeof(label), "< %s", figure_time(edges[i], from));
		draw_row(page, label, counts[i], most);
	}
	if (counts[rows] > 0) {
		char to[FIGURE_MAX];

		snprintf(label, sizeof(label), "up to %s", figure_time(h->max_ns, to));
		draw_row(page, label, counts[rows], most);
	}
}
