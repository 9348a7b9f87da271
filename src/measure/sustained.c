#include "measure/sustained.h"

#include <math.h>

const char *const memory_course_names[] = {
	[MEMORY_UNKNOWN] = "unknown",
	[MEMORY_FLAT] = "flat",
	[MEMORY_LEAK] = "leak",
	[MEMORY_WARM_UP] = "warm_up",
	[MEMORY_SHRINKS] = "shrinks",
};

double
drift_value(const struct drift *drift)
{
	if (drift->windows == 0)
		return NAN;
	return drift->is_trend ? drift->change : 0;
}

double
sustained_memory_slope(const struct sustained *sustained)
{
	switch (sustained->memory_course) {
	case MEMORY_LEAK:
	case MEMORY_SHRINKS: return sustained->memory.per_h;
	case MEMORY_FLAT:
	case MEMORY_WARM_UP: return 0;
	case MEMORY_UNKNOWN: break;
	}
	return NAN;
}

double
sustained_memory_growth(const struct sustained *sustained)
{
	return sustained->memory.first > 0 ? sustained_memory_slope(sustained) / sustained->memory.first : NAN;
}
