#include "measure/advice.h"

const char *const grade_names[GRADE_COUNT] = {
	[GRADE_NONE] = "none",
	[GRADE_POOR] = "poor",
	[GRADE_ACCEPTABLE] = "acceptable",
	[GRADE_GOOD] = "good",
	[GRADE_EXCELLENT] = "excellent",
};
