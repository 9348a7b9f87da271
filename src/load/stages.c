#include "load/params.h"

#include <math.h>

#include "base/check.h"
#include "plan/parse.h"

extern const struct shape_ops ramp_shape, steady_shape, concurrency_shape;

static const struct plan_chosen *
stages_at(const struct stages *s, size_t i)
{
	return (const struct plan_chosen *)s->chain.items + i;
}

/* How long a stage takes and how many arrivals it makes; false: it has no end that the chain could go on after. Where
 * its count ends it, that is where the area under its level reaches the count, whatever the spacing. */
static bool
stages_measure(const struct plan_chosen *stage, int64_t *duration_ns, double *arrivals, struct error *err)
{
	const struct shape_ops *shape = shape_of(stage);
	uint64_t count = shape->count_limit != NULL ? shape->count_limit(stage->params) : 0;
	int64_t counted_ns = count > 0 ? shape->when_ns(stage->params, (double)count) : INT64_MAX;

	*duration_ns = shape->duration_ns(stage->params);
	if (counted_ns < *duration_ns) {
		*duration_ns = counted_ns;
		*arrivals = (double)count;
		return true;
	}
	if (*duration_ns == INT64_MAX)
		return error_set(err, "a level of 0 never comes to its count; a pause takes a time such as for: 5s");
	*arrivals = shape->arrivals_until(stage->params, *duration_ns);
	return true;
}

/* How many requests users make depends on the server, so a count of theirs is nowhere in time. */
static bool
stages_check_users(
	const struct plan_context *context, const struct plan_node *node, const struct stages *s, struct error *err)
{
	for (size_t i = 0; i < s->chain.n && context->level_unit == LEVEL_UNIT_USERS; i++) {
		const struct plan_chosen *stage = stages_at(s, i);
		const struct shape_ops *shape = shape_of(stage);

		if (shape->count_limit != NULL && shape->count_limit(stage->params) > 0)
			return plan_error(node_at(node, i), err,
				"stage %zu: users in a stage end by a time such as for: 30s, not by a count", i + 1);
	}
	return true;
}

/* Stages that stand still, each above the one before: the search for a breaking point, judged plateau by plateau. Any
 * other chain is one load, judged as a whole. */
static bool
stages_are_stepped(const struct stages *s)
{
	double before = 0;

	for (size_t i = 0; i < s->chain.n; i++) {
		const struct plan_chosen *stage = stages_at(s, i);
		double level = shape_of(stage)->level_at(stage->params, 0);

		bool is_flat = shape_of(stage) == &steady_shape || shape_of(stage) == &concurrency_shape;

		if (!is_flat || level <= before)
			return false;
		before = level;
	}
	return s->chain.n > 1;
}

bool
stages_prepare(struct stages *stages, struct error *err)
{
	double ended_at = 0;

	for (size_t i = 0; i < stages->chain.n; i++) {
		const struct plan_chosen *stage = stages_at(stages, i);
		const struct shape_ops *shape = shape_of(stage);
		struct ramp *ramp = shape == &ramp_shape ? stage->params : NULL;
		int64_t duration_ns;
		double arrivals = 0;

		if (ramp != NULL && !ramp->has_from)
			ramp->line.from = ended_at;
		if (!stages_measure(stage, &duration_ns, &arrivals, err))
			return false;
		ended_at = shape->level_at(stage->params, duration_ns);
		stages->starts_ns[i + 1] = after_ns(stages->starts_ns[i], duration_ns);
		stages->arrivals[i + 1] = stages->arrivals[i] + arrivals;
	}
	if (stages->starts_ns[stages->chain.n] > LOAD_NS_MOST)
		return error_set(err, "the stages together take longer than a year");
	if (stages->arrivals[stages->chain.n] == 0)
		return error_set(err, "the stages send nothing; give one of them a level above 0");
	stages->is_stepped = stages_are_stepped(stages);
	return true;
}

static bool
stages_parse(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct stages *s = container_of(into, struct stages, chain);

	if (!plan_parse_chosen_list(context, node, into, err))
		return false;
	s->starts_ns = arena_alloc(context->arena, (s->chain.n + 1) * sizeof(*s->starts_ns));
	s->arrivals = arena_alloc(context->arena, (s->chain.n + 1) * sizeof(*s->arrivals));
	return stages_check_users(context, node, s, err) && stages_prepare(s, err);
}

/* The list may stand right under `stages`, as plan/ allows for the first row of any choice. */
static const struct plan_key stages_keys[] = {
	{
		.name = "chain",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct stages, chain),
		.help = "list of shapes, one after the other: {rate, for} and {to, over} stand for steady and ramp, "
			"{users, for} "
			"for concurrency, any other by its name; with count: 100 a stage ends when so many came, of "
			"Poisson "
			"arrivals on average",
		.form = "a list such as [{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]",
		.parse = stages_parse,
	},
	PLAN_KEYS_END,
};

static int64_t
stages_duration_ns(const void *params)
{
	const struct stages *s = params;

	return s->starts_ns[s->chain.n];
}

/* The last stage that begins at or before t, or before k. */
static size_t
stages_index_at(const struct stages *s, int64_t t_ns)
{
	size_t i = s->chain.n - 1;

	while (i > 0 && s->starts_ns[i] > t_ns)
		i--;
	return i;
}

static size_t
stages_index_of(const struct stages *s, double k)
{
	size_t i = s->chain.n - 1;

	while (i > 0 && s->arrivals[i] > k)
		i--;
	return i;
}

static double
stages_level_at(const void *params, int64_t t_ns)
{
	const struct stages *s = params;
	size_t i = stages_index_at(s, t_ns);
	const struct plan_chosen *stage = stages_at(s, i);

	return shape_of(stage)->level_at(stage->params, t_ns - s->starts_ns[i]);
}

static double
stages_arrivals_until(const void *params, int64_t t_ns)
{
	const struct stages *s = params;
	size_t i = stages_index_at(s, t_ns);
	const struct plan_chosen *stage = stages_at(s, i);

	return s->arrivals[i] + shape_of(stage)->arrivals_until(stage->params, t_ns - s->starts_ns[i]);
}

static int64_t
stages_when_ns(const void *params, double k)
{
	const struct stages *s = params;
	size_t i = stages_index_of(s, k);
	const struct plan_chosen *stage = stages_at(s, i);
	int64_t t_ns = after_ns(s->starts_ns[i], shape_of(stage)->when_ns(stage->params, k - s->arrivals[i]));

	return t_ns < s->starts_ns[i + 1] ? t_ns : s->starts_ns[i + 1];
}

static size_t
stages_levels_count(const void *params)
{
	const struct stages *s = params;

	return s->is_stepped ? s->chain.n : 1;
}

static struct level_span
stages_level_span(const void *params, size_t i)
{
	const struct stages *s = params;
	int64_t end_ns = stages_duration_ns(s);

	if (s->is_stepped)
		return (struct level_span){s->starts_ns[i], s->starts_ns[i + 1], stages_level_at(s, s->starts_ns[i])};
	return (struct level_span){0, end_ns, s->arrivals[s->chain.n] / ((double)end_ns * 1e-9)};
}

static double
stages_level_peak(const void *params)
{
	const struct stages *s = params;
	double peak = 0;

	for (size_t i = 0; i < s->chain.n; i++)
		peak = fmax(peak, shape_of(stages_at(s, i))->level_peak(stages_at(s, i)->params));
	return peak;
}

const struct shape_ops stages_shape = {
	.choice =
		{
			.name = "stages",
			.help = "a chain of any shapes",
			.example = "[{rate: 50/s, for: 10s}, {to: 200/s, over: 30s}]",
			.keys = stages_keys,
			.params_size = sizeof(struct stages),
		},
	.duration_ns = stages_duration_ns,
	.level_at = stages_level_at,
	.level_peak = stages_level_peak,
	.arrivals_until = stages_arrivals_until,
	.when_ns = stages_when_ns,
	.levels_count = stages_levels_count,
	.level_span = stages_level_span,
};
