#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "target/options.h"

/* The flags of `brunt target` as a table: one row, one flag, one field. */
struct option_row {
	const char *name, *form; /* form NULL: a flag without a value, given "" */
	const char *help;
	/* Reads one value into the field it is given. */
	bool (*parse)(const char *text, void *field, struct error *err);
	size_t offset; /* of the field in struct target_options */
};

extern const struct option_row option_rows[]; /* ended by a null name */

/* A flag of --llm's: its field lies within target_options.llm. */
bool option_row_is_llm(const struct option_row *row);
