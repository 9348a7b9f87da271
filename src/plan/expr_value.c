#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/expr.h"
#include "plan/names.h"

static bool
holds_against(const struct expr *expr, double measured, double bound)
{
	switch (expr->op) {
	case EXPR_LT: return measured < bound;
	case EXPR_LE: return measured <= bound;
	case EXPR_GT: return measured > bound;
	case EXPR_GE: return measured >= bound;
	case EXPR_IN: return measured >= bound && measured <= expr->value_to;
	}
	CHECK(!"an operator");
	return false;
}

/* NAN, n/a, satisfies nothing: every comparison with it is false. */
bool
expr_holds(const struct expr *expr, double measured)
{
	return holds_against(expr, measured, expr->value);
}

bool
expr_stretch_holds(const struct expr *expr, double measured)
{
	return holds_against(expr, measured, expr->has_stretch ? expr->stretch : expr->value);
}

const char *
expr_value_text(enum plan_unit unit, double value, char *into, unsigned long size)
{
	if (isnan(value))
		snprintf(into, size, "n/a");
	else if (isinf(value))
		snprintf(into, size, unit == UNIT_TIME ? "> timeout" : "unbounded");
	else
		unit_rows[unit].print(value, into, size);
	return into;
}

bool
expr_is_same_measure(const struct expr *a, const struct expr *b)
{
	return a->metric == b->metric && a->request == b->request && a->stat == b->stat &&
	       (a->stat != EXPR_PERCENTILE || fabs(a->quantile - b->quantile) < 1e-9);
}

enum plan_unit
expr_unit(const struct expr *expr)
{
	return expr->of == EXPR_IMPROVEMENT ? UNIT_RATIO : expr->of == EXPR_SPEEDUP ? UNIT_COUNT : expr->metric->unit;
}

bool
expr_check_arms(const struct expr *expr, const char *const *arms, size_t arms_n, struct error *err)
{
	struct names names = {.n = 0};
	char advice[768];

	if (expr->of == EXPR_OF_RUN)
		return true;
	if (arms_n < 2)
		return error_set(err, "'%.120s' compares two arms, and the profile has none; add arms", expr->text);
	if (expr->arm == NULL)
		return arms_n == 2 ||
		       error_set(err,
			       "'%.120s': which of the %zu arms is compared with '%.40s'? Name it: %s(..., %.40s)",
			       expr->text, arms_n, arms[0], expr->of == EXPR_SPEEDUP ? "speedup" : "improvement",
			       arms[arms_n - 1]);
	for (size_t i = 1; i < arms_n; i++) {
		if (strcmp(arms[i], expr->arm) == 0)
			return true;
		names_add(&names, arms[i]);
	}
	if (strcmp(arms[0], expr->arm) == 0)
		return error_set(err, "'%.120s': '%.40s' is the baseline itself", expr->text, expr->arm);
	return error_set(err, "'%.120s': no arm is named '%.40s'%s", expr->text, expr->arm,
		names_advice(&names, expr->arm, advice, sizeof(advice)));
}
