#pragma once

#include "plan/course.h"
#include "sampler/cgroup_limits.h"

/* A cap as the kernel has it: a few words in the files of a cgroup, v1 or v2, and what stood there before. Blocks: the
 * kernel takes memory back until the cap holds. */
struct cap_file {
	char path[CGROUP_FILE_MAX + 32];
	char before[64]; /* "": it is as it was */
};

struct cap_files {
	struct cap_file memory, cpu;
};

/* All of it or nothing. False with err set: the target is in no cgroup of its own, or brunt is in it too; it cannot be
 * written; the kernel refuses ("… memory.limit_in_bytes: Device or resource busy": it holds more than that). */
bool cap_files_set(
	struct cap_files *files, const struct plan_cap *cap, const struct cgroup_limits *places, struct error *err);

/* What stood there stands again. A cgroup that is gone has no cap any more. False with err set: it still stands. */
bool cap_files_restore(struct cap_files *files, struct error *err);
