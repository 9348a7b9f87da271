#pragma once

#include <sched.h>
#include <stdint.h>

/* What the host of a virtual machine took of its CPUs' time (proc_stat(5): steal), which no process of the machine is
 * charged with: it only finds that it is late. Of bare metal, and where the host does not tell, 0. */
#define STOLEN_CPUS_MAX CPU_SETSIZE

struct stolen {
	int64_t ticks[STOLEN_CPUS_MAX]; /* of each CPU, at the last look; −1: not known */
};

void stolen_init(struct stolen *stolen);

/* The share of the time since the last look, dt_ns ago, that was taken from the CPU of these that it took most of: by
 * ticks of 10 ms, so that a single one says little. NAN: the first look, or /proc/stat cannot be read. `root` as in
 * sampler/procfs.h. */
double stolen_look(struct stolen *stolen, const char *root, const cpu_set_t *cpus, int64_t dt_ns);
