#pragma once

#include "plan/scrape.h"
#include "sampler/exposition.h"
#include "sampler/stands.h"

/* The figures that a profile wants of one endpoint, from the samples of its expositions, one after the other. Pure;
 * used by one thread at a time. Of what is not wanted nothing is kept. */
struct harvest;

/* Series that one figure may be made of, in one exposition; those of a histogram are its buckets. */
#define HARVEST_SERIES_CEILING STANDS_CEILING

enum harvest_state {
	HARVEST_GOOD,
	HARVEST_NOTHING,     /* no series matched */
	HARVEST_FIRST,       /* what it is made of is the difference of two scrapes */
	HARVEST_NO_NEWS,     /* between the two nothing was observed, or the exporter told the same samples again */
	HARVEST_NO_NUMBER,   /* the series say NaN or infinity */
	HARVEST_NO_INFINITY, /* a histogram without a bucket for all: le="+Inf" */
	HARVEST_TOO_MANY,    /* more than HARVEST_SERIES_CEILING series matched */
	HARVEST_TWICE,       /* the same series stands twice */
	HARVEST_STATE_COUNT
};
extern const char *const harvest_state_texts[HARVEST_STATE_COUNT]; /* as a sentence's end: "no series matched" */

struct harvested {
	double value; /* NAN but where it is good */
	enum harvest_state state;
};

struct harvest *harvest_new(const struct plan_endpoint *endpoint);
void harvest_free(struct harvest *harvest);

void harvest_begin(struct harvest *harvest, enum exposition_format format);
void harvest_add(struct harvest *harvest, const struct exposition_sample *sample);
/* The exposition is whole: fills as many as the endpoint wants, in order. asked_ns: when it was asked for, on any clock
 * that never goes back. One that was begun and is not ended counts for nothing: differences go back to the last whole
 * one. */
void harvest_end(struct harvest *harvest, int64_t asked_ns, struct harvested *into);

/* The q-quantile of n cumulative counts up to each of the limits, the last of which is infinite: as PromQL's
 * histogram_quantile has it, linear within a bucket, and the largest finite limit where it lies beyond. NAN: all are 0.
 */
double harvest_quantile(double q, const double *limits, const double *counts, size_t n);
