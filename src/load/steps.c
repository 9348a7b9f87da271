#include "load/params.h"

#include <math.h>

#define STEPS_MOST 1000

static const struct plan_key steps_keys[] = {
	LEVEL_ABOVE_0_KEY(steps, from, "from", "the first level"),
	LEVEL_KEY(steps, by, "by", NULL, "how much each level differs from the one before"),
	TIME_KEY(steps, every_ns, "every", NULL, "how long a level lasts"),
	LEVEL_ABOVE_0_KEY(steps, to, "to", "the last level, above or below the first; the last step is cut to it"),
	PLAN_KEYS_END,
};

/* The slack keeps 0.1 + 0.1 + … from making a last step of nothing. */
static size_t
steps_count(const void *params)
{
	const struct steps *s = params;

	if (s->from == s->to)
		return 1;
	return (size_t)ceil(fabs(s->to - s->from) / s->by - 1e-9) + 1;
}

static bool
steps_check(const void *params, struct error *err)
{
	const struct steps *s = params;

	if (s->from != s->to && !(s->by > 0))
		return error_set(err,
			"by: steps of 0 never come to %g; write a step above 0 (down, where `to` is below `from`)",
			s->to);
	if (s->from != s->to && fabs(s->to - s->from) / s->by > STEPS_MOST - 1)
		return error_set(err, "by: steps of %g from %g to %g are more than %d levels; write a greater step",
			s->by, s->from, s->to, STEPS_MOST);
	return params_check_time("every", s->every_ns, err);
}

static double
steps_level(const struct steps *s, size_t i)
{
	if (i + 1 >= steps_count(s))
		return s->to;
	return s->from + (s->to > s->from ? s->by : -s->by) * (double)i;
}

static int64_t
steps_duration_ns(const void *params)
{
	const struct steps *s = params;

	return (int64_t)steps_count(s) * s->every_ns;
}

static size_t
steps_index_at(const struct steps *s, int64_t t_ns)
{
	size_t i = (size_t)(t_ns / s->every_ns), n = steps_count(s);

	return i < n ? i : n - 1;
}

static double
steps_level_at(const void *params, int64_t t_ns)
{
	return steps_level(params, steps_index_at(params, t_ns));
}

/* Before level i: an arithmetic series. Only the last level may be off it, and it is before none. */
static double
steps_arrivals_before(const struct steps *s, size_t i)
{
	double n = (double)i, by = s->to > s->from ? s->by : -s->by;

	return flat_arrivals_until(n * s->from + by * (n * (n - 1) / 2), s->every_ns);
}

static double
steps_arrivals_until(const void *params, int64_t t_ns)
{
	const struct steps *s = params;
	size_t i = steps_index_at(s, t_ns);

	return steps_arrivals_before(s, i) + flat_arrivals_until(steps_level(s, i), t_ns - (int64_t)i * s->every_ns);
}

static int64_t
steps_when_ns(const void *params, double k)
{
	const struct steps *s = params;
	size_t first = 0, after = steps_count(s);

	while (after - first > 1) {
		size_t middle = first + (after - first) / 2;

		if (steps_arrivals_before(s, middle) <= k)
			first = middle;
		else
			after = middle;
	}

	const struct line level = {steps_level(s, first), steps_level(s, first), s->every_ns};

	return (int64_t)first * s->every_ns + line_when_ns(&level, k - steps_arrivals_before(s, first));
}

static struct level_span
steps_level_span(const void *params, size_t i)
{
	const struct steps *s = params;
	int64_t start_ns = (int64_t)i * s->every_ns;

	return (struct level_span){start_ns, start_ns + s->every_ns, steps_level(s, i)};
}

static double
steps_level_peak(const void *params)
{
	const struct steps *s = params;

	return fmax(s->from, s->to);
}

const struct shape_ops steps_shape = {
	.is_stepped = true,
	.choice =
		{
			.name = "steps",
			.help = "plateaus, each higher (or lower) than the one before: finds the breaking point",
			.example = "{from: 50/s, by: 20/s, every: 30s, to: 300/s}",
			.keys = steps_keys,
			.params_size = sizeof(struct steps),
			.check = steps_check,
		},
	.duration_ns = steps_duration_ns,
	.level_at = steps_level_at,
	.level_peak = steps_level_peak,
	.arrivals_until = steps_arrivals_until,
	.when_ns = steps_when_ns,
	.levels_count = steps_count,
	.level_span = steps_level_span,
};
