#pragma once

#include "report/reporter.h"

/* A results directory read again: what its profile and its journal say, judged anew. */
struct results;

/* NULL with err set: there is no journal, or a line in its middle that cannot be read. */
struct results *results_read(const char *dir, struct error *err);
const struct report *results_report(const struct results *results);
void results_free(struct results *results);
