#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A key of the profile: one row says its type, unit, range, default and help; the parser, `brunt help profile` and
 * profiles/README.md all come from it. A struct of the plan is described by an array of rows ended by PLAN_KEYS_END. */
enum plan_type {
	PLAN_LEVEL,  /* double: a rate (per second) or, with "10 users", users; all levels of one load share the unit */
	PLAN_RATE,   /* double, per second */
	PLAN_TIME,   /* int64_t, ns */
	PLAN_RATIO,  /* double, 0..1 */
	PLAN_BYTES,  /* uint64_t */
	PLAN_COUNT,  /* uint64_t */
	PLAN_NUMBER, /* double */
	PLAN_BOOL,   /* bool */
	PLAN_TEXT,   /* const char *, in the plan's arena */
	PLAN_CHOICE, /* int: index into `choices` */
	PLAN_SECTION, /* struct embedded at offset: `keys` are its rows */
	PLAN_LIST,    /* struct plan_list: items of `size` bytes described by `keys` */
	PLAN_TEXTS,   /* struct plan_list of const char *; a scalar stands for a list of one */
	PLAN_PAIRS,   /* struct plan_list of struct plan_pair, in order: a map of any names to texts */
	PLAN_CUSTOM,  /* `parse` does it */
	PLAN_KEYS_END_TYPE,
};

struct plan_list {
	void *items;
	size_t n;
};

struct plan_pair {
	const char *name, *value;
};

struct plan_node;    /* yaml.h */
struct plan_context; /* parse.h: the file names, arena and tables of one compilation */

struct plan_key {
	const char *name;
	enum plan_type type;
	size_t offset;
	const char *default_text; /* as written in YAML; NULL: the key is required; "": absent leaves zero */
	double min, max;          /* in the base unit (per second, ns, bytes); both 0: no range but ≥ 0 */
	const char *help;
	const char *const *choices;  /* PLAN_CHOICE: ended by NULL */
	const struct plan_key *keys; /* PLAN_SECTION, PLAN_LIST */
	size_t size;                 /* PLAN_LIST: of an item */
	bool (*parse)(struct plan_context *context, const struct plan_node *node, void *into, struct error *err);
	const char *form;      /* PLAN_CUSTOM: what is right, as in "a list of shapes" */
	const char *shorthand; /* PLAN_SECTION: the key that a scalar or list in its place stands for */
	bool is_above_0;       /* PLAN_LEVEL: 0 is refused, as what sends nothing */
	bool is_path;          /* PLAN_CUSTOM: of a file, relative to the profile that names it */
};

#define PLAN_KEYS_END                                                                                                  \
	{                                                                                                              \
		.type = PLAN_KEYS_END_TYPE                                                                             \
	}

/* A key named "users" counts users, whatever its type, and makes its load a closed one, as PLAN_LEVEL does with "10
 * users".
 *
 * One of several things named by a key (a shape under `load:`, a protocol, a reader, a sampler): its own rows are
 * validated by plan/ without plan/ knowing the room it lives in. Embedded in the room's ops struct and recovered with
 * container_of; the tables reach plan/ as arguments from cmd/. */
struct plan_choice {
	const char *name;            /* its key in the profile */
	const char *help;            /* one line for `brunt help profile` */
	const struct plan_key *keys; /* a list in place of the map stands for the first key (stages: [...]) */
	size_t params_size;
	bool (*check)(const void *params, struct error *err); /* may be NULL; impossible combinations */
	const char *flat_key; /* shapes: a stage that is a flat map with this key is one of these (rate: steady, to:
				 ramp) */
	const char
		*example; /* its value for `brunt help profile`: "{rate: 1000/s, for: 30s}"; NULL: made of its keys */
	bool is_multiplexed; /* protocols: one connection carries many exchanges at once */
	const char *scheme;  /* protocols: of the URLs that choose it, less their s: "ws"; NULL: http chooses by name */
	bool searches_body;  /* readers: they look for expect.body */
	bool is_for_tests;   /* valid, but not offered to who mistypes another: the null protocol */
};

/* What was chosen, with its parameters filled from the YAML (in the plan's arena). */
struct plan_chosen {
	const struct plan_choice *choice;
	void *params;
	size_t line, column; /* where it stands in the profile */
};
