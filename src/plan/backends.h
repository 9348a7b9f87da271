#pragma once

#include "plan/parse.h"
#include "plan/plan.h"

/* Where requests go, and by which way: what several keys of `target` say together. Fills in the backends of a target
 * that names one URL. */
bool backends_compile(
	struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err);
/* Afterwards: what a proxy is asked for. */
bool proxy_compile(
	struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err);
