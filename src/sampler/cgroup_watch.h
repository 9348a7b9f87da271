#pragma once

#include <stdbool.h>

#include "sampler/proc_find.h"

/* Targets that are named by their cgroup: a path, a systemd unit or a container's id. All three are looked for in
 * /proc/PID/cgroup, which every process has, so that neither systemd nor a container's runtime is asked.
 *
 *     cgroup     a path in its hierarchy, or a directory in /sys/fs/cgroup: the processes in it and below it
 *     unit       a part of the path is its name; ".service" where it has no type
 *     container  a part of the path ends in an id that begins so: docker-ID.scope, ID, cri-containerd-ID.scope ... */
bool cgroup_watch_is_meant(const struct plan_watch *watch);

/* Fills roots with every live process of the cgroup, which it names in roots->cgroup. False with err set: nobody is in
 * it, two have that name, or brunt itself is in it. */
bool cgroup_watch_find(const struct plan_watch *watch, const char *root, struct proc_roots *roots, struct error *err);
