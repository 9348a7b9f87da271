#pragma once

#include "plan/parse.h"
#include "plan/plan.h"

/* `target.tls` was parsed into tls by its rows: finds what cannot be together, and keeps where each value stands, for
 * whoever opens the files. node NULL: the profile does not say anything of it. */
bool tls_compile(struct plan_context *context, const struct plan_node *node, struct plan_tls *tls, struct error *err);

/* With servers that a profile says nothing of. */
extern const struct plan_tls plan_tls_defaults;
