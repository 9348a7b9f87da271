#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What makes a flow more than a list: conditions on what was extracted, and where a session goes after an answer. */

/* "${token}", "not ${token}", "${state} == done", "${left} > 0": of a value that the flow extracts. */
enum plan_test {
	TEST_SET, /* it was extracted, and is not empty */
	TEST_NOT_SET,
	TEST_EQUAL, /* as numbers where both are numbers, else as texts */
	TEST_DIFFERENT,
	TEST_AT_MOST, /* as numbers; what is none is in no order */
	TEST_AT_LEAST,
	TEST_LESS,
	TEST_MORE,
};

struct plan_condition {
	enum plan_test test;
	uint32_t value; /* index into the flow's values */
	const char *text;
	const char *source; /* as it is written */
};

enum plan_move {
	MOVE_NEXT,  /* the step's next repetition, or the next step, also after a failure */
	MOVE_AGAIN, /* the same once more */
	MOVE_GOTO,
	MOVE_STOP, /* the session is over, and well */
	MOVE_FAIL, /* the session is broken */
};

/* After an answer with one of these statuses. */
struct plan_branch {
	uint64_t statuses[8]; /* as plan_expect has them */
	bool is_of_failures;  /* `failed`: after any other failure */
	enum plan_move move;
	uint32_t to;              /* MOVE_GOTO: the step */
	const char *when, *where; /* as it is written: "5xx", "goto login" */
};

#define ROUTE_BRANCHES_CEILING ((size_t)16)
#define ROUTE_JUMPS_CEILING 10000

struct plan_context;
struct plan_node;
struct plan_flow;
struct plan_request;

/* `if`, `until` and `then` of each item of the list, whose steps and their values are all known. */
bool route_compile(struct plan_context *context, const struct plan_node *list, struct plan_flow *flow,
	struct plan_request *steps, struct error *err);
