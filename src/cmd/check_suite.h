#pragma once

#include "base/buf.h"
#include "plan/suite.h"

/* What `brunt check` shows of a suite: its profiles in their order, what each has of its own, and how long it takes. */
void check_print_suite(const struct plan_suite *suite, struct buf *out);
