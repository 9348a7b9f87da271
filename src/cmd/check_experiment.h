#pragma once

#include "base/buf.h"
#include "plan/experiment.h"

/* What `brunt check` shows of several runs: the arms or cells, in which order they run, how long it all takes. */
void check_print_experiment(const struct plan_experiment *experiment, struct buf *out);

/* How long its loads last, all runs together; 0: that of one of them is not known beforehand. */
int64_t check_load_ns(const struct plan_experiment *experiment);

/* What is done around a run's load and beside it; nothing where there is nothing. */
void check_print_course(const struct plan *plan, struct buf *out);
