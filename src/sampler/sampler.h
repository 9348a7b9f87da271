#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "measure/gauge.h"
#include "plan/plan.h"

/* A sampler reads somebody's resources. Reading may take milliseconds (/proc), so it happens in the thread pool, never
 * on the loop; a sampler is used by one thread at a time. One file and one row of samplers.def each. */
struct sampler;

/* What to look at. pid ≠ 0 wins over the plan's watch (a target that brunt started itself). */
struct sampler_config {
	const struct plan_watch *watch;
	long pid;
	const struct plan_energy *energy; /* of the sampler energy alone */
	size_t sources_n; /* of the sampler self alone: addresses that connections are made from, each with ports of its
			     own; 0: one */
};

struct sampler_ops {
	const char *name; /* "proc", "self" */
	const char *help;
	/* Blocking; finds the processes. NULL with err set ("no process listens on port 8080"). */
	struct sampler *(*open)(const struct sampler_config *config, struct error *err);
	/* Fills what it can, NAN for the rest; at_ns is the caller's. False: the thing is gone (processes = 0 is still
	 * filled). */
	bool (*read)(struct sampler *sampler, struct reading *reading);
	/* May be NULL. Whether it shares every CPU it may use with this process (then spinning would rob it). */
	bool (*shares_our_only_cpu)(struct sampler *sampler);
	void (*close)(struct sampler *sampler);
};

struct sampler {
	const struct sampler_ops *ops; /* first member of every sampler's own struct */
};

extern const struct sampler_ops *const samplers[]; /* from samplers.def, ended by NULL */
extern const struct sampler_ops proc_sampler, self_sampler, energy_sampler;
