#include "load/params.h"

bool
params_check_level(const char *key, double level, struct error *err)
{
	if (!(level > 0))
		return error_set(err, "%s: 0 sends nothing; write a rate above 0 such as 50/s, or '10 users'", key);
	return true;
}

bool
params_check_time(const char *key, int64_t time_ns, struct error *err)
{
	if (time_ns <= 0)
		return error_set(err, "%s: 0 is no time at all; write a time above 0 such as 30s", key);
	return true;
}
