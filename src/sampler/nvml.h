#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The machine's NVIDIA GPUs, by their own library, which is looked for at run time alone: NVML API reference. Blocking.
 */
#define NVML_LIBRARY "libnvidia-ml.so.1"
#define NVML_GPUS_MAX 64

struct nvml;

struct nvml_reading {
	double busy;                             /* of the busiest: share of the time in which anything ran on it */
	double memory_bytes, memory_limit_bytes; /* of all of them together */
	double joules;                           /* of all, so far; NAN: not counted by some (before Volta) */
	double watts;                            /* of all, now */
};

/* NULL with err set: there is no such library, it finds no driver, or there is no GPU. */
struct nvml *nvml_open(const char *library, struct error *err);
void nvml_close(struct nvml *nvml);
/* NAN where a GPU does not say. */
void nvml_read(struct nvml *nvml, struct nvml_reading *reading);
