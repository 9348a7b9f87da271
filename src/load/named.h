#pragma once

#include "load/schedule.h"

/* What a trace names must be among its scenario's requests, which a flow has in an order of its own. False with err
 * set. */
bool named_check(
	const struct plan *plan, const struct plan_scenario *scenario, const struct schedule *s, struct error *err);
