#pragma once

#include "measure/gauge.h"
#include "plan/scrape.h"

/* What exporters told beside the load: figures by their place in plan->scrape->list. A figure that is not to be had is
 * NAN, never 0, and never older than the last scrape of its endpoint. */

/* One scrape of one endpoint. */
struct scraped {
	size_t endpoint;
	bool has_failed; /* nothing is known of its figures then */
	size_t first, n; /* its figures, and their values in that order */
	double values[SCRAPED_MAX];
};

struct scraped_set {
	struct gauge_stats list[SCRAPED_MAX];
};

/* Of one endpoint. */
struct scrape_counts {
	uint64_t good, failed;
};

void scraped_set_init(struct scraped_set *set);
void scraped_set_add(struct scraped_set *set, const struct scraped *scraped);
void scraped_set_merge(struct scraped_set *into, const struct scraped_set *from); /* from is the later one */

/* The latest values, SCRAPED_MAX of them: all unknown; as of a scrape; those of another process, where we have none. */
void scraped_now_init(double now[SCRAPED_MAX]);
void scraped_now_set(double now[SCRAPED_MAX], const struct scraped *scraped);
void scraped_now_merge_beside(double now[SCRAPED_MAX], const double beside[SCRAPED_MAX]);

void scrape_counts_add(struct scrape_counts counts[SCRAPE_ENDPOINTS_MAX], const struct scraped *scraped);
void scrape_counts_merge(
	struct scrape_counts into[SCRAPE_ENDPOINTS_MAX], const struct scrape_counts from[SCRAPE_ENDPOINTS_MAX]);
