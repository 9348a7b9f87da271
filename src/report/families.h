#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "report/reporter.h"

/* The figures of a run as databases of metrics take them: families of samples that labels tell apart. What is not known
 * has no sample. Each family's samples come one after the other, and so do its summaries'. */

#define FAMILY_LABELS_MAX 4
#define FAMILY_NAME_MAX 96
#define FAMILY_PREFIX "brunt_"

struct family_label {
	const char *name, *value; /* the value as somebody said it: not escaped */
};

enum family_part { FAMILY_VALUE, FAMILY_SUM, FAMILY_COUNT }; /* the latter two: of a summary */

struct family_sample {
	char name[FAMILY_NAME_MAX]; /* of its family, with the prefix */
	const char *unit, *help;
	bool is_summary; /* quantiles of a distribution, its sum and its count */
	enum family_part part;
	struct family_label labels[FAMILY_LABELS_MAX]; /* the first is the profile */
	size_t labels_n;
	double value; /* finite */
};

struct family_sink {
	void (*take)(void *context, const struct family_sample *sample);
	void *context;
};

void families_tell(const struct report *report, const struct family_sink *sink);

/* "0.1", "12345678901": as many digits as bring the number back, and no more. */
const char *family_number(double value, char into[32]);
