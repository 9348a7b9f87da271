#pragma once

#include <uv.h>

#include "measure/chronicle.h"
#include "plan/canary.h"

/* A promotion or a rollback, told to whoever makes it: a command, a request, or the one and then the other. */
struct announcement {
	const char *event;  /* "promote", "rollback" */
	const char *name;   /* the profile's */
	double from, to;    /* shares */
	const char *reason; /* empty: none */
};

/* Does it: turns the loop until it is through, or has failed. What came of it is in the record; nothing where the plan
 * wants nothing. */
void announce(
	uv_loop_t *loop, const struct plan_announce *plan, const struct announcement *what, struct hook_record *record);
