#pragma once

#include "sampler/cgroup_place.h"

/* What a process's cgroups allow it, and what they count. */
struct cgroup_limits {
	struct cgroup_place cpu, memory, pressure;
};

/* `watched`: see cgroup_place_find. */
void cgroup_limits_find(struct cgroup_limits *limits, const char *root, long pid, const char *watched);

double cgroup_cpu_quota(const struct cgroup_limits *limits);    /* cores; INFINITY: none */
double cgroup_memory_limit(const struct cgroup_limits *limits); /* bytes; INFINITY: none */
/* Usage less the file cache that the kernel would give up first; NAN where the cgroup is not the target's own. */
double cgroup_memory_bytes(const struct cgroup_limits *limits);
/* So far, in it and in those below it; NAN likewise. */
double cgroup_oom_kills(const struct cgroup_limits *limits);
