#pragma once

#include "plan/canary.h"
#include "plan/course.h"
#include "plan/data.h"
#include "plan/flow.h"
#include "plan/keys.h"
#include "plan/llm.h"
#include "plan/parse.h"
#include "plan/plan.h"
#include "plan/scrape.h"

/* The rows of keys.def, and the structs that they fill where the plan itself has another form. */

struct profile {
	struct plan plan;
	const char *extends; /* done before rows are looked at */
	/* Compiled once everything that they refer to is known; NULL: not there. */
	const struct plan_node *load, *scenarios, *requests, *flow, *slo, *abort_when, *good_when, *data;
	const struct plan_node *recommend, *alerts;
	struct plan_session session;
	/* Of the one run: what rows say of it, and the lists. */
	struct plan_course course;
	const struct plan_node *at, *probe, *scrape;
	struct break_when_row {
		struct plan_break_when limits;
		const struct plan_node *also;
	} break_when;
	struct compare_row {
		double tolerance;
		uint64_t resamples;
		const struct plan_node *gate, *tolerances;
	} compare;
	struct regression_row {
		const char *baseline;
		const struct plan_node *tolerance;
		bool is_forced;
	} regression;
	struct canary_row {
		const struct plan_node *stages;
		struct plan_rollback rollback_when;
		int64_t check_ns;
		struct plan_announce promote, rollback;
		int on_regression;
	} canary;
	/* Of the experiment that makes several runs of the profile (experiment.h). */
	const struct plan_node *arms, *matrix;
	const char *baseline;
	int order;
	uint64_t repeats;
	/* Of a suite, which is no run (suite.h). */
	struct suite_row {
		const struct plan_node *list, *set;
		double pass_rate;
		int64_t limit_ns;
	} suite;
};

/* An item of `suite`. */
struct suite_item_row {
	const char *profile, *name, *category;
	const struct plan_node *set;
	struct plan_list needs;
	struct plan_shell only_if;
};

struct arm_row {
	const char *name;
	const struct plan_node *set, *before, *after, *ready;
};

/* An item of `at`. */
struct action_row {
	int64_t at_ns;
	const char *name;
	struct plan_shell run;
	int64_t within_ns;
	const char *signal, *to;
	struct plan_fetch fetch;
	struct plan_cap cap;
	int64_t for_ns;
};

/* `scrape`, or an item of it. */
struct endpoint_row {
	struct plan_fetch fetch;
	int64_t every_ns;
	uint64_t ceiling_bytes;
	struct plan_list headers;
	const struct plan_node *metrics;
};

/* `output.push` */
struct push_row {
	struct plan_place prometheus, influx; /* shown NULL: not that one */
	struct plan_list headers;
	int64_t every_ns, timeout_ns;
};

/* An item of its `metrics`. */
struct scraped_row {
	const char *metric;
	struct plan_list labels;
	bool is_rate;
	double quantile;
	int over;
};

/* An item of `recommend`, and of `alerts`. */
struct recommend_row {
	const struct plan_node *when;
	const char *text;
};
struct alert_row {
	const struct plan_node *when;
	const char *name;
	int64_t for_ns;
};

/* An item of `data`. */
struct feed_row {
	const char *file;
	int format, order;
	const char *weights;
	double exponent;
	const struct plan_node *synthetic;
};

struct scenario_row {
	const char *name;
	const struct plan_node *load, *requests, *flow;
	struct plan_session session;
};

enum session_on_failure { SESSION_ENDS, SESSION_CONTINUES };

enum request_method {
	METHOD_GET,
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_PATCH,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHODS_N
};

struct request_row {
	const char *name;
	double weight;
	const char *by_method[METHODS_N]; /* get: PATH … */
	const char *method, *path;
	struct plan_list headers;
	const char *body, *body_file;
	const struct plan_node *json;
	struct plan_llm llm; /* no api: it says none */
	struct grpc_row {
		const char *method, *hex, *base64, *file; /* no method: it is no call */
		struct plan_list metadata;
	} grpc;
	struct plan_expect expect;
	struct plan_receive receive;
	bool is_binary;
	const struct plan_choice *reader;
	uint64_t redirects;
	unsigned codings;
	struct plan_auth auth;
	/* Of a flow's step: */
	uint64_t repeat;
	struct plan_think think;
	const struct plan_node *extract, *then;
	const char *only_if, *until; /* read again once all steps are known (route.h) */
};

extern const struct plan_key profile_keys[], load_keys[], scenario_keys[], request_keys[], backend_keys[];
extern const struct plan_key recommend_keys[], alert_keys[];
extern const struct plan_key feed_keys[], synthetic_keys[];
extern const struct plan_key canary_keys[], canary_stage_keys[];
extern const struct plan_key push_keys[];
extern const struct plan_key watch_keys[];
extern const struct plan_key action_keys[], probe_keys[], arm_keys[], scrape_keys[], scraped_keys[], suite_item_keys[];

/* PLAN_CUSTOM rows; `into` is the field. */
bool plan_parse_node(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool push_parse(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_url(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_backends(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_connect_to(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_sources(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_proxy(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_prefetch(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_codings(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_spacing(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_limit(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_factor(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_growth(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_stop(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_protocol(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_llm_api(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_number_or_slot(
	struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_formats(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_reader(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_place(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_shell(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_think(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_baseline(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
bool plan_parse_statuses(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
