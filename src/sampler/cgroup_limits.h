#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where a process stands in the cgroup hierarchies, v1 or v2, and what that allows it. The directories are remembered,
 * so that an OOM kill can still be read once the process is gone. `root` as in procfs.h. */
#define CGROUP_PATH_MAX 768

struct cgroup_place {
	char directory[CGROUP_PATH_MAX]; /* "": none that we can see */
	size_t mount_length;             /* how much of it is the hierarchy's root */
	bool is_v2;
	bool is_own; /* neither the root's nor the one that brunt itself is in */
};

struct cgroup_limits {
	struct cgroup_place cpu, memory;
};

void cgroup_limits_find(struct cgroup_limits *limits, const char *root, long pid);

double cgroup_cpu_quota(const struct cgroup_limits *limits);    /* cores; INFINITY: none */
double cgroup_memory_limit(const struct cgroup_limits *limits); /* bytes; INFINITY: none */
/* Usage less the file cache that the kernel would give up first; NAN where the cgroup is not the target's own. */
double cgroup_memory_bytes(const struct cgroup_limits *limits);
double cgroup_oom_kills(const struct cgroup_limits *limits); /* so far; NAN likewise */
