#include "load/named.h"

#include <string.h>

static bool
has_request(const struct plan *plan, const struct plan_scenario *scenario, const char *name)
{
	for (uint32_t i = 0; i < scenario->requests_n; i++)
		if (strcmp(plan->requests[scenario->first_request + i].name, name) == 0)
			return true;
	return false;
}

bool
named_check(const struct plan *plan, const struct plan_scenario *scenario, const struct schedule *s, struct error *err)
{
	size_t n = s->shape->names_count != NULL ? s->shape->names_count(s->params) : 0;

	if (n > 0 && scenario->flow != NULL)
		return error_set(err, "%s: its lines name requests, and a flow has its own order; leave `named` out",
			s->shape->choice.name);
	for (size_t i = 0; i < n; i++)
		if (!has_request(plan, scenario, s->shape->name_at(s->params, i)))
			return error_set(err, "%s: a line names '%.80s', and there is no such request",
				s->shape->choice.name, s->shape->name_at(s->params, i));
	return true;
}
