#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "fleet/fleet.h"
#include "judge/records.h"
#include "load/schedule.h"
#include "plan/course.h"

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

/* Among how many the load is to be shared, and what they are called. */
struct sharing {
	const struct plan *plan;
	uint32_t n;
	const char *flag, *one, *several;
};

static bool
refuse_share(const struct sharing *sharing, const char *key, uint64_t whole, struct error *err)
{
	error_set(err, "%s%u: %s is %llu, which is less than one for each %s; take %llu %s or fewer", sharing->flag,
		sharing->n, key, (unsigned long long)whole, sharing->one, (unsigned long long)whole, sharing->several);
	return error_place(err, sharing->plan->path, 0, 0);
}

static bool
check_scenario(const struct sharing *sharing, const struct plan_scenario *scenario, struct error *err)
{
	const struct plan_load *load = &scenario->load;
	struct schedule schedule;

	if (!load->in_users)
		return load->in_flight_max >= sharing->n ||
		       refuse_share(sharing, "in_flight.max", load->in_flight_max, err);
	schedule_init(&schedule, load, sharing->plan->seed);
	if (schedule_users_most(&schedule) < sharing->n)
		return refuse_share(sharing, "the number of users", schedule_users_most(&schedule), err);
	if (schedule.count_limit > 0 && schedule.count_limit < sharing->n)
		return refuse_share(sharing, "the number of iterations", schedule.count_limit, err);
	if (schedule.warmup_limit > 0 && schedule.warmup_limit < sharing->n)
		return refuse_share(sharing, "warmup.requests", schedule.warmup_limit, err);
	return true;
}

/* Each gets at least one of everything that is shared out. */
static bool
check_shares(const struct sharing *sharing, struct error *err)
{
	const struct plan *plan = sharing->plan;

	if (plan->target.connections < sharing->n)
		return refuse_share(sharing, "target.connections", plan->target.connections, err);
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (!check_scenario(sharing, &plan->scenarios[i], err))
			return false;
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
	const struct sharing sharing = {plan, options->workers, "--workers ", "worker", "workers"};

	return check_shares(&sharing, err);
}

static bool
is_search(const struct plan *plan)
{
	struct schedule schedule;

	for (size_t i = 0; i < plan->scenarios_n; i++) {
		schedule_init(&schedule, &plan->scenarios[i].load, plan->seed);
		if (schedule_is_steered(&schedule))
			return true;
	}
	return false;
}

/* What steers the load, by its key; NULL: nothing does. */
static const char *
steering_key(const struct plan *plan)
{
	return is_search(plan)                                                 ? "load.search"
	       : plan->abort_when_n > 0                                        ? "abort_when"
	       : plan_is_stepped(plan) && plan->stop.when == STOP_FIRST_BROKEN ? "stop: first_broken"
	       : plan_is_stepped(plan) && plan->stop.when == STOP_AFTER        ? "stop: after"
									       : NULL;
}

/* What is done once for a load, by its key; NULL: nothing is. */
static const char *
once_key(const struct plan *plan)
{
	const struct plan_course *course = plan->course;

	return plan->target.process.command != NULL  ? "target.command"
	       : course->before.command.text != NULL ? "before"
	       : course->beside.command.text != NULL ? "beside"
	       : course->after.command.text != NULL  ? "after"
	       : course->actions_n > 0               ? "at"
	       : course->probes_n > 0                ? "probe"
						     : NULL;
}

bool
shard_check(const struct plan *plan, uint32_t shards, struct error *err)
{
	const struct sharing sharing = {plan, shards, "--shard I/", "shard", "shards"};
	const char *steering = steering_key(plan), *once = once_key(plan);

	if (steering != NULL)
		error_set(err,
			"--shard: %s steers the load by what all shards measure together, and a shard knows itself alone; "
			"%sshare the load out by --workers N on one machine, or by --nats URL among several",
			steering, plan_is_stepped(plan) && !is_search(plan) ? "write 'stop: max', or " : "");
	else if (once != NULL)
		error_set(err,
			"--shard: '%s' would be done by each of %u shards; leave it to whoever starts them, or share the "
			"load out by --workers N or --nats URL",
			once, shards);
	if (steering != NULL || once != NULL)
		return error_place(err, plan->path, 0, 0);
	return check_shares(&sharing, err);
}
