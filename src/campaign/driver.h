#pragma once

#include "engine/run.h"
#include "measure/shard_record.h"

/* What drives the load of a campaign: the engine in this process (local_driver), or processes that share the load
 * (fleet/). The campaign starts the target, watches it, digests, judges and reports, and does not know which it is.
 * Whatever drives it calls the run_events of its run_config, on its loop. */
struct driver_end {
	struct run_end run;
	uint32_t workers; /* processes that sent; 1: this one */
	/* It could not begin, for a reason of our own machine: nothing was sent. */
	bool has_failed;
	bool is_of_others; /* it was not this machine's: others that it asked for a part of the load */
	/* Processes that went missing, the first of them, when, and what became of it. */
	uint32_t workers_lost;
	int64_t lost_ns;
	char text[160]; /* of the one or the other */
};

struct driver;

struct driver_ops {
	const char *name;
	/* Readies all that may fail before anything is sent; false with err set: the user's mistake. Config and what it
	 * points to outlive the driver. */
	bool (*start)(struct driver *driver, const struct run_config *config, struct error *err);
	/* To the end: blocks, turning the loop. */
	void (*go)(struct driver *driver);
	/* As those of engine/run.h. */
	void (*control)(struct driver *driver, const struct control *control);
	void (*recover)(struct driver *driver);
	void (*repeat)(struct driver *driver, uint32_t level);
	void (*interrupt)(struct driver *driver);
	void (*add_reading)(struct driver *driver, bool is_self, const struct reading *reading);
	void (*add_scraped)(struct driver *driver, const struct scraped *scraped);
	void (*give_interval)(struct driver *driver, struct interval *interval);
	int64_t (*now_ns)(const struct driver *driver); /* since T0; negative before it, or while it is not known */
	struct driver_end (*end_of)(const struct driver *driver); /* so far */
	/* The processes that shared the load, as of now; the driver's own memory. NULL: this one alone sends it. */
	struct shard_records (*shards)(struct driver *driver);
	void (*free)(struct driver *driver); /* started or not */
};

struct driver {
	const struct driver_ops *ops; /* first member of every driver's own struct */
};

/* start_at_wall_ns: when the load is to begin, by the wall; 0: as soon as possible. Where it is over before all is
 * ready nothing is sent. */
struct driver *local_driver_new(int64_t start_at_wall_ns);
