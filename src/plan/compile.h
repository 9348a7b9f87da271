#pragma once

#include <stdbool.h>

#include "plan/rows.h"

/* What rows cannot say: scenarios and requests, and how keys go together. */

#define COMPILE_REQUESTS_CEILING ((size_t)1000)
#define COMPILE_SCENARIOS_CEILING ((size_t)100)
#define COMPILE_BODY_CEILING ((size_t)16 * 1024 * 1024)

/* [A-Za-z0-9._-]{1,64}, not starting with a dot: safe as a file name and in every output. node: where it is said. */
bool compile_name(const struct plan_node *node, const char *what, const char *name, struct error *err);

/* A name from the file's: what is before its ending, with everything that a name may not hold made a '-'. */
const char *compile_name_of_file(struct arena *arena, const char *path);

/* profile->load, scenarios and requests → plan.scenarios and plan.requests. */
bool compile_scenarios(
	struct plan_context *context, const struct plan_node *root, struct profile *profile, struct error *err);

/* The names of the plan's requests tell which of them an expression may be about. */
bool compile_expr(struct plan_context *context, const struct plan_node *node, const char *const *names, size_t names_n,
	struct expr *into, struct error *err);
enum goals { GOALS_SLO, GOALS_ABORT, GOALS_BREAK };
/* What is looked at while the run goes on must be able to have a value then. */
bool compile_check_meanwhile(const struct plan_node *node, const struct expr *expr, enum goals goals,
	const char *const *names, struct error *err);
/* profile->recommend and profile->alerts → plan. */
bool remarks_compile(
	struct plan_context *context, struct profile *profile, const char *const *names, struct error *err);

/* profile->good_when, else the slos → plan.good_when. */
bool compile_good_when(struct plan_context *context, struct profile *profile, struct error *err);

/* `compression` of the item, or of the target → request->codings and what asks for them. */
bool codings_compile(struct plan_context *context, const struct plan_node *item, unsigned codings,
	struct plan_request *request, struct error *err);
/* One more header; one of that name that is there already is left as it is. */
void compile_add_header(
	struct plan_context *context, struct plan_request *request, const char *name, const char *value);

/* What rows of `watch` cannot say; is_known: whom else it may mean is said elsewhere. */
bool compile_check_watch(
	const struct plan_node *node, const struct plan_watch *watch, bool is_known, struct error *err);

/* The names and values of `headers`. */
bool compile_check_headers(const struct plan_node *headers, struct error *err);

/* One item of `requests`, or a step of the flow; the target is compiled already. */
bool compile_request(struct plan_context *context, const struct plan_node *item, const struct plan_target *target,
	struct plan_flow *flow, struct plan_request *request, struct error *err);

/* What a profile is compiled from; name: its path, in messages and for what it names itself. */
struct plan_source {
	const char *text;
	size_t length;
	const char *name;
	const struct plan_setting *settings;
	size_t settings_n;
	const struct plan_tables *tables;
};

/* A profile's text, malloc'ed, of at most PLAN_FILE_CEILING; "-": of stdin. NULL with err set, the file named. */
char *compile_read_file(const char *path, size_t *length, struct error *err);

/* As plan_load_text, of one of the profile's variants; COMPILE_NO_VARIANT: it must be a profile of one run. */
#define COMPILE_NO_VARIANT SIZE_MAX
struct plan *compile_variant(const struct plan_source *source, size_t variant, struct error *err);

/* The tree as it will be shown; false: larger than its ceiling. */
bool compile_keep_effective(
	struct plan_context *context, const struct plan_node *root, struct plan *plan, struct error *err);

/* The request of a profile that names none: GET of the URL as it stands. */
void compile_default_request(
	struct plan_context *context, const struct plan_target *target, struct plan_request *request);
