#include "plan/compile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "plan/backends.h"
#include "plan/compare.h"
#include "plan/emit.h"
#include "plan/split.h"
#include "plan/tls.h"
#include "plan/tree.h"
#include "plan/variants.h"
#include "plan/websocket.h"

#define EFFECTIVE_CEILING ((size_t)4 * 1024 * 1024) /* aliases may multiply long texts */
#define IDLE_BASELINE_NS (2 * NS_PER_S)
#define NAME_BYTES 64

const char *
compile_name_of_file(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t length = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	char *name = arena_strndup(arena, base, length < NAME_BYTES ? length : NAME_BYTES);

	for (char *p = name; *p != '\0'; p++)
		if ((*p < 'a' || *p > 'z') && (*p < 'A' || *p > 'Z') && (*p < '0' || *p > '9') &&
			strchr("._-", *p) == NULL)
			*p = '-';
	if (name[0] == '.')
		name[0] = '-';
	return name[0] == '\0' || strcmp(name, "-") == 0 ? "profile" : name;
}

static bool
check_name(struct plan_context *context, const struct plan_node *root, struct plan *plan, struct error *err)
{
	if (plan->name == NULL)
		plan->name = compile_name_of_file(context->arena, plan->path);
	const struct plan_node *node = node_get(root, "name");

	return compile_name(node ? node : root, "name", plan->name, err);
}

/* Of names that are text: what can be seen to be wrong before anybody looks for them. */
static bool
check_watched_cgroup(const struct plan_node *node, const struct plan_watch *watch, struct error *err)
{
	static const char mount[] = "/sys/fs/cgroup";
	const char *id = watch->container, *path = watch->cgroup;

	if (id != NULL && (strlen(id) < 4 || id[strspn(id, "0123456789abcdef")] != '\0'))
		return plan_error(node_get(node, "container"), err,
			"container: '%s' is not how an id begins, of four hexadecimal digits or more such as 4f2d1c0a "
			"(docker ps shows ids)",
			id);
	if (watch->unit != NULL && strchr(watch->unit, '/') != NULL)
		return plan_error(node_get(node, "unit"), err,
			"unit: '%s' is a path; write the unit's name such as web.service, or 'cgroup: %s'", watch->unit,
			watch->unit);
	if (path == NULL)
		return true;
	if (strncmp(path, mount, strlen(mount)) == 0)
		path += strlen(mount);
	return path[strspn(path, "/")] != '\0' ||
	       plan_error(node_get(node, "cgroup"), err,
		       "cgroup: everything on this machine is in '%s'; write one that holds the target alone",
		       watch->cgroup);
}

bool
compile_check_watch(const struct plan_node *node, const struct plan_watch *watch, bool is_known, struct error *err)
{
	int n = (watch->pid > 0) + (watch->port > 0) + (watch->pid_file != NULL) + (watch->process != NULL) +
		(watch->cgroup != NULL) + (watch->unit != NULL) + (watch->container != NULL);

	if (n > 1)
		return plan_error(node, err,
			"watch: one of port, pid, pid_file, process, cgroup, unit and container finds the target, not "
			"several");
	if (n == 0 && !is_known)
		return plan_error(node, err,
			"watch: say whom, such as {port: 8080}; or pid, pid_file, process, cgroup, unit, container");
	return check_watched_cgroup(node, watch, err);
}

static bool
check_target(struct plan_context *context, const struct plan_node *node, struct plan_target *target, struct error *err)
{
	const struct plan_node *watch = node_get(node, "watch");
	const struct plan_node *connect_timeout = node_get(node, "connect_timeout");
	const struct plan_node *needs_command =
		node_get(node, "ready") ? node_get(node, "ready") : node_get(node, "stop");

	if (!backends_compile(context, node, target, err) || !proxy_compile(context, node, target, err) ||
		!tls_compile(context, node_get(node, "tls"), &target->tls, err))
		return false;
	target->has_watch = watch != NULL;
	if ((watch != NULL && !compile_check_watch(watch, &target->watch, target->process.command != NULL, err)) ||
		(node_get(node, "auth") != NULL && !auth_check(node_get(node, "auth"), &target->auth, err)) ||
		!websocket_compile_target(context, node, target, err))
		return false;
	if (needs_command != NULL && target->process.command == NULL)
		return plan_error(
			needs_command, err, "%s: there is no 'command' that this belongs to", needs_command->key);
	if (target->connect_timeout_ns <= target->timeout_ns)
		return true;
	if (connect_timeout != NULL)
		return plan_error(connect_timeout, err,
			"connect_timeout: '%s' is longer than the timeout of the whole exchange",
			connect_timeout->source);
	target->connect_timeout_ns = target->timeout_ns;
	return true;
}

bool
compile_expr(struct plan_context *context, const struct plan_node *node, const char *const *names, size_t names_n,
	struct expr *into, struct error *err)
{
	struct error what = {0};

	if (node->kind != NODE_SCALAR)
		return plan_error(node, err, "each expression is a text such as 'p95 <= 550ms'");
	if (expr_parse(node->text, context->metrics, names, names_n, context->arena, into, &what)) {
		into->text = node->source;
		return true;
	}
	return plan_error(node, err, "%s",
		node->is_tainted ? "what the reference stands for is no expression such as 'p95 <= 550ms'"
				 : what.message);
}

/* What is looked at while the run goes on must be able to have a value then: at every interval (abort_when), or when a
 * level is over (break_when). */
bool
compile_check_meanwhile(const struct plan_node *node, const struct expr *expr, enum goals goals,
	const char *const *names, struct error *err)
{
	if (expr->of != EXPR_OF_RUN)
		return plan_error(node, err, "two arms are compared only when all runs are over; put it under 'slo'");
	if (expr->metric->is_of_the_run)
		return plan_error(
			node, err, "%s is known only when the run is over; put it under 'slo'", expr->metric->name);
	if (expr->request >= 0 && goals == GOALS_ABORT)
		return plan_error(node, err,
			"abort_when looks at all requests of an interval together; leave out '%s.'",
			names[expr->request]);
	return true;
}

/* In an SLO it is merely n/a; here it would be a brake that never holds. */
static bool
check_is_watched(const struct plan *plan, const char *key, const struct plan_slo *goal, struct error *err)
{
	bool is_told = plan->target.energy.command != NULL && strcmp(goal->expr.metric->name, "power_told") == 0;

	if (!goal->expr.metric->is_of_the_target || plan->target.has_watch || plan->target.process.command != NULL ||
		is_told)
		return true;
	error_set(err,
		"%s: %s is the target's, and nobody watches it; add target.watch, such as {port: 8080}, or "
		"target.command",
		key, goal->expr.metric->name);
	return error_place(err, plan->path, goal->line, goal->column);
}

/* A list of expressions, or the one that stands for it. */
static bool
compile_exprs(struct plan_context *context, const struct plan_node *list, const char *const *names, size_t names_n,
	enum goals goals, struct plan_slo **into, size_t *n, struct error *err)
{
	if (list == NULL)
		return true;
	if (list->kind == NODE_MAP)
		return plan_error(list, err, "%s: write a list of expressions such as [\"p95 <= 550ms\"]", list->key);
	*into = arena_alloc(context->arena, (list->n + 1) * sizeof(**into));
	for (const struct plan_node *item = list->kind == NODE_LIST ? list->first : list; item != NULL;
		item = item->next) {
		struct plan_slo *slo = &(*into)[*n];

		if (!compile_expr(context, item, names, names_n, &slo->expr, err) ||
			(goals != GOALS_SLO && !compile_check_meanwhile(item, &slo->expr, goals, names, err)))
			return false;
		slo->line = item->line;
		slo->column = item->column;
		++*n;
		if (item == list)
			break;
	}
	return true;
}

/* Those that are looked at while the run goes on: their place in the profile matters no more once they are known. */
static bool
compile_brakes(struct plan_context *context, const struct plan *plan, const struct plan_node *list,
	const char *const *names, enum goals goals, struct expr **into, size_t *n, struct error *err)
{
	struct plan_slo *brakes = NULL;

	if (!compile_exprs(context, list, names, plan->requests_n, goals, &brakes, n, err))
		return false;
	*into = arena_alloc(context->arena, (*n + 1) * sizeof(**into));
	for (size_t i = 0; brakes != NULL && i < *n; i++) {
		if (!check_is_watched(plan, goals == GOALS_ABORT ? "abort_when" : "break_when", &brakes[i], err))
			return false;
		(*into)[i] = brakes[i].expr;
	}
	return true;
}

static bool
compile_goals(struct plan_context *context, struct profile *profile, struct error *err)
{
	struct plan *plan = &profile->plan;
	const char **names = arena_alloc(context->arena, (plan->requests_n + 1) * sizeof(*names));

	for (size_t i = 0; i < plan->requests_n; i++)
		names[i] = plan->requests[i].name;
	plan->break_when = profile->break_when.limits;
	if (!compile_exprs(
		    context, profile->slo, names, plan->requests_n, GOALS_SLO, &plan->slos, &plan->slos_n, err) ||
		!compile_brakes(context, plan, profile->abort_when, names, GOALS_ABORT, &plan->abort_when,
			&plan->abort_when_n, err) ||
		!compile_brakes(context, plan, profile->break_when.also, names, GOALS_BREAK, &plan->break_when.also,
			&plan->break_when.also_n, err) ||
		!remarks_compile(context, profile, names, err))
		return false;
	return compare_compile(context, profile, names, plan->requests_n, err);
}

/* Fowler, Noll, Vo: FNV-1a, 64 bits. */
static uint64_t
fnv1a(const char *bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *bytes != '\0'; bytes++)
		hash = (hash ^ (unsigned char)*bytes) * UINT64_C(0x100000001b3);
	return hash;
}

static const char *
keep_text(struct plan_context *context, struct buf *text)
{
	return arena_strndup(context->arena, text->bytes ? text->bytes : "", text->length);
}

bool
compile_keep_effective(struct plan_context *context, const struct plan_node *root, struct plan *plan, struct error *err)
{
	struct buf yaml, json;

	buf_init(&yaml, EFFECTIVE_CEILING);
	buf_init(&json, EFFECTIVE_CEILING);
	emit_yaml(&yaml, root);
	emit_json(&json, root, false);
	bool fits = !yaml.overflowed && !json.overflowed;

	plan->effective_yaml = keep_text(context, &yaml);
	plan->effective_json = keep_text(context, &json);
	snprintf(plan->hash, sizeof(plan->hash), "%016" PRIx64, fnv1a(plan->effective_yaml));
	buf_fini(&yaml);
	buf_fini(&json);
	return fits || plan_error(root, err, "the profile is larger than %zu bytes once its aliases are expanded",
			       EFFECTIVE_CEILING);
}

/* Relaxed pacing is late by up to a tick, as the profile wishes: that alone makes no level INVALID. */
static void
allow_for_tick(const struct plan_node *generator, struct plan *plan)
{
	bool is_given = generator != NULL && node_get(generator, "lateness_p99") != NULL;

	if (!is_given && plan->pacing != PACING_PRECISE && 2 * plan->relaxed_tick_ns > plan->generator.lateness_p99_ns)
		plan->generator.lateness_p99_ns = 2 * plan->relaxed_tick_ns;
}

static bool
compile_tree(struct plan_context *context, const struct plan_node *root, struct profile *profile, struct error *err)
{
	struct plan *plan = &profile->plan;

	if (!plan_parse_map(context, root, profile_keys, NULL, profile, err) || !check_name(context, root, plan, err) ||
		!check_target(context, node_get(root, "target"), &plan->target, err) ||
		!split_compile(root, plan, err) || !course_compile(context, profile, err) ||
		!scrape_compile(context, profile, err) || !compile_scenarios(context, root, profile, err) ||
		!data_compile(context, profile, err) || !compile_goals(context, profile, err) ||
		!compile_good_when(context, profile, err))
		return false;
	bool is_watched =
		plan->target.has_watch || plan->target.process.command != NULL || plan->target.energy.command != NULL;

	if (node_get(root, "idle_baseline") == NULL && is_watched)
		plan->idle_baseline_ns = IDLE_BASELINE_NS;
	allow_for_tick(node_get(root, "generator"), plan);
	return true;
}

/* Several runs are more than one plan can say. */
static bool
check_one_run(const struct plan_node *root, struct error *err)
{
	static const char *const keys[] = {"arms", "matrix"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (node_get(root, keys[i]) != NULL)
			return plan_error(node_get(root, keys[i]), err,
				"%s: this profile asks for several runs, where one is wanted; brunt run and brunt "
				"check take it",
				keys[i]);
	return true;
}

/* A suite is no run, and is found to be one before this; what belongs to one alone is a slip elsewhere. */
static bool
check_no_suite(const struct plan_node *root, struct error *err)
{
	static const char *const keys[] = {"set", "pass_rate", "limit"};
	const struct plan_node *suite = node_get(root, "suite");

	if (suite != NULL)
		return plan_error(suite, err,
			"suite: this is a suite of profiles, where one profile is wanted; brunt run and brunt check "
			"take it, and a suite names the profiles of another one");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (node_get(root, keys[i]) != NULL)
			return plan_error(
				node_get(root, keys[i]), err, "%s: there is no 'suite' that this belongs to", keys[i]);
	return true;
}

static bool
compile_text(struct plan_context *context, const struct plan_source *source, size_t variant, struct profile *profile,
	struct error *err)
{
	struct plan_node *root = tree_read_set(
		context, source->text, source->length, profile->plan.path, source->settings, source->settings_n, err);

	if (root == NULL || !check_no_suite(root, err) ||
		(variant == COMPILE_NO_VARIANT ? !check_one_run(root, err)
					       : !variants_apply(context, root, variant, err)))
		return false;
	tree_move_paths(context, root, profile->plan.path);
	return compile_keep_effective(context, root, &profile->plan, err) && tree_resolve(context, root, err) &&
	       compile_tree(context, root, profile, err);
}

struct plan *
compile_variant(const struct plan_source *source, size_t variant, struct error *err)
{
	struct profile profile = {0};
	struct arena arena;
	struct plan_context context = {.arena = &arena, .tables = source->tables};

	if (source->length > PLAN_FILE_CEILING) {
		error_at(err, source->name, 0, 0, "the profile is larger than %zu bytes", PLAN_FILE_CEILING);
		return NULL;
	}
	arena_init(&arena);
	profile.plan.path = arena_strdup(&arena, source->name);
	if (!compile_text(&context, source, variant, &profile, err)) {
		CHECK(error_is_set(err));
		arena_fini(&arena);
		return NULL;
	}
	struct plan *plan = must_alloc(sizeof(*plan));

	*plan = profile.plan;
	plan->files = context.files;
	plan->arena = arena;
	return plan;
}

struct plan *
plan_load_text(const char *text, size_t length, const char *name, const struct plan_setting *settings,
	size_t settings_n, const struct plan_tables *tables, struct error *err)
{
	const struct plan_source source = {text, length, name, settings, settings_n, tables};

	return compile_variant(&source, COMPILE_NO_VARIANT, err);
}

char *
compile_read_file(const char *path, size_t *length, struct error *err)
{
	char *text = file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, PLAN_FILE_CEILING, length, err);

	if (text == NULL)
		error_place(err, path, 0, 0);
	return text;
}

struct plan *
plan_load_file(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct error *err)
{
	size_t length;
	char *text = compile_read_file(path, &length, err);

	if (text == NULL)
		return NULL;
	struct plan *plan = plan_load_text(text, length, path, settings, settings_n, tables, err);

	free(text);
	return plan;
}

void
plan_free(struct plan *plan)
{
	if (plan == NULL)
		return;
	struct arena arena = plan->arena;

	free(plan);
	arena_fini(&arena);
}
