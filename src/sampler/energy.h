#pragma once

#include "base/clock.h"
#include "sampler/sampler.h"

/* What a command says that the target draws: a counter of joules, or watts. It is run once per reading, by /bin/sh -c
 * in a process group of its own, which is killed when its time is over; what it prints is one number. It fills
 * POWER_TOLD, NAN where it failed, and of a counter in the first reading and where the counter began again. */
struct sampler *energy_open_at(const struct sampler_config *config, const struct clock *clock, struct error *err);

/* Why the last reading says nothing: "ended with exit status 127"; "": it did, or the next one will. */
const char *energy_why_not(const struct sampler *sampler);
