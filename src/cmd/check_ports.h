#pragma once

#include "base/buf.h"
#include "plan/plan.h"

/* The line about local ports: how many the load takes, and how many there are. */
void check_print_ports(const struct plan *plan, double peak_per_s, double connections, struct buf *out);
