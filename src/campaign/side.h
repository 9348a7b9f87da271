#pragma once

#include "campaign/stored.h"
#include "plan/by_hand.h"

/* One side of a comparison, as earlier runs left it: a run, several of them, a baseline, or values written by hand. */
struct side {
	const char *name; /* "baseline" */
	struct stored_run *runs;
	size_t n;
	bool is_baseline;        /* it was saved as one: of three runs and more its values are medians */
	struct by_hand *by_hand; /* NULL: it has runs */
	const char *by_hand_path;
	struct against_run *about; /* of the runs */
	struct plan *plan;         /* of its runs … */
	struct plan read_by;       /* … with what is compared from another */
	struct arm *arm;
};

/* What is named: results directories, results, a file of values, names of baselines in store_dir (campaign/store.h).
 * False with err set and nothing to close. */
bool side_open(struct side *side, const char *name, const char *const *what, size_t what_n, const char *store_dir,
	const struct plan_tables *tables, struct error *err);
void side_close(struct side *side);

/* Reads its runs into an arm, of whose requests those are kept apart that `compared` names. Of values written by hand
 * the arm is empty. */
bool side_read(struct side *side, const struct plan *compared, struct error *err);

struct against_side side_about(const struct side *side);

/* Whether figures of single requests, and of what is scraped, mean the same in both. */
bool side_has_same_names(const struct plan *a, const struct plan *b);
/* Leaves out of what is compared all that only has a meaning among the same names. */
void side_leave_names_out(struct plan *compared);
