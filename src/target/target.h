#pragma once

#include "target/options.h"

/* Runs the simulated server until SIGTERM or SIGINT (returns 0), or says why it cannot on stderr (returns 5). A
 * simulated crash and a lack of memory end the process with TARGET_EXIT_CRASH at once. */
int target_run(const struct target_options *options);

#define TARGET_EXIT_CRASH 70
