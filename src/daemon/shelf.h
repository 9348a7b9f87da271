#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/history.h"

/* The baselines in DATA/baselines (campaign/store.h), as the API shows them. What a run in one of them says is read
 * once and remembered: a run that was saved does not change. The desk's. */

#define SHELF_BASELINES_MAX 500   /* that are listed */
#define SHELF_REMEMBERED_MAX 4096 /* runs */

struct shelf_baseline {
	char name[HISTORY_NAME_MAX + 1];
	int64_t saved_ns; /* when its newest run was; wall, 0: not known */
	size_t runs;
	char profile[HISTORY_NAME_MAX + 1];
	double figures[HISTORY_FIGURES_N]; /* the median of its runs'; NAN: not known */
};

struct shelf;

struct shelf *shelf_new(const char *data);
void shelf_free(struct shelf *shelf);
const char *shelf_dir(const struct shelf *shelf);

typedef void shelf_fn(void *context, const struct shelf_baseline *baseline);
void shelf_each(struct shelf *shelf, shelf_fn *each, void *context); /* by name; those that can be read */
/* False: there is none that can be read. */
bool shelf_find(struct shelf *shelf, const char *name, struct shelf_baseline *into);
bool shelf_has(const struct shelf *shelf, const char *name);
