#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/* A profile as the runs that it asks for: one, or with `arms` or `matrix` one for each arm or cell and repeat. An arm
 * is the same profile with settings of its own, compiled into a plan of its own, so that a run knows nothing of arms.
 */

#define EXPERIMENT_ARMS_CEILING ((size_t)100)
#define EXPERIMENT_RUNS_CEILING ((uint64_t)1000)
#define EXPERIMENT_KEYS_CEILING ((size_t)8) /* of a matrix */

enum experiment_kind { EXPERIMENT_ONE_RUN, EXPERIMENT_ARMS, EXPERIMENT_MATRIX };
enum experiment_order { ORDER_INTERLEAVED, ORDER_SEQUENTIAL, ORDER_TOGETHER };
extern const char *const experiment_order_names[]; /* "interleaved" … */

struct plan_arm {           /* or a cell of a matrix */
	const char *name;   /* of a cell "users=8 max_tokens=50" */
	struct plan *plan;  /* freed with the experiment */
	const char **shown; /* a cell's values as written, in the order of the keys … */
	const char **brief; /* … and long ones as their number among the key's and their end */
	const char **own;   /* of an arm: what it sets, "target.url: http://127.0.0.1:8081" */
	size_t own_n;
};

struct plan_experiment {
	enum experiment_kind kind;
	enum experiment_order order;
	uint64_t repeats;
	struct plan_arm *arms;
	size_t arms_n;
	size_t baseline;   /* index; of arms alone */
	const char **keys; /* of a matrix: its paths */
	size_t keys_n;
	const struct plan_canary *canary; /* canary.h: its stages are the rounds of a split; NULL: there is none */
	struct plan whole; /* the baseline arm's plan under the effective profile of the whole; shares its memory */
	struct arena arena;
};

/* NULL with err set. */
struct plan_experiment *experiment_load_file(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct error *err);
struct plan_experiment *experiment_load_text(const char *text, size_t length, const char *name,
	const struct plan_setting *settings, size_t settings_n, const struct plan_tables *tables, struct error *err);
void experiment_free(struct plan_experiment *experiment);

static inline size_t
experiment_runs_n(const struct plan_experiment *experiment)
{
	return experiment->arms_n * (size_t)experiment->repeats;
}

/* Which arm the i-th run is of: A B A B, or A A B B. Together: A and B at once, then again. */
static inline size_t
experiment_arm_of(const struct plan_experiment *experiment, size_t run)
{
	return experiment->order != ORDER_SEQUENTIAL ? run % experiment->arms_n : run / (size_t)experiment->repeats;
}

/* Which run of its arm it is, from 0. */
static inline size_t
experiment_repeat_of(const struct plan_experiment *experiment, size_t run)
{
	return experiment->order != ORDER_SEQUENTIAL ? run / experiment->arms_n : run % (size_t)experiment->repeats;
}

/* What that run is to do: its arm's plan, with a seed of its own. A server that keeps what it computed has seen the
 * requests of the repeat before, and would not compute them again. Arms send the same ones. */
static inline struct plan
experiment_plan_of(const struct plan_experiment *experiment, size_t arm, size_t repeat)
{
	struct plan plan = *experiment->arms[arm].plan;

	plan.seed += repeat;
	return plan;
}
