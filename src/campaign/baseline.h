#pragma once

#include "campaign/against.h"
#include "campaign/store.h"

/* Saving a run as a baseline. */
struct baseline_wish {
	const char *name, *path; /* under which it is saved, and where its results are */
	struct store_wish how;
	bool is_forced; /* also a run that was cut short, tells nothing, or is not like those that are there */
	const struct plan_tables *tables;
};

/* Only what can be compared later is saved: its journal is read to its end first. A rolling baseline takes runs alone
 * that passed, and that are like those it has. into: of the run that was saved. */
bool baseline_save(
	const struct store *store, const struct baseline_wish *wish, struct against_run *into, struct error *err);

/* A baseline with its runs read, and its figures: those of a comparison with itself. */
struct baseline_shown {
	struct side side;
	struct comparison *comparison;
};
bool baseline_show(struct baseline_shown *shown, const struct store *store, const char *name,
	const struct plan_tables *tables, struct error *err);
void baseline_shown_free(struct baseline_shown *shown);
