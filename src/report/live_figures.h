#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "measure/summary.h"
#include "plan/plan.h"

/* What a database of metrics is told of a run while it lasts, and how: Prometheus by its remote-write 1.0, InfluxDB by
 * its line protocol. In a database each is brunt_live_NAME, by the profile and the run. */

enum live_figure {
#define LIVE(name, is_counter, value) LIVE_##name,
#include "report/live_figures.def"
#undef LIVE
	LIVE_COUNT
};

/* One moment of a run. */
struct live_moment {
	int64_t at_wall_ns;
	double values[LIVE_COUNT + SCRAPED_MAX]; /* NAN: not known */
};

/* As of the summary's last interval. */
void live_moment_take(struct live_moment *into, const struct summary *summary, int64_t at_wall_ns);

/* Whose moments they are. */
struct live_run {
	const struct plan *plan;
	const char *id;
};

/* The body of one request that tells n moments, in the order of their times. False: it is larger than the ceiling.
 * `scratch` is a buffer of the caller's that may hold as much. */
bool live_encode_remote_write(
	struct buf *into, struct buf *scratch, const struct live_run *run, const struct live_moment *moments, size_t n);
bool live_encode_lines(struct buf *into, const struct live_run *run, const struct live_moment *moments, size_t n);
