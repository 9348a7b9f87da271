#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of a steady load over time, as data: written by judge/, read by report/. */

/* A figure over the windows of a steady load. The slope is Theil and Sen's, the interval and the test Mann and
 * Kendall's, both widened for what ties neighbouring windows together. */
struct drift {
	size_t windows;  /* that tell of it; 0: too few do, and nothing below is known */
	double window_s; /* how long each of them is */
	double first;    /* where the line begins and ends: ns, per second or bytes */
	double last;
	double per_h;       /* slope, in the same unit */
	double per_h_ci[2]; /* 95% */
	double change;      /* over the windows: (last − first) / first; NAN: first is 0 */
	double change_ci[2];
	double p;      /* of such a trend, or a stronger one, where there is none */
	bool is_trend; /* p < 0.05 and the interval leaves out 0 */
};

enum memory_course {
	MEMORY_UNKNOWN,
	MEMORY_FLAT,    /* no trend, neither in all of it nor in the second half for itself */
	MEMORY_LEAK,    /* grows, and in the second half no slower than half as fast as in the first */
	MEMORY_WARM_UP, /* grew, and ever more slowly, or only at first */
	MEMORY_SHRINKS
};
extern const char *const memory_course_names[]; /* "unknown", "flat", … */

struct sustained {
	bool is_known;
	char why_not[120];      /* why nothing is known: the load was not steady, or too short; empty: below holds */
	int64_t from_ns, to_ns; /* what the windows cover; the first quarter of the load is left out */
	struct drift p50, p95, p99, achieved, memory;
	enum memory_course memory_course;
};

/* What expressions name. A trend that cannot be told from none counts as 0; NAN: not known. */
double drift_value(const struct drift *drift);
double sustained_memory_slope(const struct sustained *sustained);  /* bytes per hour: 0 unless it leaks or shrinks */
double sustained_memory_growth(const struct sustained *sustained); /* the same, as a share of the memory, per hour */
