#pragma once

#include "net/allow.h"
#include "plan/experiment.h"
#include "plan/suite.h"

/* Whom a profile wants to connect to, held against the operator's allowlist as far as it is certain before any name is
 * looked up: addresses, unix sockets, and what a proxy would look up. The run itself is held to the same list at every
 * connect (`brunt run --allow`); this says so earlier. False with err set, placed at the profile. */
bool reach_check(const struct allow *allow, const struct plan_experiment *experiment, struct error *err);
bool reach_check_suite(const struct allow *allow, const struct plan_suite *suite, struct error *err);
