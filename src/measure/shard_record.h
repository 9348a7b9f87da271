#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* One of the processes that shared a load, as it stands beside the others in a report. Times and figures that are not
 * known: −1 and NAN. */
struct shard_record {
	uint32_t shard;
	char name[64];      /* of the machine that it ran on; empty: it had none but its number */
	bool is_lost;       /* it did not send its share to the end … */
	char text[160];     /* … and what became of it; or what else there is to say of it; empty: nothing */
	char dir[PATH_MAX]; /* of its own results; empty: it has none */
	/* Every phase. */
	uint64_t scheduled, sent, ok, failed, dropped, unsent, unfinished;
	double achieved_per_s; /* in the measured windows */
	int64_t lateness_p99_ns;
	double cpu_avg, cpu_peak; /* of its own process, while the load ran */
	bool has_clock;
	int64_t clock_offset_ns,
		clock_error_ns; /* how far its clock was ahead of who led, and by how much that may be wrong */
	bool has_skew;
	int64_t skew_ns; /* how much later its load began than all were to, by its own clock */
};

struct shard_records {
	const struct shard_record *list;
	uint32_t n; /* 0: one process sent the load */
};
