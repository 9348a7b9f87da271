#include "plan/route.h"

#include <string.h>

#include "base/check.h"
#include "plan/flow.h"
#include "plan/names.h"
#include "plan/parse.h"
#include "plan/rows.h"

struct routing {
	struct plan_context *context;
	struct plan_flow *flow;
	struct plan_request *steps;
	uint32_t step; /* that is looked at */
	struct error *err;
};

static bool
refuse_condition(const struct plan_node *node, struct error *err)
{
	return plan_error(node, err,
		"%s: '%.100s' is not a condition; write \"${token}\", \"not ${token}\", \"${state} == done\", != or, of "
		"numbers, <, <=, > and >=",
		node->key, node->source);
}

static const char *
skip_spaces(const char *text)
{
	return text + strspn(text, " ");
}

static bool
find_value(const struct routing *r, const struct plan_node *node, const char *name, size_t length, uint32_t *value)
{
	struct names names = {.n = 0};
	char advice[512], word[80];

	snprintf(word, sizeof(word), "%.*s", (int)(length < 64 ? length : 64), name);
	for (size_t i = 0; i < r->flow->values_n; i++) {
		if (strcmp(r->flow->values[i].name, word) == 0) {
			*value = (uint32_t)i;
			return true;
		}
		names_add(&names, r->flow->values[i].name);
	}
	return plan_error(node, r->err, "%s: no step of this flow extracts '%s'%s", node->key, word,
		r->flow->values_n > 0 ? names_advice(&names, word, advice, sizeof(advice)) : "");
}

/* Longer ones first. */
static const struct {
	const char *sign;
	enum plan_test test;
} comparisons[] = {
	{"==", TEST_EQUAL},
	{"!=", TEST_DIFFERENT},
	{"<=", TEST_AT_MOST},
	{">=", TEST_AT_LEAST},
	{"<", TEST_LESS},
	{">", TEST_MORE},
};

/* What follows the "}". */
static bool
parse_comparison(const struct routing *r, const char *text, struct plan_condition *condition)
{
	text = skip_spaces(text);
	if (*text == '\0')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(comparisons); i++) {
		size_t length = strlen(comparisons[i].sign);

		if (strncmp(text, comparisons[i].sign, length) != 0 || condition->test == TEST_NOT_SET)
			continue;
		const char *wanted = skip_spaces(text + length), *end = wanted + strlen(wanted);

		while (end > wanted && end[-1] == ' ')
			end--;
		condition->test = comparisons[i].test;
		condition->text = arena_strndup(r->context->arena, wanted, (size_t)(end - wanted));
		return end > wanted;
	}
	return false;
}

/* NULL: there is none. */
static bool
parse_condition(const struct routing *r, const struct plan_node *node, const struct plan_condition **into)
{
	struct plan_condition *condition;

	if (node == NULL)
		return true;
	const char *text = skip_spaces(node->text), *end;

	condition = arena_alloc(r->context->arena, sizeof(*condition));
	condition->source = arena_strdup(r->context->arena, node->source);
	if (strncmp(text, "not ", 4) == 0) {
		condition->test = TEST_NOT_SET;
		text = skip_spaces(text + 4);
	}
	if (strncmp(text, "${", 2) != 0 || (end = strchr(text, '}')) == NULL)
		return refuse_condition(node, r->err);
	if (!find_value(r, node, text + 2, (size_t)(end - text - 2), &condition->value))
		return false;
	*into = condition;
	return parse_comparison(r, end + 1, condition) || refuse_condition(node, r->err);
}

static bool
find_step(const struct routing *r, const struct plan_node *node, const char *name, uint32_t *to)
{
	struct names names = {.n = 0};
	char advice[512];

	for (uint32_t i = 0; i < r->flow->steps_n; i++) {
		if (strcmp(r->steps[i].name, name) == 0) {
			*to = i;
			return true;
		}
		names_add(&names, r->steps[i].name);
	}
	return plan_error(node, r->err, "then: this flow has no step '%.64s'%s", name,
		names_advice(&names, name, advice, sizeof(advice)));
}

static bool
parse_move(const struct routing *r, const struct plan_node *node, struct plan_branch *branch)
{
	static const char *const moves[] = {
		[MOVE_NEXT] = "next", [MOVE_AGAIN] = "again", [MOVE_STOP] = "stop", [MOVE_FAIL] = "fail"};
	static const char jump[] = "goto ";
	const char *text = node->kind == NODE_SCALAR ? node->text : "";

	for (size_t i = 0; i < ARRAY_LEN(moves); i++)
		if (moves[i] != NULL && strcmp(text, moves[i]) == 0) {
			branch->move = (enum plan_move)i;
			return true;
		}
	if (strncmp(text, jump, strlen(jump)) != 0)
		return plan_error(node, r->err,
			"then: write next, again, stop (the session is over, and well), fail or 'goto STEP' after '%.32s'",
			node->key);
	branch->move = MOVE_GOTO;
	return find_step(r, node, skip_spaces(text + strlen(jump)), &branch->to);
}

/* Its key is read as a status is elsewhere. */
static bool
parse_branch(const struct routing *r, const struct plan_node *node, struct plan_branch *branch)
{
	struct plan_expect expect = {0};
	struct plan_node status = {.kind = NODE_SCALAR,
		.key = "then",
		.text = node->key,
		.source = node->key,
		.file = node->file,
		.line = node->line,
		.column = node->column};

	branch->is_of_failures = strcmp(node->key, "failed") == 0;
	if (!branch->is_of_failures && !plan_parse_statuses(r->context, &status, expect.statuses, r->err))
		return false;
	memcpy(branch->statuses, expect.statuses, sizeof(branch->statuses));
	if (!parse_move(r, node, branch))
		return false;
	branch->when = arena_strdup(r->context->arena, node->key);
	branch->where = arena_strdup(r->context->arena, node->text);
	r->flow->goes_back |= branch->move == MOVE_AGAIN || (branch->move == MOVE_GOTO && branch->to <= r->step);
	return true;
}

static bool
parse_branches(const struct routing *r, const struct plan_node *node, struct plan_step *step)
{
	if (node == NULL)
		return true;
	if (node->kind != NODE_MAP || node->n == 0 || node->n > ROUTE_BRANCHES_CEILING)
		return plan_error(node, r->err,
			"then: write a map of 1 to %zu statuses, such as {404: stop, 5xx: again, 401: goto login}",
			ROUTE_BRANCHES_CEILING);
	struct plan_branch *branches = arena_alloc(r->context->arena, node->n * sizeof(*branches));

	step->branches = branches;
	for (const struct plan_node *item = node->first; item != NULL; item = item->next)
		if (!parse_branch(r, item, &branches[step->branches_n++]))
			return false;
	return true;
}

/* It must be possible that the value is there. */
static bool
check_condition(const struct routing *r, const struct plan_node *node, const struct plan_condition *condition,
	uint32_t known_until)
{
	return condition == NULL || node == NULL || r->flow->goes_back ||
	       r->flow->values[condition->value].step < known_until ||
	       plan_error(node, r->err, "%s: '${%s}' is not extracted before this is looked at", node->key,
		       r->flow->values[condition->value].name);
}

static bool
check_step(const struct routing *r, const struct plan_node *item, const struct plan_step *step)
{
	const struct plan_node *only_if = node_get(item, "if"), *until = node_get(item, "until");

	if (only_if != NULL && r->step == 0)
		return plan_error(
			only_if, r->err, "if: the first step of a flow is always performed; nothing is known before");
	if (until != NULL && step->repeat < 2)
		return plan_error(until, r->err,
			"until: say by 'repeat' how often the step is performed at most, such as 'repeat: 30'");
	return check_condition(r, only_if, step->only_if, r->step) &&
	       check_condition(r, until, step->until, r->step + 1);
}

bool
route_compile(struct plan_context *context, const struct plan_node *list, struct plan_flow *flow,
	struct plan_request *steps, struct error *err)
{
	struct routing r = {.context = context, .flow = flow, .steps = steps, .err = err};

	for (const struct plan_node *item = list->first; item != NULL; item = item->next, r.step++) {
		struct plan_step *step = (struct plan_step *)steps[r.step].step; /* still being made */

		if (!parse_condition(&r, node_get(item, "if"), &step->only_if) ||
			!parse_condition(&r, node_get(item, "until"), &step->until) ||
			!parse_branches(&r, node_get(item, "then"), step))
			return false;
	}
	r.step = 0;
	for (const struct plan_node *item = list->first; item != NULL; item = item->next, r.step++)
		if (!check_step(&r, item, steps[r.step].step))
			return false;
	return true;
}
