#pragma once

#include <stdbool.h>
#include <stddef.h>

/* UNIT_TIME … in the order of unit.def */
enum plan_unit {
#define UNIT(NAME, result_name, kind, how) UNIT_##NAME,
#include "plan/unit.def"
#undef UNIT
	UNIT_COUNT_OF_ROWS
};

struct unit_row {
	const char *name; /* in results: "ns" */
	const char *kind; /* in the reference: "time" */
	const char *form; /* what would be right where it is none */
	/* Wholly and exactly, in base units: ns, 0..1, per s, bytes. A change may be below 0. */
	bool (*parse)(const char *text, double *value);
	void (*print)(double value, char *into, size_t size); /* of a finite value */
};

extern const struct unit_row unit_rows[UNIT_COUNT_OF_ROWS];
