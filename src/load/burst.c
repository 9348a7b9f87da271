#include "load/params.h"

#include <math.h>

#include "base/units.h"

static const struct plan_key burst_keys[] = {
	COUNT_KEY(burst, count, "count", NULL, "how many requests at once"),
	TIME_KEY(burst, every_ns, "every", "1s", "from one burst to the next, and after the last"),
	COUNT_KEY(burst, times, "times", "1", "how many bursts"),
	PLAN_KEYS_END,
};

static bool
burst_check(const void *params, struct error *err)
{
	const struct burst *b = params;

	if (b->count == 0)
		return error_set(err, "count: a burst of 0 sends nothing; write 1 or more");
	if (b->times == 0)
		return error_set(err, "times: 0 bursts send nothing; write 1 or more");
	if ((double)b->times * (double)b->every_ns > (double)LOAD_NS_MOST)
		return error_set(err, "times: that takes longer than a year");
	return params_check_time("every", b->every_ns, err);
}

static int64_t
burst_duration_ns(const void *params)
{
	const struct burst *b = params;

	return (int64_t)b->times * b->every_ns;
}

/* A burst has no rate of its own, only its mean. */
static double
burst_level_at(const void *params, int64_t t_ns)
{
	const struct burst *b = params;

	(void)t_ns;
	return (double)b->count / ((double)b->every_ns * 1e-9);
}

static double
burst_arrivals_until(const void *params, int64_t t_ns)
{
	const struct burst *b = params;
	int64_t bursts = t_ns / b->every_ns + (t_ns % b->every_ns > 0);

	return (double)b->count * (double)bursts;
}

static int64_t
burst_when_ns(const void *params, double k)
{
	const struct burst *b = params;
	double burst = floor(k / (double)b->count);

	return burst < (double)b->times ? (int64_t)burst * b->every_ns : burst_duration_ns(b);
}

/* As if there were always more of them: so it holds also where one burst follows another in a chain of stages. */
static double
burst_level_peak(const void *params)
{
	const struct burst *b = params;

	return (double)b->count * ceil((double)NS_PER_S / (double)b->every_ns);
}

const struct shape_ops burst_shape = {
	.choice =
		{
			.name = "burst",
			.help = "many requests at one moment, once or repeatedly",
			.example = "{count: 100, every: 1s, times: 10}",
			.keys = burst_keys,
			.params_size = sizeof(struct burst),
			.check = burst_check,
		},
	.is_timed = true,
	.duration_ns = burst_duration_ns,
	.level_at = burst_level_at,
	.level_peak = burst_level_peak,
	.arrivals_until = burst_arrivals_until,
	.when_ns = burst_when_ns,
};
