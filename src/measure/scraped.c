#include "measure/scraped.h"

#include <math.h>

#include "base/check.h"

void
scraped_set_init(struct scraped_set *set)
{
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		gauge_stats_init(&set->list[i]);
}

void
scraped_set_add(struct scraped_set *set, const struct scraped *scraped)
{
	CHECK_OP(scraped->first + scraped->n, <=, SCRAPED_MAX);
	for (size_t i = 0; i < scraped->n && !scraped->has_failed; i++)
		gauge_stats_add(&set->list[scraped->first + i], scraped->values[i]);
}

void
scraped_set_merge(struct scraped_set *into, const struct scraped_set *from)
{
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		gauge_stats_merge(&into->list[i], &from->list[i]);
}

void
scraped_now_init(double now[SCRAPED_MAX])
{
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		now[i] = NAN;
}

void
scraped_now_set(double now[SCRAPED_MAX], const struct scraped *scraped)
{
	CHECK_OP(scraped->first + scraped->n, <=, SCRAPED_MAX);
	for (size_t i = 0; i < scraped->n; i++)
		now[scraped->first + i] = scraped->has_failed ? NAN : scraped->values[i];
}

void
scraped_now_merge_beside(double now[SCRAPED_MAX], const double beside[SCRAPED_MAX])
{
	for (size_t i = 0; i < SCRAPED_MAX; i++)
		now[i] = isnan(now[i]) ? beside[i] : now[i];
}

void
scrape_counts_add(struct scrape_counts counts[SCRAPE_ENDPOINTS_MAX], const struct scraped *scraped)
{
	CHECK_OP(scraped->endpoint, <, SCRAPE_ENDPOINTS_MAX);
	counts[scraped->endpoint].good += !scraped->has_failed;
	counts[scraped->endpoint].failed += scraped->has_failed;
}

void
scrape_counts_merge(
	struct scrape_counts into[SCRAPE_ENDPOINTS_MAX], const struct scrape_counts from[SCRAPE_ENDPOINTS_MAX])
{
	for (size_t i = 0; i < SCRAPE_ENDPOINTS_MAX; i++) {
		into[i].good += from[i].good;
		into[i].failed += from[i].failed;
	}
}
