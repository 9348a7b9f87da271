#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "httpd/httpd.h"

#define STATS_STATUS_END 600

/* What the target counted since it began. A request to /stats is not in it. requests = answered + unanswered + in the
 * system or hanging; answered is the sum of the statuses. */
struct stats {
	uint64_t requests;
	uint64_t answered, unanswered; /* unanswered: reset, dropped, or the peer left first */
	uint64_t ok, errors, rejected, resets;
	uint64_t by_status[STATS_STATUS_END]; /* answers */
	uint64_t gone;                        /* connections that ended while their request was in the system */
	uint64_t in_system, in_system_peak, queued, queue_peak;
	int64_t late_max_ns; /* the most that an answer came after the model wanted it */
	uint64_t held_bytes, leaked_bytes;
	double capacity_per_s;
	uint64_t workers;
	int64_t uptime_ns;
};

/* One answer left whole. late_ns: how long after the model wanted it. */
void stats_count_answer(struct stats *stats, int status, int64_t late_ns);

/* `more`: NULL, or members to add, each followed by a comma. */
#define STATS_MAX ((size_t)8 << 10)

void stats_write(const struct stats *stats, const struct httpd_counts *http, const char *more, struct buf *into);
