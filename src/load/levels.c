#include "load/params.h"

#include <math.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/parse.h"

#define LEVELS_MOST 1000

static const struct plan_key level_key = {.name = "at", .type = PLAN_LEVEL, .max = LEVEL_MOST, .is_above_0 = true};

/* `into` is the list's field; what stands before each level is filled in when all of it is known. */
static bool
levels_parse(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct levels *s = container_of(into, struct levels, at);

	if (node->kind != NODE_LIST || node->n == 0 || node->n > LEVELS_MOST)
		return plan_error(
			node, err, "at: give 1 to %d levels, such as [1 users, 5 users, 20 users]", LEVELS_MOST);
	s->n = node->n;
	s->at = arena_alloc(context->arena, s->n * sizeof(*s->at));
	s->before = arena_alloc(context->arena, (s->n + 1) * sizeof(*s->before));
	for (size_t i = 0; i < s->n; i++)
		if (!plan_parse_value(context, node_at(node, i), &level_key, &s->at[i], err))
			return false;
	return true;
}

static const struct plan_key levels_keys[] = {
	{
		.name = "at",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct levels, at),
		.help = "the levels, in order: rates, or users",
		.form = "a list of levels such as [1 users, 5 users, 20 users]",
		.parse = levels_parse,
	},
	TIME_KEY(levels, every_ns, "every", NULL, "how long a level lasts"),
	PLAN_KEYS_END,
};

bool
levels_prepare(const struct levels *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->before[i + 1] = s->before[i] + flat_arrivals_until(s->at[i], s->every_ns);
	return s->n > 0;
}

static bool
levels_check(const void *params, struct error *err)
{
	const struct levels *s = params;

	return params_check_time("every", s->every_ns, err) && levels_prepare(s);
}

static size_t
levels_count(const void *params)
{
	const struct levels *s = params;

	return s->n;
}

static int64_t
levels_duration_ns(const void *params)
{
	const struct levels *s = params;

	return (int64_t)s->n * s->every_ns;
}

static size_t
levels_index_at(const struct levels *s, int64_t t_ns)
{
	size_t i = (size_t)(t_ns / s->every_ns);

	return i < s->n ? i : s->n - 1;
}

static double
levels_level_at(const void *params, int64_t t_ns)
{
	const struct levels *s = params;

	return s->at[levels_index_at(s, t_ns)];
}

static double
levels_arrivals_until(const void *params, int64_t t_ns)
{
	const struct levels *s = params;
	size_t i = levels_index_at(s, t_ns);

	return s->before[i] + flat_arrivals_until(s->at[i], t_ns - (int64_t)i * s->every_ns);
}

static int64_t
levels_when_ns(const void *params, double k)
{
	const struct levels *s = params;
	size_t first = 0, after = s->n;

	while (after - first > 1) {
		size_t middle = first + (after - first) / 2;

		if (s->before[middle] <= k)
			first = middle;
		else
			after = middle;
	}

	const struct line level = {s->at[first], s->at[first], s->every_ns};

	return (int64_t)first * s->every_ns + line_when_ns(&level, k - s->before[first]);
}

static struct level_span
levels_level_span(const void *params, size_t i)
{
	const struct levels *s = params;
	int64_t start_ns = (int64_t)i * s->every_ns;

	return (struct level_span){start_ns, start_ns + s->every_ns, s->at[i]};
}

static double
levels_level_peak(const void *params)
{
	const struct levels *s = params;
	double peak = 0;

	for (size_t i = 0; i < s->n; i++)
		peak = fmax(peak, s->at[i]);
	return peak;
}

const struct shape_ops levels_shape = {
	.is_stepped = true,
	.choice =
		{
			.name = "levels",
			.help = "plateaus at chosen levels: finds the breaking point, as steps does",
			.example = "{at: [1 users, 5 users, 20 users], every: 5m}",
			.keys = levels_keys,
			.params_size = sizeof(struct levels),
			.check = levels_check,
		},
	.duration_ns = levels_duration_ns,
	.level_at = levels_level_at,
	.level_peak = levels_level_peak,
	.arrivals_until = levels_arrivals_until,
	.when_ns = levels_when_ns,
	.levels_count = levels_count,
	.level_span = levels_level_span,
};
