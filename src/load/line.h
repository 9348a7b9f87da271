#pragma once

#include <stdint.h>

/* What most shapes are made of: a level that stands still or changes evenly, and the area under it. Levels are per
 * second, times ns since the piece began. */

#define LEVEL_MOST 1e7                                   /* per second */
#define LOAD_NS_MOST (INT64_C(365) * 86400 * 1000000000) /* a year */
#define ARRIVALS_MOST 1e15

double flat_arrivals_until(double level, int64_t t_ns);

/* When the area under a constant level reaches k, to the nearest ns and exact for any k that a double holds; INT64_MAX:
 * not within 292 years, or never. */
int64_t flat_when_ns(double level, double k);

struct line {
	double from, to;
	int64_t over_ns;
};

double line_level_at(const struct line *line, int64_t t_ns);
double line_arrivals_until(const struct line *line, int64_t t_ns);
int64_t line_when_ns(const struct line *line, double k); /* over_ns: not within the line */

/* How far a sum of n arrivals may be off by rounding: an arrival this close to the end of the area lies at the end. */
double arrivals_slack(double n);

/* a + b for times that may be INT64_MAX, "never". */
static inline int64_t
after_ns(int64_t a_ns, int64_t b_ns)
{
	int64_t sum_ns;

	return __builtin_add_overflow(a_ns, b_ns, &sum_ns) ? INT64_MAX : sum_ns;
}
