#include "load/params.h"

#include <math.h>

static const struct plan_key concurrency_keys[] = {
	LEVEL_KEY(concurrency, users, "users", NULL,
		"how many users, each sending its next request when the last one was answered"),
	TIME_KEY(concurrency, for_ns, "for", "", "how long"),
	COUNT_KEY(concurrency, iterations, "iterations", "",
		"how many requests in all, instead of or besides `for`: whichever ends first"),
	PLAN_KEYS_END,
};

static bool
concurrency_check(const void *params, struct error *err)
{
	const struct concurrency *c = params;

	if (c->users < 1 || c->users != floor(c->users))
		return error_set(err, "users: %g is not a number of users; write a whole number from 1", c->users);
	if (c->for_ns == 0 && c->iterations == 0)
		return error_set(err, "concurrency has no end; write for: 30s or iterations: 1000");
	return true;
}

static int64_t
concurrency_duration_ns(const void *params)
{
	const struct concurrency *c = params;

	return c->for_ns > 0 ? c->for_ns : INT64_MAX;
}

static double
concurrency_level_at(const void *params, int64_t t_ns)
{
	const struct concurrency *c = params;

	(void)t_ns;
	return c->users;
}

/* User-seconds: what a closed loop's levels are averaged by. */
static double
concurrency_arrivals_until(const void *params, int64_t t_ns)
{
	const struct concurrency *c = params;

	return flat_arrivals_until(c->users, t_ns);
}

static int64_t
concurrency_when_ns(const void *params, double k)
{
	const struct concurrency *c = params;
	int64_t t_ns = flat_when_ns(c->users, k), end_ns = concurrency_duration_ns(params);

	return t_ns < end_ns ? t_ns : end_ns;
}

static uint64_t
concurrency_count_limit(const void *params)
{
	const struct concurrency *c = params;

	return c->iterations;
}

static double
concurrency_level_peak(const void *params)
{
	return ((const struct concurrency *)params)->users;
}

const struct shape_ops concurrency_shape = {
	.choice =
		{
			.name = "concurrency",
			.help = "closed loop: a fixed number of users",
			.example = "{users: 64, for: 30s}",
			.keys = concurrency_keys,
			.params_size = sizeof(struct concurrency),
			.check = concurrency_check,
			.flat_key = "users",
		},
	.duration_ns = concurrency_duration_ns,
	.level_at = concurrency_level_at,
	.level_peak = concurrency_level_peak,
	.arrivals_until = concurrency_arrivals_until,
	.when_ns = concurrency_when_ns,
	.count_limit = concurrency_count_limit,
};
