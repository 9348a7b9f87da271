#pragma once

#include "plan/plan.h"

/* The tables of all rooms that plan/ validates a profile against. */
const struct plan_tables *cmd_tables(void);
