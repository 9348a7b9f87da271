#include "campaign/ceiling.h"

#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "load/schedule.h"
#include "plan/canary.h"

/* What a person may write is exact to some digits; what is made of it by doubles is not. */
#define SLACK 1e-9

static int64_t
add_ns(int64_t a_ns, int64_t b_ns)
{
	int64_t sum_ns;

	return __builtin_add_overflow(a_ns, b_ns, &sum_ns) ? INT64_MAX : sum_ns;
}

static int64_t
times_ns(int64_t a_ns, uint64_t times)
{
	int64_t product_ns;

	return times > INT64_MAX || __builtin_mul_overflow(a_ns, (int64_t)times, &product_ns) ? INT64_MAX : product_ns;
}

static double
scenario_level(const struct plan_scenario *scenario)
{
	const struct plan_load *load = &scenario->load;
	double level = shape_of(&load->shape)->level_peak(load->shape.params);

	return load->in_users || scenario->flow == NULL ? level : level * (double)scenario->requests_n;
}

static void
measure_plan(const struct plan *plan, struct ceiling_wants *wants)
{
	int64_t longest_ns = 0;

	*wants = (struct ceiling_wants){.connections = plan->target.connections};
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_scenario *scenario = &plan->scenarios[i];
		struct schedule schedule;

		schedule_init(&schedule, &scenario->load, plan->seed);
		longest_ns = schedule_end_ns(&schedule) > longest_ns ? schedule_end_ns(&schedule) : longest_ns;
		if (scenario->load.in_users)
			wants->users += (uint64_t)llround(scenario_level(scenario));
		else
			wants->rate_per_s += scenario_level(scenario);
	}
	wants->duration_ns = add_ns(plan->idle_baseline_ns, longest_ns);
}

/* One after the other: the time adds up, and of the rest the most counts. */
static void
follow(struct ceiling_wants *wants, const struct ceiling_wants *next, uint64_t times)
{
	wants->rate_per_s = fmax(wants->rate_per_s, next->rate_per_s);
	wants->users = next->users > wants->users ? next->users : wants->users;
	wants->connections = next->connections > wants->connections ? next->connections : wants->connections;
	wants->duration_ns = add_ns(wants->duration_ns, times_ns(next->duration_ns, times));
}

/* The sides of a split run at the same time, each with its share of one load, but connections of its own; the stages of
 * a canary last as long as each of them says. */
static void
measure_split(const struct plan_experiment *experiment, struct ceiling_wants *wants)
{
	struct ceiling_wants whole, side;

	measure_plan(experiment->arms[0].plan, &whole);
	whole.connections = 0;
	for (size_t i = 0; i < experiment->arms_n; i++) {
		measure_plan(experiment->arms[i].plan, &side);
		whole.connections += side.connections;
		whole.duration_ns = side.duration_ns > whole.duration_ns ? side.duration_ns : whole.duration_ns;
	}
	if (experiment->canary == NULL) {
		follow(wants, &whole, experiment->repeats);
		return;
	}
	for (size_t i = 0; i < experiment->canary->stages_n; i++) {
		whole.duration_ns = experiment->canary->stages[i].hold_ns;
		follow(wants, &whole, 1);
	}
}

void
ceiling_measure(const struct plan_experiment *experiment, struct ceiling_wants *wants)
{
	*wants = (struct ceiling_wants){0};
	if (experiment->order == ORDER_TOGETHER) {
		measure_split(experiment, wants);
		return;
	}
	for (size_t i = 0; i < experiment->arms_n; i++) {
		struct ceiling_wants of_arm;

		measure_plan(experiment->arms[i].plan, &of_arm);
		follow(wants, &of_arm, experiment->repeats);
	}
}

void
ceiling_measure_suite(const struct plan_suite *suite, struct ceiling_wants *wants)
{
	*wants = (struct ceiling_wants){0};
	for (size_t i = 0; i < suite->items_n; i++) {
		struct ceiling_wants item;

		ceiling_measure(suite->items[i].experiment, &item);
		follow(wants, &item, 1);
	}
	if (suite->limit_ns > 0 && suite->limit_ns < wants->duration_ns)
		wants->duration_ns = suite->limit_ns;
}

static bool
refuse_at(const struct plan *plan, const struct plan_said *said, struct error *err)
{
	if (said != NULL && said->line > 0)
		return error_place(err, said->file, said->line, said->column);
	return error_place(err, plan->path, 0, 0);
}

/* The scenario that asks for the most is the one whose line is named. */
static const struct plan_scenario *
find_highest(const struct plan *plan, bool in_users)
{
	const struct plan_scenario *highest = NULL;

	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_scenario *scenario = &plan->scenarios[i];

		if (scenario->load.in_users == in_users &&
			(highest == NULL || scenario_level(scenario) > scenario_level(highest)))
			highest = scenario;
	}
	return highest;
}

static const char *
together_text(const struct plan *plan, const struct plan_scenario *scenario, char *into, size_t size)
{
	bool is_flow = scenario->flow != NULL && !scenario->load.in_users;

	snprintf(into, size, "%s%s", plan->scenarios_n > 1 ? ", all scenarios together," : "",
		is_flow ? " by the steps of its flow" : "");
	return into;
}

static bool
check_levels(
	const struct ceilings *ceilings, const struct plan *plan, const struct ceiling_wants *wants, struct error *err)
{
	bool is_rate = ceilings->rate_per_s > 0 && wants->rate_per_s > ceilings->rate_per_s * (1 + SLACK);
	bool is_users = ceilings->users > 0 && wants->users > ceilings->users;
	char together[96];

	if (!is_rate && !is_users)
		return true;
	const struct plan_scenario *scenario = find_highest(plan, !is_rate);

	together_text(plan, scenario, together, sizeof(together));
	if (is_rate)
		error_set(err, "load.%s: %.10g/s at its highest%s is more than the operator's ceiling of %.10g/s",
			scenario->load.shape.choice->name, wants->rate_per_s, together, ceilings->rate_per_s);
	else
		error_set(err, "load.%s: %llu users at its highest%s are more than the operator's ceiling of %llu",
			scenario->load.shape.choice->name, (unsigned long long)wants->users, together,
			(unsigned long long)ceilings->users);
	return refuse_at(plan, &scenario->load.said_most, err);
}

static bool
check_connections(
	const struct ceilings *ceilings, const struct plan *plan, const struct ceiling_wants *wants, struct error *err)
{
	const struct plan_said *said = &plan->target.said_connections;

	if (ceilings->connections == 0 || wants->connections <= ceilings->connections)
		return true;
	error_set(err,
		"target.connections: %llu%s are more than the operator's ceiling of %llu; write 'connections: %llu'",
		(unsigned long long)wants->connections,
		wants->connections != plan->target.connections ? ", both sides together,"
		: said->shown == NULL                          ? " (the default)"
							       : "",
		(unsigned long long)ceilings->connections,
		(unsigned long long)(plan->target.connections * ceilings->connections / wants->connections));
	return refuse_at(plan, said, err);
}

static bool
check_duration(
	const struct ceilings *ceilings, const struct plan *plan, int64_t wants_ns, const char *what, struct error *err)
{
	char wanted[32], most[32];

	if (ceilings->duration_ns == 0 || wants_ns <= ceilings->duration_ns)
		return true;
	units_time_text(ceilings->duration_ns, most, sizeof(most));
	if (wants_ns == INT64_MAX)
		error_set(err,
			"%s: users who end by a count alone may take for ever, and the operator's ceiling is %s; write "
			"'for: %s' beside it",
			what, most, most);
	else
		error_set(err, "%s: it takes %s in all, more than the operator's ceiling of %s", what,
			units_time_text(wants_ns, wanted, sizeof(wanted)), most);
	return refuse_at(plan, &plan->scenarios[0].load.said_most, err);
}

/* All but the duration, which adds up over several. */
static bool
check_moment(const struct ceilings *ceilings, const struct plan_experiment *experiment, struct error *err)
{
	for (size_t i = 0; i < experiment->arms_n; i++) {
		const struct plan *plan = experiment->arms[i].plan;
		struct ceiling_wants wants;

		if (experiment->order == ORDER_TOGETHER)
			ceiling_measure(experiment, &wants);
		else
			measure_plan(plan, &wants);
		if (!check_levels(ceilings, plan, &wants, err) || !check_connections(ceilings, plan, &wants, err))
			return false;
	}
	return true;
}

bool
ceiling_check(const struct ceilings *ceilings, const struct plan_experiment *experiment, struct error *err)
{
	struct ceiling_wants wants;

	ceiling_measure(experiment, &wants);
	return check_moment(ceilings, experiment, err) &&
	       check_duration(ceilings, experiment->arms[0].plan, wants.duration_ns,
		       experiment_runs_n(experiment) > 1 ? "load, of all runs" : "load", err);
}

bool
ceiling_check_suite(const struct ceilings *ceilings, const struct plan_suite *suite, struct error *err)
{
	struct ceiling_wants wants;

	for (size_t i = 0; i < suite->items_n; i++)
		if (!check_moment(ceilings, suite->items[i].experiment, err))
			return false;
	ceiling_measure_suite(suite, &wants);
	if (suite->items_n == 0)
		return true;
	return check_duration(ceilings, suite->items[0].experiment->arms[0].plan, wants.duration_ns, "suite", err);
}

bool
ceiling_watch(struct ceiling_watch *watch, uint64_t sent, int64_t interval_ns, struct error *err)
{
	double most = watch->ceilings->rate_per_s;

	if (most == 0 || interval_ns <= 0 || watch->is_over)
		return false;
	/* A single late second may bring what two were to bring. */
	bool is_above = (double)sent > most * ns_to_s(interval_ns) * 1.1;

	watch->above_ns = is_above ? add_ns(watch->above_ns, interval_ns) : 0;
	if (watch->above_ns < CEILING_PATIENCE_NS)
		return false;
	watch->is_over = true;
	error_set(err,
		"it sent %.6g/s for %d s, more than the operator's ceiling of %.10g/s: users who are answered at once "
		"send at once; give them fewer users, or time to think",
		(double)sent / ns_to_s(interval_ns), (int)(watch->above_ns / NS_PER_S), most);
	return true;
}
