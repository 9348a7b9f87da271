#pragma once

#include "base/clock.h"
#include "sampler/sampler.h"

/* proc_sampler's open over another /proc and /sys (root, kept by the caller: see procfs.h) and another clock: for
 * tests. */
struct sampler *proc_open_at(
	const struct sampler_config *config, const char *root, const struct clock *clock, struct error *err);
