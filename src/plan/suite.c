#include "plan/suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/file.h"
#include "plan/compile.h"
#include "plan/emit.h"
#include "plan/files.h"
#include "plan/names.h"
#include "plan/tree.h"

#define SETTING_CEILING ((size_t)64 * 1024)

/* The keys of the top level that are a suite's; all others are of its profiles. */
static const char *const own_keys[] = {"name", "extends", "suite", "set", "pass_rate", "limit", "output"};

/* An item's settings in the making, and where each stands; NULL: on the command line. */
struct item_settings {
	struct suite_item *item;
	const struct plan_node *nodes[SUITE_SETTINGS_CEILING];
};

static bool
is_own(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
		if (strlen(own_keys[i]) == length && strncmp(own_keys[i], name, length) == 0)
			return true;
	return false;
}

static bool
setting_is_own(const struct plan_setting *setting)
{
	return is_own(setting->path, strcspn(setting->path, ".[="));
}

/* The value as the text of a --set. */
static const char *
value_text(struct arena *arena, const struct plan_node *node)
{
	const char *text = node->source;
	struct buf json;

	if (node->kind == NODE_SCALAR && !node->is_quoted)
		return text;
	buf_init(&json, SETTING_CEILING);
	emit_json(&json, node, false);
	text = json.overflowed ? NULL : arena_strndup(arena, json.bytes, json.length);
	buf_fini(&json);
	return text;
}

static bool
add_setting(struct arena *arena, struct item_settings *settings, const struct plan_node *node, const char *text,
	struct error *err)
{
	struct suite_item *item = settings->item;

	if (item->settings == NULL)
		item->settings = arena_alloc(arena, SUITE_SETTINGS_CEILING * sizeof(*item->settings));
	if (item->settings_n == SUITE_SETTINGS_CEILING)
		return error_set(err, "suite: '%s' has more than %zu settings", item->name, SUITE_SETTINGS_CEILING);
	settings->nodes[item->settings_n] = node;
	item->settings[item->settings_n++] = text;
	return true;
}

static bool
add_map(struct arena *arena, struct item_settings *settings, const struct plan_node *map, struct error *err)
{
	if (map == NULL)
		return true;
	if (map->kind != NODE_MAP)
		return plan_error(map, err, "set: write a map of paths to values, such as {load.steady.rate: 50/s}");
	for (const struct plan_node *node = map->first; node != NULL; node = node->next) {
		const char *value = value_text(arena, node);

		if (strchr(node->key, '=') != NULL || node->key[0] == '\0')
			return plan_error(node, err, "set: '%.64s' is no path such as load.steady.rate", node->key);
		if (value == NULL)
			return plan_error(node, err, "set: the value of '%.64s' is too long", node->key);
		if (!add_setting(arena, settings, node, arena_printf(arena, "%s=%s", node->key, value), err))
			return error_place(err, node->file, node->key_line, node->key_column);
	}
	return true;
}

static bool
add_settings(struct plan_context *context, const struct plan_source *source, const struct plan_node *for_all,
	const struct plan_node *own, struct item_settings *settings, struct error *err)
{
	if (!add_map(context->arena, settings, for_all, err) || !add_map(context->arena, settings, own, err))
		return false;
	for (size_t i = 0; i < source->settings_n; i++)
		if (!setting_is_own(&source->settings[i]) &&
			!add_setting(context->arena, settings, NULL, source->settings[i].path, err))
			return false;
	return true;
}

/* A setting of the suite's that is wrong is wrong where the suite says it. */
static bool
place_in_suite(const struct item_settings *settings, const struct error *found, struct error *err)
{
	const struct suite_item *item = settings->item;
	const char *path = strncmp(found->where, "--set ", 6) == 0 ? found->where + 6 : NULL;
	const struct plan_node *node = NULL;

	for (size_t i = 0; path != NULL && i < item->settings_n; i++) {
		size_t length = strcspn(item->settings[i], "=");

		if (strlen(path) == length && strncmp(item->settings[i], path, length) == 0)
			node = settings->nodes[i];
	}
	if (node != NULL)
		return error_at(
			err, node->file, node->key_line, node->key_column, "set: %.64s: %s", node->key, found->message);
	if (path != NULL)
		return error_at(err, found->where, 0, 0, "%s (in '%s')", found->message, item->name);
	*err = *found;
	return false;
}

static bool
compile_profile(const struct plan_source *source, const struct item_settings *of, struct error *err)
{
	struct suite_item *item = of->item;
	struct plan_setting settings[SUITE_SETTINGS_CEILING];
	struct error found = {0};

	for (size_t i = 0; i < item->settings_n; i++)
		settings[i] =
			(struct plan_setting){.path = item->settings[i], .value = strchr(item->settings[i], '=') + 1};
	item->experiment = experiment_load_file(item->path, settings, item->settings_n, source->tables, &found);
	return item->experiment != NULL || place_in_suite(of, &found, err);
}

/* Whether an item after this one will have that name. */
static bool
comes_later(struct arena *arena, const struct plan_node *node, const char *name)
{
	for (node = node->next; node != NULL; node = node->next) {
		const struct plan_node *said = node->kind == NODE_MAP ? node_get(node, "name") : NULL;
		const struct plan_node *profile = node->kind == NODE_MAP ? node_get(node, "profile") : node;

		if (said == NULL && profile != NULL && profile->kind == NODE_SCALAR &&
			strcmp(compile_name_of_file(arena, profile->text), name) == 0)
			return true;
		if (said != NULL && said->kind == NODE_SCALAR && strcmp(said->text, name) == 0)
			return true;
	}
	return false;
}

static bool
find_need(struct plan_context *context, const struct plan_suite *suite, const struct plan_node *node, const char *name,
	struct suite_item *item, struct error *err)
{
	const struct plan_node *needs = node_get(node, "needs");
	struct names names = {.n = 0};
	char advice[768];

	for (const struct suite_item *before = suite->items; before < item; before++) {
		names_add(&names, before->name);
		if (strcmp(before->name, name) == 0) {
			item->needs[item->needs_n++] = (size_t)(before - suite->items);
			return true;
		}
	}
	if (strcmp(name, item->name) == 0)
		return plan_error(needs, err, "needs: '%s' cannot wait for itself", name);
	if (comes_later(context->arena, node, name))
		return plan_error(needs, err, "needs: '%.64s' comes later; put it before this one", name);
	return plan_error(needs, err, "needs: there is no '%.64s' before this%s", name,
		names_advice(&names, name, advice, sizeof(advice)));
}

static bool
compile_needs(struct plan_context *context, const struct plan_suite *suite, const struct plan_node *node,
	const struct suite_item_row *row, struct suite_item *item, struct error *err)
{
	const char *const *names = row->needs.items;

	item->needs = arena_alloc(context->arena, (row->needs.n + 1) * sizeof(*item->needs));
	for (size_t i = 0; i < row->needs.n; i++)
		if (!find_need(context, suite, node, names[i], item, err))
			return false;
	return true;
}

/* A path in place of the map stands for its `profile`. */
static bool
parse_item(struct plan_context *context, const struct plan_node *node, struct suite_item_row *row, struct error *err)
{
	struct plan_node map = {.kind = NODE_MAP, .file = node->file, .line = node->line, .column = node->column};
	struct plan_node *only = arena_alloc(context->arena, sizeof(*only));

	if (node->kind == NODE_LIST)
		return plan_error(
			node, err, "suite: each is a profile's path, or a map such as {profile: smoke.yaml, name: a}");
	if (node->kind == NODE_SCALAR) {
		*only = *node;
		only->key = "profile";
		only->next = NULL;
		node_add(&map, only);
		node = &map;
	}
	return plan_parse_map(context, node, suite_item_keys, NULL, row, err);
}

static bool
take_name(struct plan_context *context, const struct plan_suite *suite, const struct plan_node *node,
	const struct suite_item_row *row, struct suite_item *item, struct error *err)
{
	const struct plan_node *at = node_get(node, "name") ? node_get(node, "name") : node;

	item->name = row->name != NULL ? row->name : compile_name_of_file(context->arena, row->profile);
	if (!compile_name(at, "name", item->name, err))
		return false;
	for (const struct suite_item *before = suite->items; before < item; before++)
		if (strcmp(before->name, item->name) == 0)
			return plan_error(at, err,
				"name: there is a '%s' in this suite already; give one of them a name of its own",
				item->name);
	return true;
}

static bool
compile_item(struct plan_context *context, const struct plan_source *source, const struct plan_node *root,
	const struct plan_node *node, struct plan_suite *suite, struct error *err)
{
	struct suite_item *item = &suite->items[suite->items_n];
	struct item_settings settings = {.item = item};
	struct suite_item_row row = {0};

	if (!parse_item(context, node, &row, err) || !take_name(context, suite, node, &row, item, err))
		return false;
	const struct plan_node *profile = node->kind == NODE_MAP ? node_get(node, "profile") : node;

	item->path = row.profile;
	item->shown = profile->source;
	item->category = row.category;
	item->only_if = row.only_if;
	/* Counted only now, so that its experiment is freed whatever is wrong with it. */
	suite->items_n++;
	return compile_needs(context, suite, node, &row, item, err) &&
	       add_settings(context, source, node_get(root, "set"), row.set, &settings, err) &&
	       compile_profile(source, &settings, err);
}

/* Only a suite's keys, with the advice that rows give on others. */
static bool
parse_rows(struct plan_context *context, const struct plan_node *root, struct profile *profile, struct error *err)
{
	struct plan_key keys[ARRAY_LEN(own_keys) + 1];
	size_t n = 0;

	for (const struct plan_key *key = profile_keys; key->type != PLAN_KEYS_END_TYPE; key++)
		if (is_own(key->name, strlen(key->name)))
			keys[n++] = *key;
		else if (node_get(root, key->name) != NULL)
			return plan_error(node_get(root, key->name), err,
				"%s: a suite has none of its own; write it in its profiles, or 'set: {%s: …}' for all "
				"of them",
				key->name, key->name);
	CHECK_OP(n, ==, ARRAY_LEN(own_keys));
	keys[n] = (struct plan_key)PLAN_KEYS_END;
	return plan_parse_map(context, root, keys, NULL, profile, err);
}

static bool
keep_json(struct plan_context *context, const struct plan_node *root, struct plan_suite *suite, struct error *err)
{
	struct plan plan = {0};

	if (!compile_keep_effective(context, root, &plan, err))
		return false;
	suite->effective_json = plan.effective_json;
	return true;
}

static bool
compile_suite(struct plan_context *context, const struct plan_source *source, const struct plan_node *root,
	struct plan_suite *suite, struct error *err)
{
	const struct plan_node *list = node_get(root, "suite"), *name = node_get(root, "name");
	struct profile profile = {0};

	if (!parse_rows(context, root, &profile, err))
		return false;
	if (list->kind != NODE_LIST || list->n == 0)
		return plan_error(
			list, err, "suite: write a list of profiles such as [smoke.yaml, {profile: soak.yaml}]");
	if (list->n > SUITE_ITEMS_CEILING)
		return plan_error(list, err, "suite: more than %zu profiles", SUITE_ITEMS_CEILING);
	suite->name = profile.plan.name ? profile.plan.name : compile_name_of_file(context->arena, suite->path);
	suite->pass_rate = profile.suite.pass_rate;
	suite->limit_ns = profile.suite.limit_ns;
	suite->output = profile.plan.output;
	suite->items = arena_alloc(context->arena, list->n * sizeof(*suite->items));
	if (!compile_name(name ? name : root, "name", suite->name, err))
		return false;
	for (const struct plan_node *node = list->first; node != NULL; node = node->next)
		if (!compile_item(context, source, root, node, suite, err))
			return false;
	return true;
}

static bool
apply_own_settings(
	struct plan_context *context, const struct plan_source *source, struct plan_node *root, struct error *err)
{
	for (size_t i = 0; i < source->settings_n; i++)
		if (setting_is_own(&source->settings[i]) && !tree_set(context, root, &source->settings[i], err))
			return false;
	tree_expand_shorthands(context, root);
	return true;
}

static struct plan_suite *
load_suite(const struct plan_source *source, struct error *err)
{
	struct plan_suite *suite = must_alloc(sizeof(*suite));
	struct plan_context context = {.arena = &suite->arena, .tables = source->tables};

	arena_init(&suite->arena);
	suite->path = arena_strdup(&suite->arena, source->name);
	struct plan_node *root = tree_read(&context, source->text, source->length, suite->path, err);

	if (root != NULL && node_get(root, "suite") != NULL && apply_own_settings(&context, source, root, err) &&
		keep_json(&context, root, suite, err) && tree_resolve(&context, root, err) &&
		compile_suite(&context, source, root, suite, err))
		return suite;
	suite_free(suite);
	return NULL;
}

struct plan_suite *
suite_load_text(const char *text, size_t length, const char *name, const struct plan_setting *settings,
	size_t settings_n, const struct plan_tables *tables, struct error *err)
{
	const struct plan_source source = {text, length, name, settings, settings_n, tables};

	if (length > PLAN_FILE_CEILING) {
		error_at(err, name, 0, 0, "the profile is larger than %zu bytes", PLAN_FILE_CEILING);
		return NULL;
	}
	return load_suite(&source, err);
}

bool
suite_load_any(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct plan_suite **suite, struct plan_experiment **experiment,
	struct error *err)
{
	size_t length;
	char *text = compile_read_file(path, &length, err);

	*suite = NULL;
	*experiment = NULL;
	if (text == NULL)
		return false;
	*suite = suite_load_text(text, length, path, settings, settings_n, tables, err);
	if (*suite == NULL && !error_is_set(err))
		*experiment = experiment_load_text(text, length, path, settings, settings_n, tables, err);
	free(text);
	return *suite != NULL || *experiment != NULL;
}

void
suite_free(struct plan_suite *suite)
{
	if (suite == NULL)
		return;
	for (size_t i = 0; i < suite->items_n; i++)
		experiment_free(suite->items[i].experiment);
	struct arena arena = suite->arena;

	free(suite);
	arena_fini(&arena);
}
