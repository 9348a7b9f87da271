#include "load/params.h"

#include <math.h>

#include "base/check.h"
#include "plan/parse.h"

/* Like any level, but remembers that it was given: a chain of stages fills in those that were not. */
static bool
ramp_parse_from(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	static const struct plan_key from = LEVEL_KEY(ramp, line.from, "from", NULL, "");
	struct ramp *r = container_of(into, struct ramp, line.from);

	r->has_from = true;
	return plan_parse_value(context, node, &from, r, err);
}

static const struct plan_key ramp_keys[] = {
	{
		.name = "from",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct ramp, line.from),
		.default_text = "",
		.help = "level at the start; without it 0 or, in a stage, where the stage before ended",
		.form = "a rate or users",
		.parse = ramp_parse_from,
	},
	LEVEL_KEY(ramp, line.to, "to", NULL, "level at the end"),
	TIME_KEY(ramp, line.over_ns, "over", NULL, "how long the change takes"),
	PLAN_KEYS_END,
};

static bool
ramp_check(const void *params, struct error *err)
{
	const struct ramp *r = params;

	return params_check_time("over", r->line.over_ns, err);
}

static int64_t
ramp_duration_ns(const void *params)
{
	const struct ramp *r = params;

	return r->line.over_ns;
}

static double
ramp_level_at(const void *params, int64_t t_ns)
{
	const struct ramp *r = params;

	return line_level_at(&r->line, t_ns);
}

static double
ramp_arrivals_until(const void *params, int64_t t_ns)
{
	const struct ramp *r = params;

	return line_arrivals_until(&r->line, t_ns);
}

static int64_t
ramp_when_ns(const void *params, double k)
{
	const struct ramp *r = params;

	return line_when_ns(&r->line, k);
}

static double
ramp_level_peak(const void *params)
{
	const struct ramp *r = params;

	return fmax(r->line.from, r->line.to);
}

const struct shape_ops ramp_shape = {
	.choice =
		{
			.name = "ramp",
			.help = "the level changes evenly from one value to another, up or down",
			.example = "{from: 10/s, to: 500/s, over: 2m}",
			.keys = ramp_keys,
			.params_size = sizeof(struct ramp),
			.check = ramp_check,
			.flat_key = "to",
		},
	.duration_ns = ramp_duration_ns,
	.level_at = ramp_level_at,
	.level_peak = ramp_level_peak,
	.arrivals_until = ramp_arrivals_until,
	.when_ns = ramp_when_ns,
};
