#pragma once

#include <stdbool.h>

#include "report/reporter.h"

struct printing {
	bool is_json, is_quiet;
	const char *events_path; /* NULL: none */
};

/* The report for people, and with --json the result. stdout belongs to --json or to --events -; the report goes to
 * stderr then. False with errno set: some of it could not be written. */
bool conclude_print(const struct report *report, const struct printing *printing);
