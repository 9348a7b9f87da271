#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/keys.h"
#include "plan/yaml.h"

/* Nodes → structs, by the rows that describe them. Every false comes with err set: where it stands, what it says, what
 * would be right. */

struct plan_tables;
struct plan_said;

/* What the levels of the load that is being parsed count. A bare number goes with either. */
enum plan_level_unit { LEVEL_UNIT_NONE, LEVEL_UNIT_RATE, LEVEL_UNIT_USERS };

struct plan_context {
	struct arena *arena;
	const struct plan_tables *tables;
	const struct plan_metric *const *metrics; /* that expressions may name, once `scrape` is known */
	enum plan_level_unit level_unit;
	const struct plan_node *level_node; /* the first that said so */
	bool has_level;
	double level_most;                 /* of all its levels */
	const struct plan_node *most_node; /* which says it; NULL: none was above 0 */
	/* Where in the profile that load stands, "load.stages[1]", and what says 0 in it, so that sentences can name
	 * it. */
	const char *load_path, *zero_path;
	const struct plan_node *zero_node;
	struct plan_file *files; /* so far */
};

/* The sentence about this node. A value that holds a secret is quoted as it stands in the profile. */
bool plan_error(const struct plan_node *node, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Where the node stands, and what it says (NULL where it is no single value), for sentences later on. */
struct plan_said plan_said_at(const struct plan_context *context, const struct plan_node *node);

/* A map whose keys are all rows of `keys`; absent ones get their default. `into` is the zeroed struct that the rows
 * describe. `also` (may be NULL) are names that somebody else looks at, ended by NULL. */
bool plan_parse_map(struct plan_context *context, const struct plan_node *node, const struct plan_key *keys,
	const char *const *also, void *into, struct error *err);

/* One value. `into` is the struct, not the field. */
bool plan_parse_value(struct plan_context *context, const struct plan_node *node, const struct plan_key *key,
	void *into, struct error *err);

/* The parameters of a choice that is already known; node is its value. */
bool plan_parse_chosen(struct plan_context *context, const struct plan_choice *choice, const struct plan_node *node,
	struct plan_chosen *into, struct error *err);

/* For PLAN_CUSTOM rows; here `into` is the field.
 *
 * A list of shapes → struct plan_list of struct plan_chosen. An item is {shapename: {…}}, or a flat map that holds the
 * flat_key of a shape. */
bool plan_parse_chosen_list(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);

/* The path of a file that must be there → const char *: relative to the file that names it. */
bool plan_parse_path(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
/* The same of a file that is a part of the load: one of plan->files. */
bool plan_parse_input(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
