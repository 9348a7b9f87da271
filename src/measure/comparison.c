#include "measure/comparison.h"

const char *const comparison_status_names[COMPARISON_STATUS_COUNT] = {
	[COMPARISON_NOISE] = "noise",
	[COMPARISON_UNSURE] = "unsure",
	[COMPARISON_SMALL_REGRESSION] = "small_regression",
	[COMPARISON_REGRESSION] = "regression",
	[COMPARISON_SMALL_IMPROVEMENT] = "small_improvement",
	[COMPARISON_IMPROVEMENT] = "improvement",
	[COMPARISON_NA] = "na",
};
