#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/course.h"

/* `scrape:`, what is read beside the load from exporters that speak to Prometheus, and what of it is wanted. Everything
 * lives in the plan's arena. */

#define SCRAPE_ENDPOINTS_MAX ((size_t)8)
#define SCRAPED_MAX ((size_t)32) /* figures of one profile */
#define SCRAPE_MATCHERS_MAX ((size_t)16)
#define SCRAPED_PREFIX "scraped."

enum scraped_kind {
	SCRAPED_VALUE,    /* of a gauge, as it stands */
	SCRAPED_RATE,     /* of a counter, per second, between one scrape and the next */
	SCRAPED_QUANTILE, /* of what a histogram observed between one scrape and the next */
};

/* What several series that match become; those of a histogram are always added up. */
enum scraped_over { OVER_SUM, OVER_AVG, OVER_MAX, OVER_MIN };

/* A label that a series must have, with this value; "" is also that of a label that is not there. */
struct plan_matcher {
	const char *name, *value;
};

struct plan_scraped {
	const char *name;   /* unique in the profile */
	const char *metric; /* of a histogram: without _bucket */
	struct plan_matcher *matchers;
	size_t matchers_n;
	enum scraped_kind kind;
	double quantile; /* SCRAPED_QUANTILE */
	int over;
	size_t index;              /* in plan_scrape.list */
	struct plan_metric figure; /* as expressions name it: "scraped.NAME" */
};

struct plan_endpoint {
	struct plan_fetch fetch;
	int64_t every_ns;
	uint64_t ceiling_bytes; /* largest exposition that is taken */
	struct plan_scraped *list;
	size_t n;
};

/* A value as the exporter tells it, in the base unit of its figure: seconds become ns. */
double scraped_in_unit(const struct plan_scraped *scraped, double value);

/* Whether the figures of two plans are the same, so that an expression of the one can be asked of the other. */
bool scrape_is_same(const struct plan_scrape *a, const struct plan_scrape *b);

/* `scrape:` → profile->plan.scrape, and context->metrics; the target is known. */
struct plan_context;
struct profile;
bool scrape_compile(struct plan_context *context, struct profile *profile, struct error *err);
/* An endpoint or a list of them; target: whose a URL that is a path alone is. Fills all but what expressions name. */
struct plan_node;
bool scrape_compile_endpoints(struct plan_context *context, const struct plan_node *node,
	const struct plan_target *target, struct plan_scrape *scrape, struct error *err);
/* Fills metric and matchers, of which there is room for SCRAPE_MATCHERS_MAX. */
bool scrape_parse_selector(struct arena *arena, const char *text, struct plan_scraped *into, struct error *err);
bool scrape_add_matcher(struct plan_scraped *scraped, const char *name, const char *value, struct error *err);
