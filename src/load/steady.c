#include "load/params.h"

static const struct plan_key steady_keys[] = {
	LEVEL_KEY(steady, level, "rate", NULL, "how much, all the time: 50/s, or '10 users' for a closed loop"),
	TIME_KEY(steady, for_ns, "for", "", "how long"),
	COUNT_KEY(steady, count, "count", "", "how many requests, instead of or besides `for`: whichever ends first"),
	PLAN_KEYS_END,
};

static bool
steady_check(const void *params, struct error *err)
{
	const struct steady *s = params;

	/* A level of 0 is a pause between stages; plan/ refuses it where it is all there is. */
	return params_check_end("steady", s->for_ns, s->count, err);
}

static int64_t
steady_duration_ns(const void *params)
{
	const struct steady *s = params;

	return s->for_ns > 0 ? s->for_ns : INT64_MAX;
}

static double
steady_level_at(const void *params, int64_t t_ns)
{
	const struct steady *s = params;

	(void)t_ns;
	return s->level;
}

static double
steady_arrivals_until(const void *params, int64_t t_ns)
{
	const struct steady *s = params;

	return flat_arrivals_until(s->level, t_ns);
}

static int64_t
steady_when_ns(const void *params, double k)
{
	const struct steady *s = params;
	int64_t t_ns = flat_when_ns(s->level, k), end_ns = steady_duration_ns(params);

	return t_ns < end_ns ? t_ns : end_ns;
}

static uint64_t
steady_count_limit(const void *params)
{
	const struct steady *s = params;

	return s->count;
}

static double
steady_level_peak(const void *params)
{
	return ((const struct steady *)params)->level;
}

const struct shape_ops steady_shape = {
	.choice =
		{
			.name = "steady",
			.help = "the same level all the time",
			.example = "{rate: 1000/s, for: 30s}",
			.keys = steady_keys,
			.params_size = sizeof(struct steady),
			.check = steady_check,
			.flat_key = "rate",
		},
	.duration_ns = steady_duration_ns,
	.level_at = steady_level_at,
	.level_peak = steady_level_peak,
	.arrivals_until = steady_arrivals_until,
	.when_ns = steady_when_ns,
	.count_limit = steady_count_limit,
};
