#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/alert_rule.h"
#include "daemon/monitor_config.h"
#include "daemon/schedule.h"
#include "daemon/sink.h"
#include "plan/parse.h"

/* What brunt.yaml says of schedules, alerts and what is watched without load:
 *
 *   schedules: {NAME: {profile: …, cron: …}, …}
 *   alerts: {shipped: true|false|[NAME, …], rules: {NAME: {when: …}, …}, sinks: {NAME: {webhook: …}, …}}
 *   monitor: {watch: {port: …}, scrape: {url: …, metrics: {…}}, only: true|false}
 *
 * Checked as everything of it is: what is wrong is said with its place. Texts live in the context's arena. */
struct watch_config {
	struct plan_list schedules; /* of struct schedule_wish */
	struct plan_list sinks;     /* of struct sink_wish */
	struct alert_rules *rules;  /* its own and those that brunt brings along */
	struct monitor_config monitor;
};

extern const char *const watch_config_names[]; /* its keys at the top, ended by NULL: for plan_parse_map's `also` */

/* root: of the whole file. False with err set; watch_config_fini is needed in either case. */
bool watch_config_parse(
	struct plan_context *context, const struct plan_node *root, struct watch_config *into, struct error *err);
void watch_config_fini(struct watch_config *config);

/* One row of `schedules`, wherever it came from; its times, its zone and its jitter are checked by schedule_put. */
bool watch_config_parse_schedule(struct plan_context *context, const struct plan_node *node, const char *name,
	struct schedule_wish *into, struct error *err);

/* For `brunt help serve`, below what config_help says. */
void watch_config_help(struct buf *into);
