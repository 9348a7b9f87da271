#include "campaign/baseline.h"

#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "judge/compare.h"

#define SHOWN_RESAMPLES 2 /* values alone are shown */

/* Whether its journal can be read: found out now, and not when a comparison needs it. */
static bool
can_be_compared(const struct stored_run *run, const struct plan_tables *tables, struct error *err)
{
	struct plan *plan = stored_plan(run, tables, err);

	if (plan == NULL)
		return false;
	struct arm *arm = arm_new("saved", plan);
	bool is_read = stored_add_to(run, arm, err);

	arm_free(arm);
	plan_free(plan);
	return is_read;
}

static bool
check_run(const struct baseline_wish *wish, const struct stored_run *run, struct error *err)
{
	struct against against = {.is_forced = wish->is_forced, .how_to_force = "--force"};
	int exit_code;

	if (run->is_experiment)
		return error_set(err, "'%s' is of an experiment; save one of its runs, in '%s/runs'", wish->path,
			run->about.dir);
	if (!against_check_whole(&against, run, &exit_code, err))
		return false;
	if (wish->how.rolling > 0 && run->about.exit_code != EXIT_PASSED)
		return error_set(err, "'%s' is no good run (exit %d: %s), and a rolling baseline holds none but those",
			wish->path, run->about.exit_code, run->reason);
	return can_be_compared(run, wish->tables, err);
}

/* With the newest of those that it would stand beside. */
static bool
check_neighbours(
	const struct store *store, const struct baseline_wish *wish, const struct stored_run *run, struct error *err)
{
	struct against against = {.is_forced = wish->is_forced, .how_to_force = "--force"};
	struct stored_run newest;
	struct store_list runs;
	struct error none = {0};

	if (wish->how.rolling == 0 || wish->how.replaces || !store_runs(store, wish->name, &runs, &none))
		return true;
	bool is_alike = stored_open(&newest, runs.texts[runs.n - 1], err);

	store_list_fini(&runs);
	if (!is_alike)
		return false;
	is_alike = against_check_alike(&against, &(struct against_subject){&newest.about, newest.profile},
		&(struct against_subject){&run->about, run->profile}, err);
	stored_close(&newest);
	return is_alike;
}

bool
baseline_save(const struct store *store, const struct baseline_wish *wish, struct against_run *into, struct error *err)
{
	struct stored_run run;

	if (!store_check_name(wish->name, err) || !stored_open(&run, wish->path, err))
		return false;
	bool is_saved = check_run(wish, &run, err) && check_neighbours(store, wish, &run, err) &&
			store_save(store, wish->name, &run, &wish->how, err);

	*into = run.about;
	stored_close(&run);
	return is_saved;
}

bool
baseline_show(struct baseline_shown *shown, const struct store *store, const char *name,
	const struct plan_tables *tables, struct error *err)
{
	char path[PATH_MAX + STORE_NAME_MAX + 2];
	struct store_list runs;

	*shown = (struct baseline_shown){.comparison = NULL};
	if (!store_runs(store, name, &runs, err))
		return false;
	store_list_fini(&runs);
	snprintf(path, sizeof(path), "%s/%s", store->dir, name);
	if (!side_open(&shown->side, name, (const char *const[]){path}, 1, store->dir, tables, err))
		return false;
	shown->side.plan->compare.resamples = SHOWN_RESAMPLES;
	if (!side_read(&shown->side, shown->side.plan, err)) {
		side_close(&shown->side);
		return false;
	}
	shown->comparison = compare_arms(shown->side.arm, shown->side.arm, shown->side.plan);
	return true;
}

void
baseline_shown_free(struct baseline_shown *shown)
{
	compare_free(shown->comparison);
	side_close(&shown->side);
}
