#pragma once

#include "measure/summary.h"
#include "measure/verdict.h"

/* Looks at the alerts of a plan every interval. */
struct alerts;

struct alerts *alerts_new(const struct plan *plan); /* NULL: there are none */
void alerts_free(struct alerts *alerts);
void alerts_look(struct alerts *alerts, const struct summary *summary);
/* malloc'ed, plan->alerts_n of them, as far as the intervals told; NULL: there are none. */
struct alert_record *alerts_records(const struct alerts *alerts);
