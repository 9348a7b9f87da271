#pragma once

#include "campaign/ceiling.h"
#include "cluster/bus.h"
#include "net/allow.h"

/* `brunt agent`: takes a shard of whatever run it is asked for, one at a time, and runs it as a child process, so that
 * a run that crashes leaves the agent alive. Whom it may load, and how much of it there may be, its own operator says.
 */
struct agent_options {
	struct bus_options bus;
	char name[48];             /* [A-Za-z0-9_-]+, its own among all agents */
	const struct allow *allow; /* what the gate holds its children to */
	const char *allow_shown;
	struct ceilings ceilings; /* of what this machine alone may be asked for */
	const char *out_dir;      /* each shard's own events, and the profile, below it */
	const struct plan_tables *tables;
};

/* Until a signal ends it. Returns the exit code. */
int agent_run(const struct agent_options *options);
