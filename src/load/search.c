#include "load/params.h"

#include <math.h>

#include "base/units.h"

/* A width below the chance that any measurement has would never be reached; a limit keeps a search from lasting for
 * days. */
#define WIDTH_LEAST 0.001
#define FACTOR_MOST 10

static const struct plan_key search_keys[] = {
	LEVEL_ABOVE_0_KEY(search, from, "from", "the first level: one that surely holds"),
	LEVEL_ABOVE_0_KEY(search, max, "max", "no level above it is tried"),
	LEVEL_KEY(search, min, "min", "",
		"where the first level breaks: no level below it is tried; 0: a hundredth of `from`"),
	{.name = "factor",
		.type = PLAN_NUMBER,
		.offset = offsetof(struct search, factor),
		.default_text = "2",
		.min = 1.01,
		.max = FACTOR_MOST,
		.help = "from one level to the next, until one breaks"},
	{.name = "width",
		.type = PLAN_RATIO,
		.offset = offsetof(struct search, width),
		.default_text = "5%",
		.min = WIDTH_LEAST,
		.max = 1,
		.help = "how far apart the last good level and the first broken one may be in the end"},
	TIME_KEY(search, every_ns, "every", "10s", "how long each level is measured"),
	TIME_KEY(search, settle_ns, "settle", "10s",
		"before that, at most: until the target is steady at the new level; not measured"),
	TIME_KEY(search, confirm_ns, "confirm", "30s",
		"how long the highest level that held is measured once more in the end; 0s: not at all"),
	TIME_KEY(search, limit_ns, "limit", "30m", "of the whole search: what is known by then is the answer"),
	PLAN_KEYS_END,
};

static bool
search_check(const void *params, struct error *err)
{
	const struct search *s = params;

	if (s->max < s->from)
		return error_set(
			err, "max: %g is below `from`, %g; the search begins at `from` and climbs", s->max, s->from);
	if (s->min > s->from)
		return error_set(err, "min: %g is above `from`, %g, where the search begins", s->min, s->from);
	if (s->limit_ns < s->settle_ns + s->every_ns)
		return error_set(
			err, "limit: not even one level of `settle` and `every` fits into it; write a longer one");
	return params_check_time("every", s->every_ns, err);
}

/* It goes on until whoever judges the levels has seen enough. */
static int64_t
search_duration_ns(const void *params)
{
	return ((const struct search *)params)->limit_ns;
}

static int64_t
first_end_ns(const struct search *s)
{
	return s->settle_ns + s->every_ns;
}

/* By itself it makes its first level, and then rests. */
static double
search_level_at(const void *params, int64_t t_ns)
{
	const struct search *s = params;

	return t_ns < first_end_ns(s) ? s->from : 0;
}

static double
search_arrivals_until(const void *params, int64_t t_ns)
{
	const struct search *s = params;

	return flat_arrivals_until(s->from, t_ns < first_end_ns(s) ? t_ns : first_end_ns(s));
}

static int64_t
search_when_ns(const void *params, double k)
{
	const struct search *s = params;
	int64_t t_ns = flat_when_ns(s->from, k);

	return t_ns < first_end_ns(s) ? t_ns : s->limit_ns;
}

static size_t
search_levels_count(const void *params)
{
	(void)params;
	return 1;
}

static struct level_span
search_level_span(const void *params, size_t i)
{
	const struct search *s = params;

	(void)i;
	return (struct level_span){s->settle_ns, first_end_ns(s), s->from};
}

static double
search_level_most(const void *params)
{
	return ((const struct search *)params)->max;
}

static double
search_level_peak(const void *params)
{
	return ((const struct search *)params)->max;
}

const struct shape_ops search_shape = {
	.is_stepped = true,
	.choice =
		{
			.name = "search",
			.help = "finds the load at which the target breaks: climbs, then closes in on it from both sides",
			.example = "{from: 40/s, max: 5000/s, width: 5%}",
			.keys = search_keys,
			.params_size = sizeof(struct search),
			.check = search_check,
		},
	.duration_ns = search_duration_ns,
	.level_at = search_level_at,
	.level_peak = search_level_peak,
	.arrivals_until = search_arrivals_until,
	.when_ns = search_when_ns,
	.levels_count = search_levels_count,
	.level_span = search_level_span,
	.level_most = search_level_most,
};
