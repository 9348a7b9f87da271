#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "fleet/fleet.h"
#include "load/schedule.h"

/* Each worker reads the profile for itself: twice is once more than a pipe can be read. */
static bool
check_profile(const char *profile, struct error *err)
{
	struct stat status;

	if (strcmp(profile, "-") == 0 || (stat(profile, &status) == 0 && !S_ISREG(status.st_mode)))
		return error_set(err,
			"--workers: each worker reads the profile again, which standard input and pipes do not give "
			"twice; write it to a file");
	return true;
}

static bool
refuse_share(const struct plan *plan, uint32_t workers, const char *key, uint64_t whole, struct error *err)
{
	error_set(err, "--workers %u: %s is %llu, which is less than one for each worker; take %llu workers or fewer",
		workers, key, (unsigned long long)whole, (unsigned long long)whole);
	return error_place(err, plan->path, 0, 0);
}

static bool
check_scenario(const struct plan *plan, const struct plan_scenario *scenario, uint32_t workers, struct error *err)
{
	const struct plan_load *load = &scenario->load;
	struct schedule schedule;

	if (!load->in_users)
		return load->in_flight_max >= workers ||
		       refuse_share(plan, workers, "in_flight.max", load->in_flight_max, err);
	schedule_init(&schedule, load, plan->seed);
	if (schedule_users_most(&schedule) < workers)
		return refuse_share(plan, workers, "the number of users", schedule_users_most(&schedule), err);
	if (schedule.count_limit > 0 && schedule.count_limit < workers)
		return refuse_share(plan, workers, "the number of iterations", schedule.count_limit, err);
	if (schedule.warmup_limit > 0 && schedule.warmup_limit < workers)
		return refuse_share(plan, workers, "warmup.requests", schedule.warmup_limit, err);
	return true;
}

bool
fleet_check(const struct plan *plan, const struct fleet_options *options, struct error *err)
{
	if (!check_profile(options->profile, err))
		return false;
	if (plan->output.requests_log != REQUESTS_LOG_OFF)
		return error_set(err,
			"--workers: output.requests_log is written by one process alone; run it without --workers, or set "
			"it to off");
	if (plan->target.connections < options->workers)
		return refuse_share(plan, options->workers, "target.connections", plan->target.connections, err);
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (!check_scenario(plan, &plan->scenarios[i], options->workers, err))
			return false;
	return true;
}
