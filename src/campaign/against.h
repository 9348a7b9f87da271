#pragma once

#include "campaign/side.h"
#include "measure/verdict.h"

/* Runs that are over, held against one another. */
struct against_ask {
	const char *const *baselines, *const *currents; /* what each side is; see side_open */
	size_t baselines_n, currents_n;
	const char *store_dir;         /* NULL: where baselines are by default */
	const char *const *tolerances; /* as --tolerance says them: "5%", "p95=5%" */
	size_t tolerances_n;
	bool is_forced; /* compare them also where they are not alike */
	const struct plan_tables *tables;
};

struct against_answer {
	struct side baseline, current;
	struct plan *plan; /* by which they are compared: the current side's */
	struct comparison *comparison;
	const struct comparison *comparisons[1];
	const struct arm *arms[2];
	struct experiment experiment;
	struct against against;
	struct verdict verdict; /* pass, fail, or inconclusive where nothing could be gated */
};

/* False with err set, nothing to free, and the exit code that it comes to: 2, or 3 for a run that tells nothing. */
bool against_compare(struct against_answer *answer, const struct against_ask *ask, int *exit_code, struct error *err);
void against_free(struct against_answer *answer);

/* A run, as it is told apart from others, with its effective profile. */
struct against_subject {
	const struct against_run *about;
	const cJSON *profile;
};

/* Notes what is not alike in two runs; false with err set where that forbids to compare them, unless it is forced. */
bool against_check_alike(struct against *against, const struct against_subject *baseline,
	const struct against_subject *current, struct error *err);
/* Whether it came to its end, and told something. exit_code: as above. */
bool against_check_whole(struct against *against, const struct stored_run *run, int *exit_code, struct error *err);
/* What may be worse, and may be chance; and that stepped loads were not the same: told, since a pass would hide it. */
void against_say_unsure(struct verdict *verdict, const struct comparison *comparison);
void against_note(struct against *against, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All runs of both sides; the baseline's, where it has several, are held against each other, too. */
bool against_check_side(struct against *against, const struct side *side, int *exit_code, struct error *err);
