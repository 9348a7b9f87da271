#include "load/params.h"

#include <math.h>

#include "base/units.h"

static const struct plan_key sine_keys[] = {
	LEVEL_ABOVE_0_KEY(sine, mean, "mean", "the level that it swings around"),
	LEVEL_KEY(sine, amplitude, "amplitude", NULL, "how far it swings up and down; at most the mean"),
	TIME_KEY(sine, period_ns, "period", NULL, "how long one swing takes"),
	TIME_KEY(sine, for_ns, "for", "", "how long in all"),
	COUNT_KEY(sine, count, "count", "", "how many requests, instead of or besides `for`: whichever ends first"),
	PLAN_KEYS_END,
};

static bool
sine_check(const void *params, struct error *err)
{
	const struct sine *s = params;

	if (s->amplitude > s->mean)
		return error_set(err, "amplitude: %g is more than the mean of %g, so that the level would fall below 0",
			s->amplitude, s->mean);
	return params_check_time("period", s->period_ns, err) && params_check_end("sine", s->for_ns, s->count, err);
}

static int64_t
sine_duration_ns(const void *params)
{
	const struct sine *s = params;

	return s->for_ns > 0 ? s->for_ns : INT64_MAX;
}

/* The angle within the period, in ns: whole periods are left out before anything is rounded. */
static double
sine_angle(const struct sine *s, double in_period_ns)
{
	return 2 * M_PI * in_period_ns / (double)s->period_ns;
}

static double
sine_level(const struct sine *s, double in_period_ns)
{
	return fmax(0, s->mean + s->amplitude * sin(sine_angle(s, in_period_ns)));
}

static double
sine_level_at(const void *params, int64_t t_ns)
{
	const struct sine *s = params;

	return sine_level(s, (double)(t_ns % s->period_ns));
}

/* ∫ mean + A sin ωt = mean t + A/ω (1 − cos ωt), and 1 − cos x = 2 sin² x/2 without its cancellation near 0. */
static double
sine_area(const struct sine *s, double in_period_ns)
{
	double half = sin(sine_angle(s, in_period_ns) / 2);

	return s->mean * in_period_ns / (double)NS_PER_S + s->amplitude * ns_to_s(s->period_ns) / M_PI * half * half;
}

static double
sine_arrivals_until(const void *params, int64_t t_ns)
{
	const struct sine *s = params;
	double per_period = flat_arrivals_until(s->mean, s->period_ns);
	int64_t periods = t_ns / s->period_ns;

	return (double)periods * per_period + sine_area(s, (double)(t_ns % s->period_ns));
}

/* Newton's step from within a bracket that it may not leave: where the level is near 0 it would, and is halved instead.
 */
static double
sine_solve_ns(const struct sine *s, double area)
{
	double low_ns = 0, high_ns = (double)s->period_ns;
	double t_ns = area / s->mean * (double)NS_PER_S;

	while (high_ns - low_ns > 0.25) {
		if (!(t_ns > low_ns && t_ns < high_ns)) {
			double middle_ns = low_ns + (high_ns - low_ns) / 2;

			if (middle_ns <= low_ns || middle_ns >= high_ns)
				break; /* neighbours: a double has no finer time */
			t_ns = middle_ns;
		}

		double off = sine_area(s, t_ns) - area;

		if (off > 0)
			high_ns = t_ns;
		else
			low_ns = t_ns;
		double step_ns = off / sine_level(s, t_ns) * (double)NS_PER_S;

		if (fabs(step_ns) < 0.25)
			return t_ns - step_ns;
		t_ns -= step_ns;
	}
	return low_ns;
}

static int64_t
sine_when_ns(const void *params, double k)
{
	const struct sine *s = params;
	double per_period = flat_arrivals_until(s->mean, s->period_ns);
	double periods = floor(k / per_period);
	int64_t end_ns = sine_duration_ns(params), whole_periods = end_ns / s->period_ns;

	if (k <= 0)
		return 0;
	if (periods > (double)whole_periods || !(periods < 9e18))
		return end_ns;
	int64_t t_ns =
		after_ns((int64_t)periods * s->period_ns, llround(sine_solve_ns(s, fma(-periods, per_period, k))));

	return t_ns < end_ns ? t_ns : end_ns;
}

static uint64_t
sine_count_limit(const void *params)
{
	const struct sine *s = params;

	return s->count;
}

static double
sine_level_peak(const void *params)
{
	const struct sine *s = params;

	return s->mean + s->amplitude;
}

const struct shape_ops sine_shape = {
	.choice =
		{
			.name = "sine",
			.help = "swings around a mean, as the hours of a day do",
			.example = "{mean: 100/s, amplitude: 50/s, period: 1m, for: 10m}",
			.keys = sine_keys,
			.params_size = sizeof(struct sine),
			.check = sine_check,
		},
	.duration_ns = sine_duration_ns,
	.level_at = sine_level_at,
	.level_peak = sine_level_peak,
	.arrivals_until = sine_arrivals_until,
	.when_ns = sine_when_ns,
	.count_limit = sine_count_limit,
};
