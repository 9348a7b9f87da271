#pragma once

#include "campaign/store.h"

/* What saves that were killed left in a store, hidden: ".NAME.PID" beside the baselines, ".RUN.PID" in one of them, and
 * ".NAME.PID.old", a baseline that was to be replaced, where the file system cannot exchange two names in one step. */

/* Removes those whose process is gone, and puts back a baseline that is there under no other name; says what it could
 * not remove, and what it put back. The caller holds the store's lock, so that no save is under way. */
void leftovers_clear(const struct store *store);
