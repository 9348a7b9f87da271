#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "plan/route.h"

/* A flow: the requests of a scenario as steps that each arrival performs in order, a session. What a step takes out of
 * its answers, later steps may fill in. Everything lives in the plan's arena. */

#define FLOW_VALUES_CEILING ((size_t)16)
#define FLOW_REPEAT_CEILING 10000
#define FLOW_THINK_CEILING_NS (INT64_C(86400) * 1000000000)

enum plan_extract_kind { EXTRACT_JSON, EXTRACT_HEADER, EXTRACT_REGEX, EXTRACT_COOKIE };

struct plan_extract {
	uint32_t value; /* index into the flow's values */
	enum plan_extract_kind kind;
	const char *what;      /* a JSON pointer (RFC 6901), the name of a header or of a cookie that is set, a regular
				  expression with one group at least */
	const char *otherwise; /* what it is where there is none; NULL: that is a failure */
};

enum plan_think_kind { THINK_CONSTANT, THINK_UNIFORM, THINK_EXPONENTIAL, THINK_LOGNORMAL };

/* How long a session waits once a step was answered. */
struct plan_think {
	enum plan_think_kind kind;
	int64_t from_ns; /* the time itself, the least, the mean, the median */
	int64_t to_ns;   /* THINK_UNIFORM: the most */
	double sigma;    /* THINK_LOGNORMAL: of the logarithm */
};

struct plan_step {
	uint64_t repeat;
	struct plan_think think; /* after each time, before whatever comes next */
	struct plan_extract *extracts;
	size_t extracts_n;
	const struct plan_condition *only_if, *until; /* NULL: always, and so often as `repeat` says */
	const struct plan_branch *branches;           /* `then`: the first that fits */
	size_t branches_n;
};

struct plan_value {
	const char *name; /* unique in its flow */
	size_t step;      /* the first that extracts it */
};

struct plan_flow {
	struct plan_value *values;
	size_t values_n, steps_n;
	bool keeps_cookies;
	const char *host; /* of the target, and whether it is reached by TLS: whose cookies they are */
	bool is_secure;
	bool goes_on;           /* after a step that failed */
	bool goes_back;         /* a step may lead to one that was performed before */
	uint64_t jumps_most;    /* how often a session may do that */
	uint64_t history_bytes; /* most that the conversation of one session may take */
	uint64_t session_steps; /* requests of a session that comes through */
};

/* What rows of keys.def say of a session. */
struct plan_session {
	bool keeps_cookies;
	uint64_t history_bytes, jumps;
	int on_failure;
};

struct plan_context;
struct plan_node;
struct request_row;

/* The flow of a scenario before its steps are known. */
struct plan_flow *flow_new(
	struct plan_context *context, const struct plan_target *target, const struct plan_session *session);

/* What makes a request a step: repeat, think, extract. Steps are added in order. */
bool flow_add_step(struct plan_context *context, struct plan_flow *flow, const struct plan_node *item,
	const struct request_row *row, struct plan_request *request, struct error *err);

/* Refuses what only a step of a flow may have. */
bool flow_check_no_step(const struct plan_node *item, struct error *err);

/* "1s", "uniform:1s..3s", "exponential:1s", "lognormal:1s:0.5" → struct plan_think. */
bool flow_parse_think(const char *text, struct plan_think *think);
