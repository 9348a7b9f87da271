#include "cmd/run_arguments.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/units.h"
#include "fleet/scheduler.h"
#include "fleet/start_at.h"
#include "net/gate.h"

static bool
take_workers(struct run_arguments *arguments, const char *text)
{
	uint64_t workers;

	if (units_parse_count(text, &workers) && workers >= 1 && workers <= FLEET_WORKERS_MAX) {
		arguments->fleet.workers = (uint32_t)workers;
		return true;
	}
	command_bad_usage(arguments->command, "--workers: '%s' is not a number from 1 to %d", text, FLEET_WORKERS_MAX);
	return false;
}

static bool
take_worker(struct run_arguments *arguments, const char *text)
{
	struct shard_options *worker = &arguments->worker;
	char end;

	if (sscanf(text, "%u/%u%c", &worker->shard, &worker->shards, &end) == 2 &&
		worker->shards <= FLEET_WORKERS_MAX && worker->shard < worker->shards)
		return true;
	command_bad_usage(arguments->command, "--worker: '%s' is not I/N", text);
	return false;
}

static bool
take_start_at(struct run_arguments *arguments, const char *text)
{
	struct error err = {0};

	if (start_at_parse(text, wall_now_ns(), &arguments->campaign.start_at_wall_ns, &err))
		return true;
	command_bad_usage(arguments->command, "%s", err.message);
	return false;
}

static bool
take_arm(struct run_arguments *arguments, const char *text)
{
	char end;

	arguments->is_side = true; /* unless --worker says otherwise */
	if (sscanf(text, "%u/%u%c", &arguments->shard_arm, &arguments->shard_repeat, &end) == 2)
		return true;
	command_bad_usage(arguments->command, "--arm: '%s' is not ARM/REPEAT", text);
	return false;
}

static bool
take_format(struct run_arguments *arguments, const char *names)
{
	struct error err = {0};

	arguments->formats = names;
	arguments->campaign.documents = &arguments->documents;
	if (!documents_parse(&arguments->documents, names, &err)) {
		command_bad_usage(arguments->command, "%s", err.message);
		return false;
	}
	return true;
}

/* A run of a suite does not outlive it: it is stopped as by a signal, however the suite ends. */
static bool
take_suite(const struct run_arguments *arguments, const char *text)
{
	uint64_t pid;

	if (!units_parse_count(text, &pid)) {
		command_bad_usage(arguments->command, "--suite: '%s' is no pid", text);
		return false;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* cannot fail with a valid signal */
	if ((uint64_t)getppid() != pid)         /* it ended before that */
		raise(SIGTERM);
	return true;
}

static bool
take_allow(const struct run_arguments *arguments, const char *list_or_file)
{
	struct error err = {0};
	char message[1400];

	if (gate_set(list_or_file, &err))
		return true;
	command_bad_usage(arguments->command, "--allow: %s", error_text(&err, message, sizeof(message)));
	return false;
}

bool
run_arguments_take(struct run_arguments *arguments, int flag)
{
	struct campaign_options *options = &arguments->campaign;

	switch (flag) {
	case OPTION_OUT: options->out_dir = optarg; break;
	case OPTION_EVENTS: options->events_path = optarg; break;
	case OPTION_FIGURES: options->copies_figures = true; break;
	case OPTION_CONTROL: options->control_path = optarg; break;
	case OPTION_FORMAT: return take_format(arguments, optarg);
	case OPTION_BASELINE: arguments->baseline = optarg; break;
	case OPTION_BASELINES: arguments->baselines = optarg; break;
	case OPTION_JSON: options->is_json = true; break;
	case OPTION_QUIET: options->is_quiet = true; break;
	case OPTION_WORKERS: return take_workers(arguments, optarg);
	case OPTION_WORKER: return take_worker(arguments, optarg);
	case OPTION_SHARD: arguments->shard = optarg; break;
	case OPTION_START_AT: return take_start_at(arguments, optarg);
	case OPTION_ARM: return take_arm(arguments, optarg);
	case OPTION_SHARES_CPU: arguments->worker.shares_target_cpu = true; break;
	case OPTION_ALLOW: return take_allow(arguments, optarg);
	case OPTION_SUITE: return take_suite(arguments, optarg);
	default: CHECK(false);
	}
	return true;
}

/* What neither a shard nor a load that begins at a set time can have beside it; NULL: nothing. */
static const char *
clash_of(const struct run_arguments *arguments)
{
	bool is_shard = arguments->shard != NULL;

	if (is_shard && arguments->fleet.workers > 1)
		return "--shard is one process's share of the load, and --workers shares it out by itself";
	if (is_shard && arguments->campaign.control_path != NULL)
		return "--control steers one process, and the other shards would not hear of it";
	if (is_shard && (arguments->baseline != NULL || arguments->baselines != NULL))
		return "--baseline is what the whole load is compared with: give it to brunt merge";
	if (arguments->campaign.start_at_wall_ns != 0 &&
		arguments->fleet.workers + (arguments->fleet.transport != NULL) > 1)
		return "--start-at is for processes that nobody leads; with --workers and --nats the load begins once all are ready";
	return NULL;
}

bool
run_arguments_settle(struct run_arguments *arguments)
{
	struct campaign_options *campaign = &arguments->campaign;
	const char *clash = clash_of(arguments);
	struct error err = {0};

	if (clash != NULL) {
		command_bad_usage(arguments->command, "%s", clash);
		return false;
	}
	if (arguments->shard == NULL ||
		scheduler_shard(arguments->shard, arguments->shards, getenv, &campaign->shard, &campaign->shards, &err))
		return true;
	command_bad_usage(arguments->command, "%s", err.message);
	return false;
}
