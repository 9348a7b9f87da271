#include "load/params.h"

#include <math.h>

static const struct plan_key spike_keys[] = {
	LEVEL_KEY(spike, base, "base", NULL, "level before, between and after"),
	LEVEL_KEY(spike, peak, "peak", NULL, "level during a spike"),
	TIME_KEY(spike, before_ns, "before", NULL, "how long at the base first"),
	TIME_KEY(spike, during_ns, "during", NULL, "how long a spike lasts"),
	TIME_KEY(spike, after_ns, "after", NULL, "how long at the base last: time to recover"),
	COUNT_KEY(spike, repeat, "repeat", "1", "how many spikes"),
	TIME_KEY(spike, every_ns, "every", "", "from the start of a spike to the start of the next"),
	PLAN_KEYS_END,
};

static int64_t
spike_duration_ns(const void *params)
{
	const struct spike *s = params;

	return s->before_ns + (int64_t)(s->repeat - 1) * s->every_ns + s->during_ns + s->after_ns;
}

static bool
spike_check(const void *params, struct error *err)
{
	const struct spike *s = params;

	if (s->repeat == 0)
		return error_set(err, "repeat: 0 spikes are none; write 1 or more");
	if (s->repeat > 1 && s->every_ns < s->during_ns)
		return error_set(err,
			"every: spikes that repeat need a time from one's start to the next's, no less than `during`");
	if ((double)s->repeat * (double)s->every_ns > (double)LOAD_NS_MOST)
		return error_set(err, "repeat: that takes longer than a year");
	return params_check_time("during", s->during_ns, err);
}

/* Time spent in spikes up to t. */
static int64_t
spike_peak_ns(const struct spike *s, int64_t t_ns)
{
	int64_t since_ns = t_ns - s->before_ns;

	if (since_ns <= 0)
		return 0;
	int64_t spikes = s->repeat > 1 ? since_ns / s->every_ns : 0;

	if (spikes >= (int64_t)s->repeat)
		return (int64_t)s->repeat * s->during_ns;
	int64_t inside_ns = since_ns - spikes * s->every_ns;

	return spikes * s->during_ns + (inside_ns < s->during_ns ? inside_ns : s->during_ns);
}

static double
spike_level_at(const void *params, int64_t t_ns)
{
	const struct spike *s = params;

	return spike_peak_ns(s, t_ns + 1) > spike_peak_ns(s, t_ns) ? s->peak : s->base;
}

static double
spike_arrivals_until(const void *params, int64_t t_ns)
{
	const struct spike *s = params;
	int64_t peak_ns = spike_peak_ns(s, t_ns);

	return flat_arrivals_until(s->base, t_ns - peak_ns) + flat_arrivals_until(s->peak, peak_ns);
}

/* Where k is left of the first spike, or else which spike it comes after or falls into. */
static int64_t
spike_when_ns(const void *params, double k)
{
	const struct spike *s = params;
	int64_t duration_ns = spike_duration_ns(s);
	double total = spike_arrivals_until(s, duration_ns);
	double before = flat_arrivals_until(s->base, s->before_ns);

	if (k >= total - arrivals_slack(total))
		return duration_ns;
	if (k < before)
		return flat_when_ns(s->base, k);

	double in_spike = flat_arrivals_until(s->peak, s->during_ns);
	double between = s->repeat > 1 ? flat_arrivals_until(s->base, s->every_ns - s->during_ns) : 0;
	double spike = fmin(floor((k - before) / (in_spike + between)), (double)(s->repeat - 1));
	double rest = k - before - spike * (in_spike + between);
	int64_t start_ns = s->before_ns + (int64_t)spike * s->every_ns;

	if (rest < in_spike)
		return start_ns + flat_when_ns(s->peak, rest);
	return start_ns + s->during_ns + flat_when_ns(s->base, rest - in_spike);
}

static double
spike_level_peak(const void *params)
{
	const struct spike *s = params;

	return fmax(s->base, s->peak);
}

const struct shape_ops spike_shape = {
	.choice =
		{
			.name = "spike",
			.help = "a base level with one spike or several",
			.example = "{base: 10/s, peak: 100/s, before: 30s, during: 10s, after: 30s}",
			.keys = spike_keys,
			.params_size = sizeof(struct spike),
			.check = spike_check,
		},
	.duration_ns = spike_duration_ns,
	.level_at = spike_level_at,
	.level_peak = spike_level_peak,
	.arrivals_until = spike_arrivals_until,
	.when_ns = spike_when_ns,
};
