#pragma once

#include <stdbool.h>

#include "plan/experiment.h"
#include "plan/rows.h"

/* The variants of a profile's tree: its arms, or the cells of its matrix. */

/* Which there are: fills kind, arms (names alone), keys and arms_n. A profile that has neither has one, without a name.
 */
bool variants_find(struct plan_context *context, const struct plan_node *root, struct plan_experiment *experiment,
	struct error *err);

/* Makes a fresh tree of the profile the one of its i-th variant, and a profile of one run. */
bool variants_apply(struct plan_context *context, struct plan_node *root, size_t index, struct error *err);

/* Some keys speak of the experiment and of no single run. */
void variants_strip(struct plan_node *root);

/* In matrix.c. The text: a value as a person would write it in one line. */
const char *matrix_value_text(struct arena *arena, const struct plan_node *value);
bool matrix_find(struct plan_context *context, const struct plan_node *matrix, struct plan_experiment *experiment,
	struct error *err);
bool matrix_apply(struct plan_context *context, struct plan_node *root, const struct plan_node *matrix, size_t index,
	struct error *err);
