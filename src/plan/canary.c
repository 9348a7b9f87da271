#include "plan/canary.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/experiment.h"
#include "plan/rows.h"
#include "plan/tree.h"
#include "plan/unit.h"

#define HOUR_NS (3600 * NS_PER_S)

static const struct plan_canary_stage usual_stages[] = {{0.01, 24 * HOUR_NS}, {0.1, 48 * HOUR_NS}, {0.5, 48 * HOUR_NS}};

static bool
is_off(const struct plan_node *node)
{
	return node->kind == NODE_SCALAR && (strcmp(node->text, "off") == 0 || strcmp(node->text, "false") == 0);
}

bool
plan_parse_factor(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	double *factor = into;

	(void)context;
	*factor = NAN;
	if (is_off(node) ||
		(node->kind == NODE_SCALAR && unit_rows[UNIT_COUNT].parse(node->text, factor) && *factor >= 1))
		return true;
	return plan_error(node, err, "%s: '%.64s' is not a factor of at least 1 such as 1.5, nor off", node->key,
		node->kind == NODE_SCALAR ? node->source : "a map or list");
}

bool
plan_parse_growth(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	double *per_h = into;

	(void)context;
	*per_h = NAN;
	if (is_off(node) ||
		(node->kind == NODE_SCALAR && unit_rows[UNIT_GROWTH].parse(node->text, per_h) && *per_h > 0))
		return true;
	return plan_error(node, err, "%s: '%.64s' is not a growth above 0 such as 20%%/h, nor off", node->key,
		node->kind == NODE_SCALAR ? node->source : "a map or list");
}

/* The last may be all of it, which is not held: nothing would be left to compare it with. Returns false for that one,
 * too, without err set. */
static bool
read_stage(struct plan_context *context, const struct plan_node *item, const struct plan_canary_stage *before,
	struct plan_canary_stage *stage, struct error *err)
{
	if (item->kind != NODE_MAP)
		return plan_error(item, err, "stages: each is a map such as {percent: 10%%, hold: 48h}");
	if (!plan_parse_map(context, item, canary_stage_keys, NULL, stage, err))
		return false;
	const struct plan_node *percent = node_get(item, "percent"), *hold = node_get(item, "hold");

	if (stage->share <= 0 || (before != NULL && stage->share <= before->share))
		return plan_error(percent, err,
			"percent: '%.32s' is not more than %s; stages rise, so that no key moves back", percent->source,
			before != NULL ? "the stage before" : "0");
	if (stage->share >= 1 && (item->next != NULL || hold != NULL))
		return plan_error(item, err,
			"stages: at 100%% nothing is left to compare with; write it last and without 'hold', or leave it out");
	if (stage->share < 1 && hold == NULL)
		return plan_error(item, err, "stages: 'hold' is missing: how long this stage lasts, such as 48h");
	return stage->share < 1;
}

static bool
read_stages(struct plan_context *context, const struct plan_node *list, struct plan_canary *canary, struct error *err)
{
	canary->stages = usual_stages;
	canary->stages_n = ARRAY_LEN(usual_stages);
	if (list == NULL)
		return true;
	if (list->kind != NODE_LIST || list->n == 0 || list->n > CANARY_STAGES_CEILING)
		return plan_error(list, err,
			"stages: write a list of up to %zu such as [{percent: 1%%, hold: 24h}, {percent: 10%%, hold: 48h}]",
			CANARY_STAGES_CEILING);
	struct plan_canary_stage *stages = arena_alloc(context->arena, list->n * sizeof(*stages));

	canary->stages = stages;
	canary->stages_n = 0;
	for (const struct plan_node *item = list->first; item != NULL; item = item->next) {
		size_t n = canary->stages_n;

		if (read_stage(context, item, n > 0 ? &stages[n - 1] : NULL, &stages[n], err))
			canary->stages_n++;
		else if (error_is_set(err))
			return false;
	}
	return canary->stages_n > 0 ||
	       plan_error(list, err, "stages: there is none before 100%%; write {percent: 1%%, hold: 24h} first");
}

/* Of the two targets neither is "the" target. */
static bool
check_announce(const struct plan_node *node, const struct plan_announce *announce, struct error *err)
{
	if (node == NULL)
		return true;
	if (announce->fetch.place.shown != NULL && announce->fetch.place.is_of_target)
		return plan_error(node_get(node, "url"), err,
			"url: '%s' is a path, and there are two targets; write a URL", announce->fetch.place.shown);
	for (const char *p = announce->fetch.method; *p != '\0'; p++)
		if (!isalpha((unsigned char)*p))
			return plan_error(
				node_get(node, "method"), err, "method: '%s' is not one", announce->fetch.method);
	return announce->command.text != NULL || announce->fetch.place.shown != NULL ||
	       plan_error(node, err, "%s: what is to be done then? write 'run: COMMAND' or 'url: URL'", node->key);
}

/* What the stages say is not said elsewhere. */
static bool
check_beside(const struct plan_node *root, const struct plan_experiment *experiment, struct error *err)
{
	const struct plan_node *canary = node_get(root, "canary"), *split = node_get(root, "split"),
			       *load = node_get(root, "load"), *repeats = node_get(root, "repeats");
	const struct plan_node *steady = load != NULL ? node_get(load, "steady") : NULL;
	static const char *const lengths[] = {"for", "count"};

	if (experiment->kind != EXPERIMENT_ARMS || split == NULL)
		return plan_error(canary, err,
			"canary: it needs two 'arms' and a 'split' of their traffic, such as split: {key: \"${seq}\"}");
	if (node_get(split, "percent") != NULL)
		return plan_error(node_get(split, "percent"), err,
			"percent: the stages of the canary say it; leave it, and BRUNT_SPLIT, out");
	if (repeats != NULL)
		return plan_error(repeats, err, "repeats: the stages of the canary are its rounds; leave it out");
	if (steady == NULL || steady->kind != NODE_MAP)
		return plan_error(load != NULL ? load : canary, err,
			"canary: its load is the same in all stages; write load: {steady: {rate: 50/s}}");
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
		if (node_get(steady, lengths[i]) != NULL)
			return plan_error(node_get(steady, lengths[i]), err,
				"%s: the stages of the canary say how long each is held; leave it out", lengths[i]);
	return true;
}

bool
canary_compile(
	struct plan_context *context, struct plan_node *root, struct plan_experiment *experiment, struct error *err)
{
	struct plan_node *node = node_get(root, "canary");
	struct canary_row row = {0};

	if (node == NULL)
		return true;
	struct plan_canary *canary = arena_alloc(context->arena, sizeof(*canary));

	if (!tree_resolve(context, node, err) || !plan_parse_map(context, node, canary_keys, NULL, &row, err) ||
		!check_beside(root, experiment, err) || !read_stages(context, row.stages, canary, err) ||
		!check_announce(node_get(node, "promote"), &row.promote, err) ||
		!check_announce(node_get(node, "rollback"), &row.rollback, err))
		return false;
	canary->rollback_when = row.rollback_when;
	canary->check_ns = row.check_ns;
	canary->promote = row.promote;
	canary->rollback = row.rollback;
	canary->rolls_back_regressions = row.on_regression == 1;
	experiment->canary = canary;
	experiment->repeats = canary->stages_n;
	return true;
}

static bool
put_text(struct plan_context *context, struct plan_node *root, const struct plan_node *place, const char *path,
	const char *text, struct error *err)
{
	struct plan_node *value = yaml_read(context->arena, text, strlen(text), place->file, false, err);

	if (value == NULL)
		return false;
	value->key_line = value->line = place->line;
	value->key_column = value->column = place->column;
	return tree_put(context, root, path, value, err);
}

bool
canary_put_first(struct plan_context *context, struct plan_node *root, struct error *err)
{
	struct plan_node *node = node_get(root, "canary");
	struct plan_canary canary;

	if (node == NULL)
		return true;
	node_remove(root, node);
	return read_stages(context, node_get(node, "stages"), &canary, err) &&
	       put_text(context, root, node, "split.percent",
		       arena_printf(context->arena, "%.10g%%", canary.stages[0].share * 100), err) &&
	       put_text(context, root, node, "load.steady.for",
		       arena_printf(context->arena, "%lldns", (long long)canary.stages[0].hold_ns), err);
}
