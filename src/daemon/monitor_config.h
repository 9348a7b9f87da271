#pragma once

#include "base/buf.h"
#include "plan/parse.h"
#include "plan/plan.h"

/* What brunt.yaml says of a target that is watched without load:
 *
 *   monitor: {watch: {port: …}, scrape: {url: …, metrics: {…}}, only: true|false} */
struct monitor_config {
	bool has_process;
	struct plan_watch process;
	struct plan_scrape scrape; /* no endpoints: nobody is asked */
	bool is_only;              /* no load is started */
};

/* node NULL: nobody is. Texts live in the context's arena. */
bool monitor_config_parse(
	struct plan_context *context, const struct plan_node *node, struct monitor_config *into, struct error *err);

/* Whether both watch the same in the same way. */
bool monitor_config_is_same(const struct monitor_config *a, const struct monitor_config *b);

/* For `brunt help serve` */
void monitor_config_help(struct buf *into);
