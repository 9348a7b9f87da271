#include "daemon/watch_config.h"

#include <string.h>

#include "plan/key_rows.h"
#include "plan/plan.h"

struct schedule_row {
	const char *profile, *cron, *every, *time_zone, *baseline;
	int64_t jitter_ns;
	int missed, overlap;
	struct sharing sharing;
	struct plan_list set;
};

struct alert_row {
	const char *when, *unless, *unusual, *text;
	struct plan_list on, profiles, sinks;
	int over, severity;
	int64_t for_ns, cooldown_ns;
	double rises;
};

struct sink_row {
	const char *webhook, *command, *alertmanager, *secret;
	struct plan_list headers;
	int64_t timeout_ns, remind_ns;
	uint64_t tries;
};

static const char *const missed_names[] = {"skip", "once", NULL};                  /* enum schedule_missed */
static const char *const overlap_names[] = {"skip", "queue", NULL};                /* enum schedule_overlap */
static const char *const over_names[] = {"intervals", "run", NULL};                /* is_over_run */
static const char *const severity_names[] = {"info", "warning", "critical", NULL}; /* enum alert_severity */

#define PAIRS(parent, field, of_name, sentence)                                                                        \
	{                                                                                                              \
		.name = (of_name),                                                                                     \
		.type = PLAN_PAIRS,                                                                                    \
		.offset = offsetof(parent, field),                                                                     \
		.default_text = "",                                                                                    \
		.help = (sentence),                                                                                    \
	},

#include "daemon/watch_keys.def"

const char *const watch_config_names[] = {"schedules", "alerts", "monitor", NULL};

static bool
check_map(const struct plan_node *map, const char *example, struct error *err)
{
	return map == NULL || map->kind == NODE_MAP ||
	       plan_error(map, err, "%s: write a map of names, such as %s", map->key, example);
}

/* A row of the file, where it stands. */
static bool
say(const struct plan_node *node, const struct error *why, struct error *err)
{
	return plan_error(node, err, "%s: %s", node->key, why->message);
}

bool
watch_config_parse_schedule(struct plan_context *context, const struct plan_node *node, const char *name,
	struct schedule_wish *into, struct error *err)
{
	struct schedule_row row = {0};

	struct error why = {0};

	if (!plan_parse_map(context, node, schedule_keys, NULL, &row, err))
		return false;
	if (!sharing_is_sound(&row.sharing, &why))
		return plan_error(node, err, "%s", why.message);
	*into = (struct schedule_wish){.name = name,
		.profile = row.profile,
		.cron = row.cron,
		.every = row.every,
		.time_zone = row.time_zone,
		.jitter_ns = row.jitter_ns,
		.missed = (enum schedule_missed)row.missed,
		.overlap = (enum schedule_overlap)row.overlap,
		.baseline = row.baseline,
		.sharing = row.sharing,
		.set = row.set};
	return true;
}

static bool
parse_schedule(struct plan_context *context, const struct plan_node *node, struct schedule *checked,
	struct schedule_wish *into, struct error *err)
{
	struct error why = {0};

	if (!watch_config_parse_schedule(context, node, node->key, into, err))
		return false;
	into->is_of_file = true;
	return schedule_put(checked, into, 0, &why) || say(node, &why, err);
}

static bool
parse_schedules(struct plan_context *context, const struct plan_node *map, struct plan_list *into, struct error *err)
{
	if (!check_map(map, "{nightly: {profile: full, cron: '0 2 * * *'}}", err) || map == NULL)
		return map == NULL;
	struct schedule_wish *wishes = arena_alloc(context->arena, (map->n + 1) * sizeof(*wishes));
	struct schedule *checked = schedule_new();
	bool is_good = true;

	for (const struct plan_node *node = map->first; node != NULL && is_good; node = node->next)
		is_good = parse_schedule(context, node, checked, &wishes[into->n++], err);
	into->items = wishes;
	schedule_free(checked);
	return is_good;
}

static bool
parse_sink(struct plan_context *context, const struct plan_node *node, struct sink_wish *into, struct error *err)
{
	struct sink_row row = {0};

	if (!plan_parse_map(context, node, sink_keys, NULL, &row, err))
		return false;
	*into = (struct sink_wish){.name = node->key,
		.said = node,
		.webhook = row.webhook,
		.command = row.command,
		.alertmanager = row.alertmanager,
		.secret = row.secret,
		.headers = row.headers,
		.timeout_ns = row.timeout_ns,
		.tries = row.tries,
		.remind_ns = row.remind_ns};
	return (row.webhook != NULL) + (row.command != NULL) + (row.alertmanager != NULL) == 1 ||
	       plan_error(node, err, "%s: write one of webhook: URL, command: TEXT and alertmanager: URL", node->key);
}

static bool
parse_sinks(struct plan_context *context, const struct plan_node *map, struct plan_list *into, struct error *err)
{
	if (!check_map(map, "{ops: {webhook: 'https://hooks.example.com/brunt'}}", err) || map == NULL)
		return map == NULL;
	if (map->n > SINKS_MAX)
		return plan_error(map, err, "sinks: %zu are more than there may be, %d", map->n, SINKS_MAX);
	struct sink_wish *wishes = arena_alloc(context->arena, (map->n + 1) * sizeof(*wishes));

	into->items = wishes;
	for (const struct plan_node *node = map->first; node != NULL; node = node->next)
		if (!parse_sink(context, node, &wishes[into->n++], err))
			return false;
	return true;
}

/* A rule that names a sink which is not there would tell nobody. */
static bool
check_sinks(const struct plan_node *node, const struct alert_row *row, const struct plan_list *sinks, struct error *err)
{
	const char *const *names = row->sinks.items;
	const struct sink_wish *wishes = sinks->items;

	for (size_t i = 0; i < row->sinks.n; i++) {
		size_t k = 0;

		while (k < sinks->n && strcmp(wishes[k].name, names[i]) != 0)
			k++;
		if (k == sinks->n)
			return plan_error(
				node, err, "%s: there is no sink '%.60s' under alerts.sinks", node->key, names[i]);
	}
	return true;
}

static bool
parse_rule(struct plan_context *context, const struct plan_node *node, struct watch_config *into, struct error *err)
{
	struct alert_row row = {0};
	struct error why = {0};

	if (!plan_parse_map(context, node, alert_rule_keys, NULL, &row, err) ||
		!check_sinks(node, &row, &into->sinks, err))
		return false;
	const struct alert_wish wish = {.name = node->key,
		.when = row.when,
		.unless = row.unless,
		.unusual = row.unusual,
		.on = row.on,
		.is_over_run = row.over == 1,
		.rises = row.rises,
		.for_ns = row.for_ns,
		.cooldown_ns = row.cooldown_ns,
		.severity = (enum alert_severity)row.severity,
		.profiles = row.profiles,
		.sinks = row.sinks,
		.text = row.text};

	return alert_rules_add(into->rules, &wish, &why) || say(node, &why, err);
}

/* true, or nothing said: those that are there by default; false: none; a list: these. */
static bool
add_shipped(const struct plan_node *node, struct watch_config *into, struct error *err)
{
	const char *names[ALERT_RULES_MAX];
	size_t n = 0;
	struct error why = {0};

	if (node == NULL || (node->kind == NODE_SCALAR && strcmp(node->text, "true") == 0))
		return alert_rules_add_shipped(into->rules, NULL, 0, err);
	if (node->kind == NODE_SCALAR && strcmp(node->text, "false") == 0)
		return true;
	if (node->kind != NODE_LIST || node->n > ALERT_RULES_MAX)
		return plan_error(node, err, "shipped: write true, false, or a list of rules such as [regression]");
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		if (item->kind != NODE_SCALAR)
			return plan_error(item, err, "shipped: write the names of rules, such as [regression]");
		names[n++] = item->text;
	}
	return alert_rules_add_shipped(into->rules, names, n, &why) || plan_error(node, err, "%s", why.message);
}

static bool
parse_alerts(struct plan_context *context, const struct plan_node *map, struct watch_config *into, struct error *err)
{
	static const struct plan_key none[] = {PLAN_KEYS_END};
	static const char *const parts[] = {"shipped", "rules", "sinks", NULL};
	struct plan_node *rules = map != NULL && map->kind == NODE_MAP ? node_get(map, "rules") : NULL;
	char nothing = 0;

	if (map == NULL)
		return add_shipped(NULL, into, err);
	if (!check_map(map, "{rules: {slow: {when: 'p95 > 1s'}}}", err) ||
		!plan_parse_map(context, map, none, parts, &nothing, err) ||
		!parse_sinks(context, node_get(map, "sinks"), &into->sinks, err) ||
		!check_map(rules, "{slow: {when: 'p95 > 1s'}}", err))
		return false;
	for (const struct plan_node *node = rules != NULL ? rules->first : NULL; node != NULL; node = node->next)
		if (!parse_rule(context, node, into, err))
			return false;
	return add_shipped(node_get(map, "shipped"), into, err);
}

bool
watch_config_parse(
	struct plan_context *context, const struct plan_node *root, struct watch_config *into, struct error *err)
{
	*into = (struct watch_config){.rules = alert_rules_new()};
	return parse_schedules(context, node_get(root, "schedules"), &into->schedules, err) &&
	       parse_alerts(context, node_get(root, "alerts"), into, err) &&
	       monitor_config_parse(context, node_get(root, "monitor"), &into->monitor, err);
}

void
watch_config_fini(struct watch_config *config)
{
	alert_rules_free(config->rules);
	*config = (struct watch_config){.rules = NULL};
}

void
watch_config_help(struct buf *into)
{
	buf_add_text(into, "\nschedules.NAME\n");
	plan_help_keys(into, schedule_keys);
	buf_add_text(
		into, "\nalerts.rules.NAME; alerts.shipped: true, false, or a list of those that brunt brings along\n");
	plan_help_keys(into, alert_rule_keys);
	buf_add_text(into, "\nalerts.sinks.NAME\n");
	plan_help_keys(into, sink_keys);
	monitor_config_help(into);
}
