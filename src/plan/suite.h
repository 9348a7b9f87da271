#pragma once

#include "plan/course.h"
#include "plan/experiment.h"

/* Several profiles run one after the other under one verdict: a profile whose top level has `suite`. Each item is
 * compiled here as it will be run, so that a mistake in the last one is found before anything is sent; it is run by its
 * path and its settings, as `brunt run PATH --set …` would. */

#define SUITE_ITEMS_CEILING ((size_t)200)
#define SUITE_SETTINGS_CEILING ((size_t)64) /* of an item, whoever makes them: as many as --set may be given */

struct suite_item {
	const char *name;      /* unique; safe as a file's name */
	const char *path;      /* of its profile, from here */
	const char *shown;     /* the same, as the suite says it */
	const char *category;  /* "suite" where it says none */
	const char **settings; /* "KEY=VALUE": what the suite sets for all, then what it does, then the command line */
	size_t settings_n;
	size_t *needs; /* indices of items before it */
	size_t needs_n;
	struct plan_shell only_if;          /* text NULL: none */
	struct plan_experiment *experiment; /* what it asks for; freed with the suite */
};

struct plan_suite {
	const char *name;
	const char *path;
	struct suite_item *items;
	size_t items_n;
	double pass_rate; /* of what was judged, 0..1 */
	int64_t limit_ns; /* 0: none */
	struct plan_output output;
	const char *effective_json;
	struct arena arena;
};

/* Reads a profile, which becomes one of them: the other is NULL. False with err set. */
bool suite_load_any(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct plan_suite **suite, struct plan_experiment **experiment,
	struct error *err);

/* NULL without err: it is no suite. */
struct plan_suite *suite_load_text(const char *text, size_t length, const char *name,
	const struct plan_setting *settings, size_t settings_n, const struct plan_tables *tables, struct error *err);
void suite_free(struct plan_suite *suite);
