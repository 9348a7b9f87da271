#include <ctype.h>
#include <string.h>

#include "base/check.h"
#include "plan/compile.h"
#include "plan/names.h"
#include "plan/scalar.h"

bool
compile_name(const struct plan_node *node, const char *what, const char *name, struct error *err)
{
	size_t length = strlen(name);
	bool is_good = length >= 1 && length <= 64 && name[0] != '.';

	for (const char *p = name; is_good && *p != '\0'; p++)
		is_good = isalnum((unsigned char)*p) || strchr("._-", *p) != NULL;
	return is_good || plan_error(node, err,
				  "%s: '%.80s' is not a name; write 1 to 64 letters, digits, '.', '_' or '-', not "
				  "beginning with a dot",
				  what, node->is_tainted ? node->source : name);
}

/* The one shape among the keys of a load. */
static const struct plan_choice *
find_shape(
	struct plan_context *context, const struct plan_node *load, const struct plan_node **value, struct error *err)
{
	const struct plan_choice *const *shapes = context->tables->shapes;
	const struct plan_choice *found = NULL;
	struct names names = {.n = 0};
	char advice[768];

	for (size_t i = 0; shapes[i] != NULL; i++) {
		const struct plan_node *node = node_get(load, shapes[i]->name);

		names_add(&names, shapes[i]->name);
		if (node == NULL)
			continue;
		if (found != NULL) {
			plan_error(node, err,
				"load: '%s' and '%s' are both here; a load has one shape, 'stages' is a chain of them",
				found->name, shapes[i]->name);
			return NULL;
		}
		found = shapes[i];
		*value = node;
	}
	if (found == NULL)
		plan_error(load, err, "load: there is no shape%s", names_advice(&names, "", advice, sizeof(advice)));
	return found;
}

static const char *const *
shape_names(struct plan_context *context)
{
	size_t n = 0;

	while (context->tables->shapes[n] != NULL)
		n++;
	const char **names = arena_alloc(context->arena, (n + 1) * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = context->tables->shapes[i]->name;
	return names;
}

/* More than this is on the wire at once only if it is asked for: a default of 1000 connections with 100 streams each is
 * nobody's wish. */
#define STREAMS_AT_ONCE_MOST 10000

static uint64_t
most_at_once(const struct plan_target *target)
{
	uint64_t most = target->protocol->is_multiplexed ? target->connections * target->streams : 0;

	if (most > STREAMS_AT_ONCE_MOST)
		most = STREAMS_AT_ONCE_MOST;
	return most > target->connections ? most : target->connections;
}

static bool
compile_load(struct plan_context *context, const struct plan_node *node, const struct plan_target *target,
	struct plan_load *load, struct error *err)
{
	const struct plan_node *value;

	if (node->kind != NODE_MAP)
		return plan_error(
			node, err, "load: write a map with one shape, such as {steady: {rate: 50/s, for: 30s}}");
	if (!plan_parse_map(context, node, load_keys, shape_names(context), load, err))
		return false;
	context->level_unit = LEVEL_UNIT_NONE;
	context->level_node = NULL;
	context->has_level = false;
	context->level_most = 0;
	context->most_node = NULL;
	const struct plan_choice *shape = find_shape(context, node, &value, err);

	if (shape == NULL)
		return false;
	context->load_path = arena_printf(context->arena, "load.%s", shape->name);
	if (!plan_parse_chosen(context, shape, value, &load->shape, err))
		return false;
	if (context->has_level && context->level_most == 0)
		return scalar_sends_nothing(context, err);
	load->in_users = context->level_unit == LEVEL_UNIT_USERS;
	load->said_most = plan_said_at(context, context->most_node != NULL ? context->most_node : value);
	if (load->in_users && node_get(node, "spacing") != NULL)
		return plan_error(node_get(node, "spacing"), err,
			"spacing: this load counts users, who send when they are free; leave it out, or write a rate");
	if (load->warmup_ns > 0 && load->warmup_requests > 0)
		return plan_error(node_get(node, "warmup"), err, "warmup: write 'for' or 'requests', not both");
	if (load->in_flight_max == 0)
		load->in_flight_max = most_at_once(target);
	return true;
}

/* What one arrival does: one of the requests, or the steps of a flow. */
struct doing {
	const struct plan_node *list; /* NULL: a request of its own */
	struct plan_flow *flow;       /* NULL: requests */
};

/* Where the scenario, or the profile, says what an arrival does. */
static bool
find_doing(struct plan_context *context, const struct plan_node *in, const struct plan_target *target,
	const struct plan_session *session, struct doing *doing, struct error *err)
{
	const struct plan_node *requests = node_get(in, "requests"), *flow = node_get(in, "flow");

	if (requests != NULL && flow != NULL)
		return plan_error(flow, err, "flow: an arrival performs a flow or sends one of the requests, not both");
	if (flow == NULL && node_get(in, "session") != NULL)
		return plan_error(node_get(in, "session"), err, "session: only a flow has sessions; there is none");
	*doing = (struct doing){.list = flow != NULL ? flow : requests};
	if (flow != NULL)
		doing->flow = flow_new(context, target, session);
	return true;
}

/* The requests of one scenario, after those that the plan has already. */
static bool
compile_requests(struct plan_context *context, const struct doing *doing, struct plan *plan,
	struct plan_scenario *scenario, struct error *err)
{
	const struct plan_node *list = doing->list;
	uint32_t index = (uint32_t)(scenario - plan->scenarios);

	scenario->flow = doing->flow;
	scenario->first_request = (uint32_t)plan->requests_n;
	if (list == NULL) {
		compile_default_request(context, &plan->target, &plan->requests[plan->requests_n++]);
		scenario->requests_n = 1;
		return true;
	}
	for (const struct plan_node *item = list->first; item != NULL; item = item->next) {
		struct plan_request *request = &plan->requests[plan->requests_n];

		if (!compile_request(context, item, &plan->target, doing->flow, request, err))
			return false;
		for (size_t i = 0; i < plan->requests_n; i++)
			if (strcmp(plan->requests[i].name, request->name) == 0)
				return plan_error(node_get(item, "name"), err,
					"name: there is a request '%s' already; names are unique in a profile",
					request->name);
		request->scenario = index;
		scenario->requests_n++;
		plan->requests_n++;
	}
	return doing->flow == NULL ||
	       route_compile(context, list, doing->flow, &plan->requests[scenario->first_request], err);
}

/* How many requests the lists hold, so that the plan's array is made once. */
static bool
count_requests(const struct plan_node *list, size_t *n, struct error *err)
{
	if (list == NULL)
		return true;
	if (list->kind != NODE_LIST || list->n == 0)
		return plan_error(list, err, "%s: write a list such as [{name: root, get: /}]", list->key);
	*n += list->n;
	return *n <= COMPILE_REQUESTS_CEILING ||
	       plan_error(list, err, "%s: more than %zu in one profile", list->key, COMPILE_REQUESTS_CEILING);
}

static bool
compile_one(struct plan_context *context, struct profile *profile, const struct plan_node *root, struct error *err)
{
	struct plan *plan = &profile->plan;
	struct doing doing = {0};
	size_t n = 1;

	if (profile->load == NULL)
		return plan_error(
			root, err, "'load' is missing: write one such as 'load: {steady: {rate: 50/s, for: 30s}}'");
	if (!find_doing(context, root, &plan->target, &profile->session, &doing, err) ||
		!count_requests(doing.list, &n, err))
		return false;
	plan->scenarios = arena_alloc(context->arena, sizeof(*plan->scenarios));
	plan->scenarios_n = 1;
	plan->requests = arena_alloc(context->arena, n * sizeof(*plan->requests));
	plan->scenarios[0].name = "default";
	return compile_load(context, profile->load, &plan->target, &plan->scenarios[0].load, err) &&
	       compile_requests(context, &doing, plan, &plan->scenarios[0], err);
}

static bool
parse_scenario(struct plan_context *context, const struct plan_node *item, const struct plan *plan,
	struct scenario_row *row, struct error *err)
{
	if (item->kind != NODE_MAP) {
		plan_error(item, err, "scenarios: each is a map such as {load: {...}, requests: [...]}");
		return false;
	}
	if (!plan_parse_map(context, item, scenario_keys, NULL, row, err))
		return false;
	if (row->name == NULL)
		row->name = item->key;
	if (row->name == NULL)
		return plan_error(item, err, "'name' is missing: what results call the scenario");
	const struct plan_node *name = node_get(item, "name");

	if (!compile_name(name ? name : item, "name", row->name, err))
		return false;
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (strcmp(plan->scenarios[i].name, row->name) == 0)
			return plan_error(item, err, "name: there is a scenario '%s' already", row->name);
	return true;
}

static bool
compile_many(struct plan_context *context, struct profile *profile, struct error *err)
{
	const struct plan_node *list = profile->scenarios;
	struct plan *plan = &profile->plan;
	size_t requests = 0;

	const struct plan_node *outside = profile->load       ? profile->load
					  : profile->requests ? profile->requests
							      : profile->flow;

	if (outside != NULL)
		return plan_error(outside, err,
			"with 'scenarios', load, requests and flow stand inside them, not at the top level");
	if (list->kind == NODE_SCALAR || list->n == 0 || list->n > COMPILE_SCENARIOS_CEILING)
		return plan_error(list, err, "scenarios: write 1 to %zu of them, each {load: {...}, requests: [...]}",
			COMPILE_SCENARIOS_CEILING);
	for (const struct plan_node *item = list->first; item != NULL; item = item->next)
		if (!count_requests(node_get(item, "requests"), &requests, err) ||
			!count_requests(node_get(item, "flow"), &requests, err))
			return false;
	plan->scenarios = arena_alloc(context->arena, list->n * sizeof(*plan->scenarios));
	plan->requests = arena_alloc(context->arena, requests * sizeof(*plan->requests));
	for (const struct plan_node *item = list->first; item != NULL; item = item->next) {
		struct plan_scenario *scenario = &plan->scenarios[plan->scenarios_n];
		struct scenario_row row = {0};
		struct doing doing = {0};

		if (!parse_scenario(context, item, plan, &row, err) ||
			!find_doing(context, item, &plan->target, &row.session, &doing, err))
			return false;
		if (doing.list == NULL)
			return plan_error(item, err,
				"%s: 'requests' is missing: its requests, or a flow, as at the top level", row.name);
		plan->scenarios_n++;
		scenario->name = row.name;
		if (!compile_load(context, row.load, &plan->target, &scenario->load, err) ||
			!compile_requests(context, &doing, plan, scenario, err))
			return false;
	}
	return true;
}

static bool
number_checks(const struct plan_node *root, struct plan *plan, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->requests_n; i++) {
		plan->requests[i].first_check = (uint32_t)n;
		n += plan->requests[i].checks_n;
	}
	return n <= CHECKS_CEILING ||
	       plan_error(root, err, "expect: more than %zu checks in one profile", CHECKS_CEILING);
}

bool
compile_scenarios(
	struct plan_context *context, const struct plan_node *root, struct profile *profile, struct error *err)
{
	return (profile->scenarios ? compile_many(context, profile, err) : compile_one(context, profile, root, err)) &&
	       number_checks(root, &profile->plan, err);
}
