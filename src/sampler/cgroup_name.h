#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the parts of a cgroup's path say. A part is `length` bytes up to the next "/". */

const char *cgroup_part_end(const char *part);

/* systemd.unit(5): whether it ends in a type of unit that has processes, such as ".service". */
bool cgroup_part_has_unit_type(const char *part, size_t length);
/* A part that could be mistaken for a file of the kernel's has a "_" put before it by systemd: without that. */
const char *cgroup_part_unit(const char *part);

/* Digits of the container's id that the part ends in (docker-ID.scope, ID, cri-containerd-ID.scope); 0: it is none.
 * `id`: where they begin. */
size_t cgroup_part_container(const char *part, size_t length, const char **id);
