#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "measure/chronicle.h"

/* The exporters of `scrape`, each asked every so often beside the load: fetched on the loop, read in the thread pool in
 * slices, as they come. One that fails changes nothing but what is known of its figures. The caller owns the struct. */
struct scrape;

struct scrapes {
	uv_loop_t *loop;
	struct scrape *list;
	size_t n;
	/* Since T0, now. */
	int64_t (*now_ns)(void *context);
	/* A scrape is over. */
	void (*on_scraped)(void *context, const struct scraped *scraped);
	/* May be NULL; the change stays where it is as long as the record. */
	void (*on_change)(void *context, const struct scrape_record *record, const struct scrape_change *change);
	void *context;
};

/* Looks the hosts up: blocks, and is for before the load. False with err set; scrapes_stop and scrapes_fini are called
 * all the same. records: one per endpoint of the plan, the caller's, with room for their changes. */
bool scrapes_init(struct scrapes *scrapes, uv_loop_t *loop, const struct plan_scrape *plan,
	struct scrape_record *records, struct error *err);
void scrapes_start(struct scrapes *scrapes);
/* Ends what is under way; turns the loop until it has. */
void scrapes_stop(struct scrapes *scrapes);
void scrapes_fini(struct scrapes *scrapes);
