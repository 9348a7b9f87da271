#include "measure/comparison.h"

#include <math.h>
#include <stdio.h>

const char *const comparison_status_names[COMPARISON_STATUS_COUNT] = {
	[COMPARISON_NOISE] = "noise",
	[COMPARISON_UNSURE] = "unsure",
	[COMPARISON_SMALL_REGRESSION] = "small_regression",
	[COMPARISON_REGRESSION] = "regression",
	[COMPARISON_SMALL_IMPROVEMENT] = "small_improvement",
	[COMPARISON_IMPROVEMENT] = "improvement",
	[COMPARISON_NA] = "na",
};

const char *
comparison_failed_text(const struct comparison *comparison, char *into, size_t size)
{
	size_t length = 0, n = 0;

	into[0] = '\0';
	for (size_t i = 0; i < comparison->rows_n && length < size; i++) {
		const struct comparison_row *row = &comparison->rows[i];

		if (!row->is_gated || row->status != COMPARISON_REGRESSION)
			continue;
		length += (size_t)snprintf(
			into + length, size - length, "%s%s ", n++ == 0 ? "Failed metrics: " : ", ", row->name);
		if (length < size && isfinite(row->delta_rel))
			length += (size_t)snprintf(into + length, size - length, "%+.1f%% (threshold %.3g%%)",
				row->delta_rel * 100, row->tolerance * 100);
		else if (length < size)
			length += (size_t)snprintf(into + length, size - length,
				"beyond all percents (threshold %.3g%%)", row->tolerance * 100);
	}
	return into;
}
