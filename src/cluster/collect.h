#pragma once

#include "cluster/bus.h"

/* What the agents of a run said, out of nats-server, where who led it is gone: each parcel once and in order, as a
 * leader reads them while it lasts. Kept for a day. */
struct collected {
	char dir[128];         /* RUN-shards, in the current directory; a results directory per shard below it … */
	char (*dirs)[160];     /* … shards_n of them that said anything; freed by collected_fini */
	const char **pointers; /* the same, as a list */
	uint32_t shards_n, total;
};

/* Blocks. False with err set: there is no such run, or no such server. */
bool collect(struct collected *into, const struct bus_options *options, const char *run, struct error *err);
void collected_fini(struct collected *collected);
