#pragma once

#include <stdbool.h>

#include "plan/route.h"
#include "request/session.h"

/* Whether it holds for what the session knows by now. A value that no step has extracted yet is empty. */
bool condition_holds(const struct plan_condition *condition, const struct session *session);
