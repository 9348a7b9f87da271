#include <math.h>
#include <stdio.h>

#include "base/check.h"
#include "plan/scrape.h"
#include "report/figure.h"
#include "report/table.h"
#include "report/terminal.h"

static const struct table_column scraped_columns[] = {
	{"", true, 0}, {"average", false, 0}, {"max", false, 0}, {"min", false, 1}, {"last", false, 1}};

static void
add_value(struct table *table, const struct plan_scraped *scraped, double value)
{
	char text[FIGURE_MAX];

	table_add_cell(table, PAINT_PLAIN,
		expr_value_text(scraped->figure.unit, scraped_in_unit(scraped, value), text, sizeof(text)));
}

static void
add_figure(
	struct table *table, const struct plan_scraped *scraped, const struct gauge_stats *stats, const char *missing)
{
	bool is_any = stats->n > 0;

	table_add_row(table);
	table_add_cell(table, PAINT_PLAIN, scraped->name);
	add_value(table, scraped, gauge_stats_avg(stats));
	add_value(table, scraped, is_any ? stats->peak : NAN);
	add_value(table, scraped, is_any ? stats->min : NAN);
	add_value(table, scraped, is_any ? stats->last : NAN);
	if (!is_any && missing != NULL)
		table_add_note(table, PAINT_WARN, missing);
}

/* Nothing of a good endpoint; the last that is known of one that failed. */
static void
add_failures(struct page *page, const struct plan_endpoint *endpoint, const struct scrape_counts *counts,
	const struct scrape_record *record)
{
	size_t last = record == NULL                           ? 0
		      : record->changes_n < SCRAPE_CHANGES_MAX ? record->changes_n
							       : SCRAPE_CHANGES_MAX;
	const char *why = "";
	char of[FIGURE_MAX], failed[FIGURE_MAX];

	if (counts->failed == 0)
		return;
	while (last > 0 && why[0] == '\0')
		why = record->changes[--last].text;
	page_entry(page, "scrape", PAINT_WARN, "%s of %s of %s failed%s%s", figure_count(counts->failed, failed),
		figure_count(counts->good + counts->failed, of), endpoint->fetch.place.shown,
		why[0] != '\0' ? ", the last ones because " : "", why);
}

/* NULL: of a run that was rebuilt from its events nobody remembers more than its figures. */
static const struct scrape_record *
record_of(const struct report *report, size_t endpoint)
{
	const struct chronicle *chronicle = report->chronicle;

	return chronicle != NULL && endpoint < chronicle->scrapes_n ? &chronicle->scrapes[endpoint] : NULL;
}

static void
add_endpoint(struct table *table, const struct report *report, size_t e)
{
	const struct plan_endpoint *endpoint = &report->plan->scrape.endpoints[e];
	const struct scrape_record *record = record_of(report, e);

	for (size_t i = 0; i < endpoint->n; i++)
		add_figure(table, &endpoint->list[i], &report->summary->scraped.list[endpoint->list[i].index],
			record != NULL ? record->missing[i] : NULL);
}

/* Over the measured phases, in the figures' own units. */
void
terminal_add_scraped(const struct report *report, struct page *page)
{
	const struct plan_scrape *scrape = &report->plan->scrape;
	struct table table;

	if (scrape->n == 0)
		return;
	table_init(&table, scraped_columns, ARRAY_LEN(scraped_columns));
	page_heading(page, "Scraped");
	for (size_t e = 0; e < scrape->endpoints_n; e++)
		add_endpoint(&table, report, e);
	table_draw(&table, page);
	table_fini(&table);
	for (size_t e = 0; e < scrape->endpoints_n; e++)
		add_failures(page, &scrape->endpoints[e], &report->summary->scrapes[e], record_of(report, e));
}
