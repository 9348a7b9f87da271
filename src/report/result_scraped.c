#include <math.h>

#include "plan/scrape.h"
#include "report/result.h"

/* What exporters told beside the load, in their own units. */

static cJSON *
stats_object(const struct gauge_stats *stats)
{
	bool is_any = stats->n > 0;
	cJSON *o = value_object();

	value_set_count(o, "readings", stats->n);
	value_set_number(o, "min", is_any ? stats->min : NAN);
	value_set_number(o, "mean", gauge_stats_avg(stats));
	value_set_number(o, "max", is_any ? stats->peak : NAN);
	value_set_number(o, "last", is_any ? stats->last : NAN);
	return o;
}

cJSON *
result_scraped_set(const struct scraped_set *set, const struct plan_scrape *scrape)
{
	cJSON *figures = value_object();

	for (size_t i = 0; i < scrape->n; i++)
		value_set(figures, scrape->list[i].name, stats_object(&set->list[i]));
	return figures;
}

/* NULL: of a run that was rebuilt from its events nobody remembers more than its figures. */
static const struct scrape_record *
record_of(const struct report *report, size_t endpoint)
{
	return report->chronicle != NULL && endpoint < report->chronicle->scrapes_n
		       ? &report->chronicle->scrapes[endpoint]
		       : NULL;
}

static void
add_missing(cJSON *figures, const struct scrape_record *record)
{
	for (size_t i = 0; record != NULL && i < record->endpoint->n; i++) {
		cJSON *figure = cJSON_GetObjectItemCaseSensitive(figures, record->endpoint->list[i].name);

		value_set_text(figure, "missing", record->missing[i]);
	}
}

static cJSON *
changes_array(const struct scrape_record *record)
{
	cJSON *changes = value_array();

	for (size_t i = 0; record != NULL && i < record->changes_n && i < SCRAPE_CHANGES_MAX; i++) {
		const struct scrape_change *change = &record->changes[i];
		cJSON *o = value_object();

		value_set_seconds(o, "at_s", change->at_ns);
		value_set_bool(o, "failed", change->has_failed);
		value_set_text(o, "text", change->text);
		cJSON_AddItemToArray(changes, o);
	}
	return changes;
}

void
result_add_scraped(cJSON *result, const struct report *report)
{
	const struct plan_scrape *scrape = &report->plan->scrape;
	cJSON *figures, *endpoints;

	if (scrape->endpoints_n == 0 || report->experiment != NULL) /* each of its runs has its own */
		return;
	figures = result_scraped_set(&report->summary->scraped, scrape);
	value_set(result, "scraped", figures);
	endpoints = value_add_array(result, "scrapes");
	for (size_t i = 0; i < scrape->endpoints_n; i++) {
		const struct scrape_record *record = record_of(report, i);
		const struct scrape_counts *counts = &report->summary->scrapes[i];
		cJSON *o = value_object();

		add_missing(figures, record);
		value_set_text(o, "url", scrape->endpoints[i].fetch.place.shown);
		value_set_seconds(o, "every_s", scrape->endpoints[i].every_ns);
		value_set_count(o, "good", counts->good);
		value_set_count(o, "failed", counts->failed);
		value_set(o, "changes", changes_array(record));
		cJSON_AddItemToArray(endpoints, o);
	}
}
