#pragma once

#include "campaign/stored.h"

/* Where baselines are kept: DIR/NAME/RUN, each run as it lay in its results directory (result.json, profile.yaml,
 * events.ndjson), so that whatever can be said of a run can be said of a baseline. A rolling one holds several. */

#define STORE_NAME_MAX 64
#define STORE_ROLLING_MAX 100 /* runs that a baseline may hold */

struct store {
	char dir[PATH_MAX];
};

/* dir: as --baselines says it; NULL: $BRUNT_BASELINES, else $XDG_DATA_HOME/brunt/baselines, else
 * ~/.local/share/brunt/baselines. Makes nothing. */
bool store_open(struct store *store, const char *dir, struct error *err);

/* Letters, digits, '.', '_' and '-', not a '.' or '-' first, and no ending that a file of values or results has. */
bool store_check_name(const char *name, struct error *err);

/* Paths or names, sorted, so that runs stand in the order in which they began. */
struct store_list {
	char **texts;
	size_t n;
};
void store_list_fini(struct store_list *list);
/* Names of the baselines; none where there is no store yet. */
void store_names(const struct store *store, struct store_list *list);
/* The results directories of a baseline; false with err set, which names those that there are. */
bool store_runs(const struct store *store, const char *name, struct store_list *list, struct error *err);

struct store_wish {
	bool replaces;    /* what is there under this name */
	uint64_t rolling; /* keeps the newest so many; 0: one */
};

/* Copies the run. What was there stays as it was until the copy is whole and durable. */
bool store_save(const struct store *store, const char *name, const struct stored_run *run,
	const struct store_wish *wish, struct error *err);
bool store_remove(const struct store *store, const char *name, struct error *err);
