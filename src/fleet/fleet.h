#pragma once

#include "campaign/driver.h"

/* One load, several processes: the leader, which is the campaign's driver, and its shards, which are brunt again
 * (`brunt run P.yaml --worker I/N`), each with an engine of its own. Control messages go down a shard's stdin, its
 * events come up its stdout. */
#define FLEET_WORKERS_MAX 64

struct transport; /* transport.h */

struct fleet_options {
	uint32_t workers;
	struct transport *transport; /* how they are reached; NULL: processes of this machine, by pipes. The caller's */
	const char *profile;         /* as on the command line; a file that can be read again */
	const char *const *settings; /* each "key=value" */
	size_t settings_n;
	const char *arm; /* of an experiment: "ARM/REPEAT", whose run is shared; NULL: there is one run */
};

/* Whether the plan can be shared out: each worker gets at least one of everything, and the profile is a file. */
bool fleet_check(const struct plan *plan, const struct fleet_options *options, struct error *err);

struct driver *fleet_driver_new(const struct fleet_options *options);

/* Whether the plan can be sent by shards that nobody leads: what steers a load would need to know of all of them, and
 * what is done once around it would be done by each. */
bool shard_check(const struct plan *plan, uint32_t shards, struct error *err);

/* A worker's whole life. Returns its exit code; what is wrong with it is said on stderr. */
struct shard_options {
	uint32_t shard, shards;
	bool shares_target_cpu; /* spinning would rob somebody: see run_config */
};
int shard_run(const struct plan *plan, const struct shard_options *options);
