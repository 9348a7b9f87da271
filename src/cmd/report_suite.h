#pragma once

#include "report/reporter.h"

/* `brunt report` of a suite's directory: its documents, made of its suite.json, as far as the suite came. */
bool report_suite_is(const char *dir);

/* To stdout, or into out_dir where that is not NULL; returns the exit code. */
int report_suite(const char *dir, const struct document_list *documents, const char *out_dir);
