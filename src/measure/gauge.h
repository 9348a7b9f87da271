#pragma once

#include <stdint.h>

#include "plan/expr.h"

/* GAUGE_CPU … in the order of gauge.def */
enum gauge {
#define GAUGE(NAME, name, unit, across, over, help) GAUGE_##NAME,
#include "measure/gauge.def"
#undef GAUGE
	GAUGE_COUNT
};

enum gauge_across { ACROSS_MOST, ACROSS_SUM };
enum gauge_over { OVER_MEAN, OVER_LAST };

struct gauge_row {
	const char *name, *help;
	enum plan_unit unit;
	enum gauge_across across; /* several processes that share one load */
	enum gauge_over over;     /* several readings of one interval */
};

extern const struct gauge_row gauge_rows[GAUGE_COUNT];

/* One look at somebody's resources. */
struct reading {
	int64_t at_ns;              /* since T0 */
	double values[GAUGE_COUNT]; /* NAN: not available */
};

void reading_init(struct reading *reading); /* nobody has looked yet: at_ns −1, nothing available */

/* A gauge over a while: NAN where there was no reading. */
struct gauge_stats {
	double sum, peak, last, min;
	uint64_t n;
};

struct gauge_set {
	struct gauge_stats gauges[GAUGE_COUNT];
};

void gauge_stats_init(struct gauge_stats *stats);
void gauge_stats_add(struct gauge_stats *stats, double value);                    /* NAN: no reading */
void gauge_stats_merge(struct gauge_stats *into, const struct gauge_stats *from); /* from is the later one */
double gauge_stats_avg(const struct gauge_stats *stats);

void gauge_set_init(struct gauge_set *set);
void gauge_set_add(struct gauge_set *set, const struct reading *reading);
void gauge_set_merge(struct gauge_set *into, const struct gauge_set *from); /* from is the later one */
/* Of another process over the same while: see gauge_row.across. What an average, a peak or a sum of several is, is told
 * by each one's own: peaks that were not at the same moment add up to more than there ever was. */
void gauge_set_merge_beside(struct gauge_set *into, const struct gauge_set *from);
void reading_merge_beside(struct reading *into, const struct reading *from);
double gauge_avg(const struct gauge_set *set, enum gauge gauge);
double gauge_peak(const struct gauge_set *set, enum gauge gauge);
double gauge_last(const struct gauge_set *set, enum gauge gauge);
