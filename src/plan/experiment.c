#include "plan/experiment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "plan/canary.h"
#include "plan/compare.h"
#include "plan/compile.h"
#include "plan/names.h"
#include "plan/split.h"
#include "plan/tree.h"
#include "plan/variants.h"

const char *const experiment_order_names[] = {
	[ORDER_INTERLEAVED] = "interleaved", [ORDER_SEQUENTIAL] = "sequential", [ORDER_TOGETHER] = "together"};

/* The rows of the experiment itself, out of the top level's. */
static bool
parse_rows(struct plan_context *context, const struct plan_node *root, struct profile *profile, struct error *err)
{
	static const char *const names[] = {"baseline", "order", "repeats"};

	profile->repeats = 1;
	for (const struct plan_key *key = profile_keys; key->type != PLAN_KEYS_END_TYPE; key++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			const struct plan_node *node = node_get(root, names[i]);

			if (strcmp(key->name, names[i]) == 0 && node != NULL &&
				!plan_parse_value(context, node, key, profile, err))
				return false;
		}
	return true;
}

static bool
find_baseline(const struct plan_node *root, const char *name, struct plan_experiment *experiment, struct error *err)
{
	struct names names = {.n = 0};
	char advice[768];

	if (name == NULL)
		return true;
	if (experiment->kind == EXPERIMENT_MATRIX)
		return plan_error(node_get(root, "baseline"), err,
			"baseline: the cells of a matrix are not compared with one of them; leave it out, or write "
			"'arms'");
	for (size_t i = 0; i < experiment->arms_n; i++) {
		names_add(&names, experiment->arms[i].name);
		if (strcmp(experiment->arms[i].name, name) == 0) {
			experiment->baseline = i;
			return true;
		}
	}
	return plan_error(node_get(root, "baseline"), err, "baseline: there is no arm '%.64s'%s", name,
		names_advice(&names, name, advice, sizeof(advice)));
}

static bool
read_experiment(struct plan_context *context, const struct plan_source *source, struct plan_experiment *experiment,
	struct error *err)
{
	struct profile profile = {0};
	struct plan_node *root = tree_read_set(
		context, source->text, source->length, source->name, source->settings, source->settings_n, err);

	if (root == NULL || !variants_find(context, root, experiment, err) ||
		!parse_rows(context, root, &profile, err) || !find_baseline(root, profile.baseline, experiment, err))
		return false;
	if (experiment->kind != EXPERIMENT_ONE_RUN && node_get(root, "regression") != NULL)
		return plan_error(node_get(root, "regression"), err,
			"regression: one run is compared with a baseline, and '%s' makes several",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix");
	experiment->order = (enum experiment_order)profile.order;
	experiment->repeats = profile.repeats;
	if (!split_compile_experiment(root, experiment, err) || !canary_compile(context, root, experiment, err))
		return false;
	if (experiment->arms_n * experiment->repeats > EXPERIMENT_RUNS_CEILING)
		return plan_error(node_get(root, "repeats") ? node_get(root, "repeats") : root, err,
			"repeats: %zu × %" PRIu64 " runs are more than %" PRIu64, experiment->arms_n,
			experiment->repeats, EXPERIMENT_RUNS_CEILING);
	tree_move_paths(context, root, source->name);
	return compile_keep_effective(context, root, &experiment->whole, err);
}

static bool
has_same_requests(const struct plan *a, const struct plan *b)
{
	bool is_same = a->requests_n == b->requests_n;

	for (size_t i = 0; is_same && i < a->requests_n; i++)
		is_same = strcmp(a->requests[i].name, b->requests[i].name) == 0;
	return is_same;
}

/* Figures of requests are compared, and added up, by their names. */
static bool
check_requests(const struct plan_experiment *experiment, struct error *err)
{
	for (size_t i = 1; i < experiment->arms_n; i++) {
		if (has_same_requests(experiment->arms[0].plan, experiment->arms[i].plan))
			continue;
		error_set(err,
			"%s: the requests of '%s' have other names than those of '%s', so that they cannot be "
			"compared; give those that correspond the same names, in the same order",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment->arms[i].name,
			experiment->arms[0].name);
		return error_place(err, experiment->arms[i].plan->path, 0, 0);
	}
	return true;
}

/* What is scraped is told apart by its place: an expression of one arm is asked of all of them. */
static bool
check_scraped(const struct plan_experiment *experiment, struct error *err)
{
	for (size_t i = 1; i < experiment->arms_n; i++) {
		if (scrape_is_same(&experiment->arms[0].plan->scrape, &experiment->arms[i].plan->scrape))
			continue;
		error_set(err,
			"%s: '%s' scrapes other figures than '%s', so that they cannot be compared; give those that "
			"correspond the same names, in the same order",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment->arms[i].name,
			experiment->arms[0].name);
		return error_place(err, experiment->arms[i].plan->path, 0, 0);
	}
	return true;
}

static bool
compile_arms(const struct plan_source *source, struct plan_experiment *experiment, struct error *err)
{
	for (size_t i = 0; i < experiment->arms_n; i++) {
		size_t variant = experiment->kind == EXPERIMENT_ONE_RUN ? COMPILE_NO_VARIANT : i;

		experiment->arms[i].plan = compile_variant(source, variant, err);
		if (experiment->arms[i].plan == NULL)
			return false;
		if (experiment->arms[i].name == NULL)
			experiment->arms[i].name = experiment->arms[i].plan->name;
	}
	return check_requests(experiment, err) && check_scraped(experiment, err) && compare_check(experiment, err);
}

static struct plan_experiment *
experiment_load(const struct plan_source *source, struct error *err)
{
	struct plan_experiment *experiment = must_alloc(sizeof(*experiment));
	struct plan_context context = {.arena = &experiment->arena, .tables = source->tables};

	arena_init(&experiment->arena);
	if (source->length > PLAN_FILE_CEILING)
		error_at(err, source->name, 0, 0, "the profile is larger than %zu bytes", PLAN_FILE_CEILING);
	if (error_is_set(err) || !read_experiment(&context, source, experiment, err) ||
		!compile_arms(source, experiment, err)) {
		CHECK(error_is_set(err));
		experiment_free(experiment);
		return NULL;
	}
	const struct plan own = experiment->whole;

	experiment->whole = *experiment->arms[experiment->baseline].plan;
	experiment->whole.effective_yaml = own.effective_yaml;
	experiment->whole.effective_json = own.effective_json;
	memcpy(experiment->whole.hash, own.hash, sizeof(own.hash));
	return experiment;
}

struct plan_experiment *
experiment_load_text(const char *text, size_t length, const char *name, const struct plan_setting *settings,
	size_t settings_n, const struct plan_tables *tables, struct error *err)
{
	const struct plan_source source = {text, length, name, settings, settings_n, tables};

	return experiment_load(&source, err);
}

struct plan_experiment *
experiment_load_file(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct error *err)
{
	size_t length;
	char *text = compile_read_file(path, &length, err);

	if (text == NULL)
		return NULL;
	struct plan_experiment *experiment =
		experiment_load_text(text, length, path, settings, settings_n, tables, err);

	free(text);
	return experiment;
}

void
experiment_free(struct plan_experiment *experiment)
{
	if (experiment == NULL)
		return;
	for (size_t i = 0; i < experiment->arms_n; i++)
		plan_free(experiment->arms[i].plan);
	arena_fini(&experiment->arena);
	free(experiment);
}
