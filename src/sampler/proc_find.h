#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sampler/cgroup_place.h"
#include "sampler/sampler.h"

/* Who is watched: the topmost processes that a watch names. A server's workers that share its name, its listening
 * socket or its cgroup are its children, not targets of their own; several that share none (SO_REUSEPORT) are all
 * watched. */
#define PROC_ROOTS_MAX 1024

struct proc_roots {
	long pids[PROC_ROOTS_MAX];
	size_t n;
	char cgroup[CGROUP_PATH_MAX]; /* that they were found by; "": by something else */
};

/* false with err set ("no process listens on port 8080"). Live processes alone. */
bool proc_find(const struct sampler_config *config, const char *root, struct proc_roots *roots, struct error *err);
