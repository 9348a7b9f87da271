#include "load/params.h"

bool
params_check_time(const char *key, int64_t time_ns, struct error *err)
{
	if (time_ns <= 0)
		return error_set(err, "%s: 0 is no time at all; write a time above 0 such as 30s", key);
	return true;
}

bool
params_check_end(const char *shape, int64_t for_ns, uint64_t count, struct error *err)
{
	if (for_ns == 0 && count == 0)
		return error_set(err, "%s has no end; write for: 30s or count: 1000", shape);
	return true;
}
