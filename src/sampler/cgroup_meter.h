#pragma once

#include <stdint.h>

#include "measure/gauge.h"
#include "sampler/cgroup_limits.h"

/* What the kernel kept from a cgroup between two looks: CPU by a quota, its own or that of a cgroup above it, and what
 * its tasks stood still for (PSI: Documentation/accounting/psi.rst). Differences of counters, so that no stall falls
 * between two looks, and none is in a moving average of the kernel's instead. */
#define CGROUP_LEVELS_MAX 16
#define PRESSURES 6

struct quota_counters {
	double periods, throttled, throttled_ns; /* so far; NAN: not counted */
};

struct cgroup_meter {
	int64_t looked_ns;                               /* −1: no look yet */
	struct quota_counters quotas[CGROUP_LEVELS_MAX]; /* from the cgroup up */
	double stalled_us[PRESSURES];                    /* so far */
};

void cgroup_meter_init(struct cgroup_meter *meter);

/* Fills the gauges from THROTTLED to IO_STALLED, NAN where the kernel does not say, or in the first look. Pressure is
 * that of limits->pressure where the cgroup is the process's own; `machine`: the root of /proc, for that of the whole
 * machine instead. NULL: not asked for. */
void cgroup_meter_look(struct cgroup_meter *meter, const struct cgroup_limits *limits, const char *machine,
	int64_t now_ns, double *values);
