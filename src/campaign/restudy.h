#pragma once

#include "report/reporter.h"

/* An experiment that is over, or was killed, read again: what its runs left, and what they say together. */
struct restudied;

/* dir: its results. NULL with err set: it is none, or of a canary, whose stages were judged as they came; a run that
 * left no result counts as not run. */
struct restudied *restudy(const char *dir, const struct plan_tables *tables, struct error *err);
void restudied_free(struct restudied *restudied);

const struct report *restudied_report(const struct restudied *restudied);
/* What it said of itself when it ended; NULL: it did not. */
const struct against_run *restudied_about(const struct restudied *restudied);
