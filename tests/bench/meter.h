#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bench server saw. Counts per 50 ms since the first request, so that whoever asks for a rate can leave the
 * start and the end of a run out; and, only where somebody asked for a log, when each request arrived and was done. */
#define METER_BUCKET_NS INT64_C(50000000)
#define METER_BUCKETS 2400 /* two minutes; what is later is counted in the last one */

struct meter_entry {
	int64_t arrival_ns, done_ns; /* CLOCK_MONOTONIC */
};

struct meter {
	int64_t first_ns;                              /* −1: no request yet */
	uint64_t requests, answers, connections, lost; /* lost: found no room in the log */
	uint64_t early_connections;                    /* accepted before the first request */
	uint32_t requests_by_bucket[METER_BUCKETS], connections_by_bucket[METER_BUCKETS];
	struct meter_entry *log; /* NULL: nobody asked */
	size_t log_n;
};

void meter_init(struct meter *meter, bool has_log);
void meter_fini(struct meter *meter);

void meter_add_connection(struct meter *meter, int64_t now_ns);
void meter_add_requests(struct meter *meter, uint64_t n, int64_t now_ns);
void meter_add_answer(struct meter *meter, int64_t arrival_ns, int64_t done_ns);

/* The log: pairs of int64 as they lie in memory, in order of completion. False with errno set. */
bool meter_write_log(const struct meter *meter, const char *path);
/* One line of JSON on stdout. */
void meter_print(const struct meter *meter);
