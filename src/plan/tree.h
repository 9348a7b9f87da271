#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plan/parse.h"
#include "plan/plan.h"

/* What happens to the tree of a profile before its rows are looked at, in this order. */

#define TREE_EXTENDS_CEILING 8

/* The tree of a profile's text, merged into the profiles that it extends. */
struct plan_node *tree_read(
	struct plan_context *context, const char *text, size_t length, const char *file, struct error *err);

/* Sections written as one scalar become maps, so that they can be merged and set key by key. */
void tree_expand_shorthands(struct plan_context *context, struct plan_node *root);

/* A load has one shape: of those in this map only `keep` stays, if it is one. */
void tree_keep_shape(struct plan_context *context, struct plan_node *load, const char *keep);

/* --set: puts a value at a path, making the maps on the way. */
bool tree_set(
	struct plan_context *context, struct plan_node *root, const struct plan_setting *setting, struct error *err);

/* The same with a value that stands in the profile, whose place messages name; it leaves where it stood. */
bool tree_put(struct plan_context *context, struct plan_node *root, const char *path, struct plan_node *value,
	struct error *err);

/* Reads, merges, and applies what the environment says of a split, then the settings of --set. */
struct plan_node *tree_read_set(struct plan_context *context, const char *text, size_t length, const char *file,
	const struct plan_setting *settings, size_t settings_n, struct error *err);

/* Relative paths that come from profiles in other directories, as the profile at top_file would write them: for the
 * effective profile, which is to work in its place. What the run reads is still resolved where it was written. */
void tree_move_paths(struct plan_context *context, struct plan_node *root, const char *top_file);

/* ${env:X} and ${file:X} → what they stand for, in the texts alone: `source` keeps the reference. */
bool tree_resolve(struct plan_context *context, struct plan_node *node, struct error *err);
