#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/* YAML text → a tree of nodes that know where they stand. libyaml accepts any nesting, duplicate keys and aliases that
 * multiply: all three are bounded here. */

#define YAML_DEPTH_CEILING 32
#define YAML_NODES_CEILING ((size_t)100000) /* keys and values of one file, aliases expanded */
#define YAML_KEYS_CEILING ((size_t)1000)    /* of one map */
#define YAML_KEY_CEILING ((size_t)128)      /* bytes of a key: so that it is one line, even with every byte escaped */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct plan_node {
	enum node_kind kind;
	const char *text;   /* of a scalar, with its references resolved */
	const char *source; /* as it stands in the profile: what may be shown */
	const char *moved;  /* the source as the profile that extends this one would write it; NULL: the same */
	bool is_quoted;
	bool is_tainted; /* text holds what ${env:…} or ${file:…} stood for */

	const char *file;
	size_t line, column; /* from 1; 0: not from a file (a --set) */

	const char *key; /* within a map; else NULL */
	size_t key_line, key_column;

	struct plan_node *first, *last, *next; /* children, in order */
	size_t n;
};

/* The one document in text, a null where it is empty; NULL with err set. `file` is what messages call it, and must live
 * as long as the arena. !has_lines: there are none to speak of (the value of a --set). */
struct plan_node *yaml_read(
	struct arena *arena, const char *text, size_t length, const char *file, bool has_lines, struct error *err);

/* An unquoted ~, null or nothing. */
bool node_is_null(const struct plan_node *node);

/* The child of that name, or NULL; of a list: the i-th item. */
struct plan_node *node_get(const struct plan_node *map, const char *key);
struct plan_node *node_at(const struct plan_node *list, size_t i);

struct plan_node *node_new_map(struct arena *arena, const char *file);
void node_add(struct plan_node *parent, struct plan_node *child);
void node_remove(struct plan_node *parent, struct plan_node *child);
/* Puts `with` where `child` is; the key stays. */
void node_replace(struct plan_node *parent, struct plan_node *child, struct plan_node *with);
