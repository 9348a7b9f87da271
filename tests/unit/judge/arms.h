/* Arms that never ran: runs simulated second by second, with the noise that real servers have, put through measure's
 * own blocks. Include after cmocka.h. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "judge/compare.h"
#include "judge/judge.h"
#include "measure/events.h"

#define WORLD_STREAM 1000 /* of random numbers: none that the code under test draws */

/* A server's latencies in a run: lognormal about a level that wanders from second to second and differs from run to
 * run, with a heavy tail; failures come in bursts. */
struct world {
	int seconds, per_second;
	double median_ns;
	double spread;     /* of the logarithm, between requests */
	double wander;     /* of the logarithm, between seconds … */
	double memory;     /* … whose correlation from one to the next is this */
	double runs;       /* of the logarithm, between runs */
	double errors;     /* share of the requests that fail */
	double tail_share; /* of requests that take longer by a factor of Pareto's distribution with this index: */
	double tail_index;
};

/* Where each request is told, for others to reckon with: arm, run, second, latency in ns or "failed". NULL: nowhere. */
static FILE *arms_told;

struct place {
	const struct arm *arm;
	size_t run;
	int second;
};

static inline void
tell(const struct place *place, int64_t latency_ns)
{
	if (arms_told == NULL)
		return;
	fprintf(arms_told, "request %s %zu %d ", place->arm->name, place->run, place->second);
	if (latency_ns < 0)
		fprintf(arms_told, "failed\n");
	else
		fprintf(arms_told, "%lld\n", (long long)latency_ns);
}

struct dice {
	uint64_t seed, k;
};

static inline double
roll(struct dice *dice)
{
	return rng_unit_at(dice->seed, WORLD_STREAM, dice->k++);
}

/* Box and Muller (1958) */
static inline double
roll_normal(struct dice *dice)
{
	double radius = sqrt(-2 * log(roll(dice)));

	return radius * cos(2 * M_PI * roll(dice));
}

static inline double
roll_latency_ns(struct dice *dice, const struct world *world, double level)
{
	double ns = world->median_ns * exp(level + world->spread * roll_normal(dice));

	return roll(dice) < world->tail_share ? ns * pow(roll(dice), -1 / world->tail_index) : ns;
}

static inline void
simulate_second(
	struct dice *dice, const struct world *world, double level, const struct place *place, struct cell *cell)
{
	/* Lognormal bursts whose mean is the share of errors. */
	double errors = world->errors * exp(0.8 * roll_normal(dice) - 0.32);

	for (int i = 0; i < world->per_second; i++) {
		bool fails = roll(dice) < errors;

		cell->counts.scheduled++;
		cell->counts.sent++;
		if (fails) {
			cell->counts.failed++;
			cell->counts.by_failure[FAILURE_STATUS]++;
			tell(place, -1);
			continue;
		}
		int64_t latency_ns = (int64_t)roll_latency_ns(dice, world, level);

		cell->counts.ok++;
		cell->counts.ok_in_window++;
		histogram_record(&cell->histograms[METRIC_RESPONSE], latency_ns);
		tell(place, latency_ns);
	}
}

/* Adds a run to the arm, as arm_add_run does of a summary. interval: of one level, for reuse. */
static inline void
simulate_run(struct dice *dice, const struct world *world, struct interval *interval, struct arm *arm)
{
	struct blocks *blocks = blocks_new(NS_PER_S, NULL, 1);
	double of_run = world->runs * roll_normal(dice), wander = world->wander * roll_normal(dice);

	for (int s = 0; s < world->seconds; s++) {
		struct interval_level *level = interval_use_slot(interval, 0, 0);

		interval->start_ns = s * NS_PER_S;
		interval->end_ns = interval->start_ns + NS_PER_S;
		interval->is_added_up = true;
		level->window_ns = NS_PER_S;
		simulate_second(dice, world, of_run + wander, &(struct place){arm, arm->runs_n, s}, &level->all);
		blocks_add_interval(blocks, interval);
		counts_merge(&arm->measured.counts, &level->all.counts);
		histogram_merge(&arm->measured.histograms[METRIC_RESPONSE], &level->all.histograms[METRIC_RESPONSE]);
		interval_reset(interval);
		wander = world->memory * wander +
			 world->wander * sqrt(1 - world->memory * world->memory) * roll_normal(dice);
	}
	arm->runs[arm->runs_n++] =
		(struct arm_run){.blocks = blocks, .max_sustainable = NAN, .max_goodput_per_s = NAN, .ready_ns = -1};
	arm->measured_s += world->seconds;
}

static struct plan_request arms_request = {.name = "root"};
static struct plan_scenario arms_scenario = {.name = "default", .requests_n = 1};

static inline struct plan
arms_plan(uint64_t resamples)
{
	return (struct plan){
		.name = "test",
		.seed = 1,
		.scenarios = &arms_scenario,
		.scenarios_n = 1,
		.requests = &arms_request,
		.requests_n = 1,
		.target = {.timeout_ns = 10 * NS_PER_S},
		.compare = {.tolerance = 0.1, .resamples = resamples},
		.output.interval_ns = NS_PER_S,
	};
}

static inline struct arm *
simulate_arm(struct dice *dice, const char *name, const struct plan *plan, const struct world *world, size_t runs)
{
	struct interval *interval = interval_new(1, 1);
	struct arm *arm = arm_new(name, plan);

	for (size_t r = 0; r < runs; r++)
		simulate_run(dice, world, interval, arm);
	interval_free(interval);
	return arm;
}

static inline const struct comparison_row *
row_named(const struct comparison *comparison, const char *name)
{
	for (size_t i = 0; i < comparison->rows_n; i++)
		if (strcmp(comparison->rows[i].name, name) == 0)
			return &comparison->rows[i];
	fail_msg("there is no row %s", name);
	return NULL;
}
