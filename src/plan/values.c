#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/names.h"
#include "plan/rows.h"

/* Values of single keys that are no quantity. */

bool
plan_parse_node(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	(void)context;
	(void)err;
	*(const struct plan_node **)into = node;
	return true;
}

bool
plan_parse_limit(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	double *limit = into;

	(void)context;
	if (node->kind == NODE_SCALAR && (strcmp(node->text, "off") == 0 || strcmp(node->text, "false") == 0)) {
		*limit = NAN;
		return true;
	}
	if (node->kind != NODE_SCALAR || !units_parse_ratio(node->text, limit))
		return plan_error(node, err, "%s: '%s' is not a share such as 10%% or 0.1, nor off", node->key,
			node->kind == NODE_SCALAR ? node->source : "a map or list");
	if (*limit > 1 || *limit == 0)
		return plan_error(node, err, "%s: '%s' must be more than 0 and at most 100%%; off switches it off",
			node->key, node->source);
	return true;
}

bool
plan_parse_stop(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_stop *stop = into;
	const char *text = node->kind == NODE_SCALAR ? node->text : "";

	(void)context;
	stop->is_given = strcmp(node->file, "default") != 0;
	stop->line = node->line;
	stop->column = node->column;
	if (strcmp(text, "first_broken") == 0)
		stop->when = STOP_FIRST_BROKEN;
	else if (strcmp(text, "max") == 0)
		stop->when = STOP_MAX;
	else if (strncmp(text, "after ", 6) == 0 && units_parse_count(text + 6, &stop->after))
		stop->when = STOP_AFTER;
	else
		return plan_error(node, err, "stop: '%s' is not first_broken, max or 'after N', such as 'after 2'",
			node->kind == NODE_SCALAR ? node->source : "a map or list");
	return true;
}

/* Beyond these bounds gaps are all but 0, or all but even. */
#define BURSTINESS_LEAST 0.01
#define BURSTINESS_MOST 1000.0

static bool
parse_burstiness(const struct plan_node *node, const char *text, struct plan_load *load, struct error *err)
{
	char *end;

	load->spacing = SPACING_GAMMA;
	load->burstiness = strtod(text, &end);
	return (text[0] >= '0' && text[0] <= '9' && *end == '\0' && load->burstiness >= BURSTINESS_LEAST &&
		       load->burstiness <= BURSTINESS_MOST) ||
	       plan_error(node, err, "spacing: '%.64s' is not a burstiness from 0.01 to 1000, such as gamma:0.5",
		       node->source);
}

/* {gamma: {burstiness: 0.5}}, {gamma: 0.5} */
static bool
parse_gamma(const struct plan_node *map, struct plan_load *load, struct error *err)
{
	const struct plan_node *value = map->first;

	if (map->n == 1 && strcmp(value->key, "gamma") == 0 && value->kind == NODE_MAP && value->n == 1 &&
		strcmp(value->first->key, "burstiness") == 0)
		value = value->first;
	else if (map->n != 1 || strcmp(value->key, "gamma") != 0 || value->kind != NODE_SCALAR)
		return plan_error(map, err, "spacing: write uniform, poisson, gamma:0.5 or {gamma: {burstiness: 0.5}}");
	if (value->kind != NODE_SCALAR)
		return plan_error(value, err, "spacing: burstiness is a number such as 0.5");
	return parse_burstiness(value, value->text, load, err);
}

bool
plan_parse_spacing(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	static const char gamma[] = "gamma:";
	struct plan_load *load = container_of(into, struct plan_load, spacing);

	(void)context;
	if (node->kind == NODE_MAP)
		return parse_gamma(node, load, err);
	if (node->kind == NODE_SCALAR && strncmp(node->text, gamma, sizeof(gamma) - 1) == 0)
		return parse_burstiness(node, node->text + sizeof(gamma) - 1, load, err);
	if (node->kind == NODE_SCALAR && strcmp(node->text, "poisson") == 0)
		load->spacing = SPACING_POISSON;
	else if (node->kind == NODE_SCALAR && strcmp(node->text, "uniform") == 0)
		load->spacing = SPACING_UNIFORM;
	else
		return plan_error(node, err,
			"spacing: '%.64s' is not uniform, poisson or gamma:BURSTINESS, such as gamma:0.5",
			node->kind == NODE_SCALAR ? node->source : "a list");
	return true;
}

static const struct plan_choice *
find_choice(const struct plan_choice *const *choices, const struct plan_node *node, const char *key, struct error *err)
{
	struct names names = {.n = 0};
	char advice[768];

	if (node->kind != NODE_SCALAR) {
		plan_error(node, err, "%s: write one name", key);
		return NULL;
	}
	for (size_t i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i]->name, node->text) == 0)
			return choices[i];
		if (!choices[i]->is_for_tests && choices[i]->scheme == NULL)
			names_add(&names, choices[i]->name);
	}
	plan_error(node, err, "%s: there is no '%.64s' in this version%s", key, node->source,
		names_advice(&names, node->source, advice, sizeof(advice)));
	return NULL;
}

bool
plan_parse_protocol(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_choice **protocol = into;

	return (*protocol = find_choice(context->tables->protocols, node, "http", err)) != NULL;
}

bool
plan_parse_reader(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	const struct plan_choice **reader = into;

	return (*reader = find_choice(context->tables->readers, node, "read", err)) != NULL;
}

bool
plan_parse_formats(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	static const struct plan_choice *const none[] = {NULL};
	const struct plan_choice *const *known = context->tables->formats ? context->tables->formats : none;
	const struct plan_node *item = node->kind == NODE_LIST ? node->first : node;
	struct plan_list *list = into;
	const struct plan_choice **formats = arena_alloc(context->arena, (node->n + 1) * sizeof(const void *));

	list->items = formats;
	for (; item != NULL; item = node->kind == NODE_LIST ? item->next : NULL)
		if ((formats[list->n++] = find_choice(known, item, "formats", err)) == NULL)
			return false;
	return true;
}

/* "200" or "2xx", ended by the end of the text or a comma. */
static bool
add_status(struct plan_expect *expect, const char *text, size_t length)
{
	if (length != 3 || text[0] < '1' || text[0] > '5')
		return false;
	unsigned from = (unsigned)(text[0] - '0') * 100, to = from + 99;

	if (strncmp(text + 1, "xx", 2) != 0) {
		if (strspn(text, "0123456789") < 3)
			return false;
		from += (unsigned)(text[1] - '0') * 10 + (unsigned)(text[2] - '0');
		to = from;
	}
	for (unsigned bit = from - 100; bit <= to - 100; bit++)
		expect->statuses[bit / 64] |= UINT64_C(1) << (bit % 64);
	return true;
}

static bool
add_statuses(struct plan_expect *expect, const struct plan_node *node, struct error *err)
{
	const char *p = node->kind == NODE_SCALAR ? node->text : "";

	for (;;) {
		size_t length = strcspn(p, ",");

		if (!add_status(expect, p, length))
			return plan_error(node, err,
				"status: '%s' is not a status such as 200 or 2xx, or a list of them",
				node->kind == NODE_SCALAR ? node->source : "a map or list");
		if (p[length] == '\0')
			return true;
		p += length + 1;
		p += strspn(p, " ");
	}
}

bool
plan_parse_statuses(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_expect *expect = (struct plan_expect *)((char *)into - offsetof(struct plan_expect, statuses));

	(void)context;
	if (node->kind != NODE_LIST)
		return add_statuses(expect, node, err);
	if (node->n == 0)
		return plan_error(node, err, "status: the list is empty; then nothing would be a success");
	for (const struct plan_node *item = node->first; item != NULL; item = item->next)
		if (!add_statuses(expect, item, err))
			return false;
	return true;
}
