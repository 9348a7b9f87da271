#include "cmd/run_suite.h"

#include "base/log.h"
#include "campaign/regression.h"
#include "campaign/suite.h"
#include "cmd/run.h"
#include "cmd/tables.h"

static bool
check_flags(const struct run_arguments *arguments, struct error *err)
{
	if (arguments->campaign.control_path != NULL || arguments->campaign.events_path != NULL)
		return error_set(err, "--events and --control are of one run, and a suite has several");
	if (arguments->baseline != NULL)
		return error_set(err,
			"--baseline is what one run is compared with, and a suite has several; write 'regression' in "
			"its profiles, or 'set: {regression.baseline: NAME}' for one of them");
	if (arguments->worker.shards > 0 || arguments->shard_arm > 0)
		return error_set(err, "--worker and --arm are of one run, and a suite has several");
	if (arguments->campaign.shards > 0 || arguments->campaign.start_at_wall_ns != 0)
		return error_set(err,
			"--shard and --start-at are of one run, and a suite has several; run each profile of it by itself");
	return true;
}

/* What it is compared with is there, and alike. */
static bool
check_baseline(const struct plan_experiment *experiment, const char *store_dir, struct error *err)
{
	const struct plan *plan = experiment->arms[0].plan;

	if (experiment->kind != EXPERIMENT_ONE_RUN || plan->regression.baseline == NULL)
		return true;
	struct regression *regression = regression_new(plan, NULL, store_dir, cmd_tables(), err);

	regression_free(regression);
	return regression != NULL;
}

bool
run_suite_check(const struct plan_suite *suite, struct run_arguments *arguments, struct error *err)
{
	if (!check_flags(arguments, err))
		return false;
	for (size_t i = 0; i < suite->items_n; i++) {
		const struct suite_item *item = &suite->items[i];

		arguments->fleet.profile = item->path;
		if (!run_arguments_check(item->experiment, arguments, err) ||
			!check_baseline(item->experiment, arguments->baselines, err))
			return error_place(err, item->path, 0, 0);
	}
	return true;
}

int
run_suite_go(const struct run_arguments *arguments, const struct plan_suite *suite)
{
	const struct suite_options options = {.plan = suite,
		.out_dir = arguments->campaign.out_dir,
		.formats = arguments->formats,
		.baselines = arguments->baselines,
		.workers = arguments->fleet.workers,
		.is_json = arguments->campaign.is_json,
		.is_quiet = arguments->campaign.is_quiet};

	log_set_quiet(arguments->campaign.is_quiet);
	return suite_run(&options);
}
