#pragma once

#include <stdbool.h>

#include "plan/experiment.h"
#include "plan/rows.h"

/* `split`: two arms that run at the same time, each sending the arrivals whose key is its own. What a key is and which
 * side it falls to is request/split.h's; here is what the profile may say of it. */

#define SPLIT_ENVIRONMENT "BRUNT_SPLIT" /* stands in place of split.percent, but not of a --set */

/* What the environment says goes into a fresh tree, before the settings of --set do. */
bool split_take_environment(struct plan_context *context, struct plan_node *root, struct error *err);

/* The tree of one arm becomes that of its side. Nothing where there is no `split`. */
bool split_put_side(struct plan_context *context, struct plan_node *root, bool is_candidate, struct error *err);

/* Of one run: it is one of the sides. */
bool split_compile(const struct plan_node *root, struct plan *plan, struct error *err);

/* Of the whole: two arms, nothing that contradicts that they run at once; sets its order. */
bool split_compile_experiment(const struct plan_node *root, struct plan_experiment *experiment, struct error *err);
