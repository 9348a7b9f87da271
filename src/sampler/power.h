#pragma once

#include <stdint.h>

#include "measure/gauge.h"
#include "sampler/rapl.h"

/* What the machine that the target runs on draws, and what its GPUs do: everybody's on that machine, brunt's too where
 * it is the same one. What a run costs is what is drawn above its idle baseline. */
struct power_meter {
	struct rapl rapl;
	struct nvml *nvml; /* NULL: not asked for, or not to be had */
	double gpu_joules; /* as of the last look */
	int64_t looked_ns; /* −1: no look yet */
};

/* `gpu_library`: NULL where GPUs are not asked for; where they are and cannot be read, that is said. */
void power_meter_open(struct power_meter *meter, const char *root, const char *gpu_library);
void power_meter_close(struct power_meter *meter);
/* Fills POWER and the gauges of GPUs, NAN where they are not to be had. */
void power_meter_look(struct power_meter *meter, int64_t now_ns, double *values);
