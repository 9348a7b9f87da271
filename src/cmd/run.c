#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "campaign/actions.h"
#include "campaign/campaign.h"
#include "campaign/experiment.h"
#include "campaign/regression.h"
#include "cmd/command.h"
#include "cmd/profile_arguments.h"
#include "cmd/run.h"
#include "cmd/tables.h"
#include "engine/requests.h"
#include "engine/run.h"
#include "fleet/fleet.h"
#include "load/schedule.h"
#include "report/reporter.h"

extern const struct command run_command;

enum {
	OPTION_OUT = OPTION_SET + 1,
	OPTION_EVENTS,
	OPTION_CONTROL,
	OPTION_FORMAT,
	OPTION_BASELINE,
	OPTION_BASELINES,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_WORKERS,
	OPTION_SHARD,
	OPTION_ARM,
	OPTION_SHARES_CPU
};

static const struct option run_flags[] = {
	PROFILE_FLAGS,
	{"out", required_argument, NULL, OPTION_OUT},
	{"events", required_argument, NULL, OPTION_EVENTS},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"baselines", required_argument, NULL, OPTION_BASELINES},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	/* What the leader of several processes says to each (fleet/worker.c); of no use to anybody else. */
	{"shard", required_argument, NULL, OPTION_SHARD},
	{"arm", required_argument, NULL, OPTION_ARM},
	{"shares-cpu", no_argument, NULL, OPTION_SHARES_CPU},
	{0},
};

/* What the flags ask for: a campaign, driven by this process or by workers, or to be one of them. */
struct asked {
	struct campaign_options campaign;
	struct document_list documents;
	const char *baseline, *baselines; /* what the run is compared with, and where it is kept */
	struct fleet_options fleet;
	struct shard_options shard;       /* shards 0: it is none */
	unsigned shard_arm, shard_repeat; /* of an experiment: of which run it is one */
	char arm[32];                     /* the same, as a leader says it to its workers */
};

static bool
take_workers(struct asked *asked, const char *text)
{
	uint64_t workers;

	if (units_parse_count(text, &workers) && workers >= 1 && workers <= FLEET_WORKERS_MAX) {
		asked->fleet.workers = (uint32_t)workers;
		return true;
	}
	command_bad_usage(&run_command, "--workers: '%s' is not a number from 1 to %d", text, FLEET_WORKERS_MAX);
	return false;
}

static bool
take_shard(struct asked *asked, const char *text)
{
	char end;

	if (sscanf(text, "%u/%u%c", &asked->shard.shard, &asked->shard.shards, &end) == 2 &&
		asked->shard.shards <= FLEET_WORKERS_MAX && asked->shard.shard < asked->shard.shards)
		return true;
	command_bad_usage(&run_command, "--shard: '%s' is not I/N", text);
	return false;
}

static bool
take_arm(struct asked *asked, const char *text)
{
	char end;

	if (sscanf(text, "%u/%u%c", &asked->shard_arm, &asked->shard_repeat, &end) == 2)
		return true;
	command_bad_usage(&run_command, "--arm: '%s' is not ARM/REPEAT", text);
	return false;
}

static bool
take_format(struct asked *asked, const char *names)
{
	struct error err = {0};

	asked->campaign.documents = &asked->documents;
	if (!documents_parse(&asked->documents, names, &err)) {
		command_bad_usage(&run_command, "%s", err.message);
		return false;
	}
	return true;
}

static bool
run_take_flag(void *context, int flag)
{
	struct asked *asked = context;
	struct campaign_options *options = &asked->campaign;

	switch (flag) {
	case OPTION_OUT: options->out_dir = optarg; break;
	case OPTION_EVENTS: options->events_path = optarg; break;
	case OPTION_CONTROL: options->control_path = optarg; break;
	case OPTION_FORMAT: return take_format(asked, optarg);
	case OPTION_BASELINE: asked->baseline = optarg; break;
	case OPTION_BASELINES: asked->baselines = optarg; break;
	case OPTION_JSON: options->is_json = true; break;
	case OPTION_QUIET: options->is_quiet = true; break;
	case OPTION_WORKERS: return take_workers(asked, optarg);
	case OPTION_SHARD: return take_shard(asked, optarg);
	case OPTION_ARM: return take_arm(asked, optarg);
	case OPTION_SHARES_CPU: asked->shard.shares_target_cpu = true; break;
	default: CHECK(false);
	}
	return true;
}

static bool
run_check_options(const struct campaign_options *options)
{
	if (!options->is_json || options->events_path == NULL || strcmp(options->events_path, "-") != 0)
		return true;
	command_bad_usage(&run_command, "--json and --events - both want stdout");
	return false;
}

/* Among how many processes the load is shared: this one is one of them, or is to start them. */
static uint32_t
shards_of(const struct asked *asked)
{
	if (asked->shard.shards > 0)
		return asked->shard.shards;
	return asked->fleet.workers > 1 ? asked->fleet.workers : 1;
}

/* What needs nothing but the plan is refused before the target is started. */
static bool
run_check_plan(const struct plan *plan, const struct asked *asked, struct error *err)
{
	return schedule_check(plan, err) && actions_check(plan, err) &&
	       run_check(plan, asked->shard.shard, shards_of(asked), err) && requests_check(plan, err) &&
	       (asked->fleet.workers < 2 || fleet_check(plan, &asked->fleet, err));
}

static struct driver *
new_driver(struct asked *asked)
{
	return asked->fleet.workers > 1 ? fleet_driver_new(&asked->fleet) : local_driver_new();
}

/* One of an experiment's runs. */
static struct driver *
new_driver_of_arm(void *context, size_t arm, size_t repeat)
{
	struct asked *asked = context;

	snprintf(asked->arm, sizeof(asked->arm), "%u/%u", (unsigned)arm, (unsigned)repeat);
	asked->fleet.arm = asked->arm;
	return new_driver(asked);
}

static bool
run_check_plans(const struct plan_experiment *experiment, const struct asked *asked, struct error *err)
{
	if (asked->shard_arm >= experiment->arms_n)
		return error_set(err, "--arm: there are %zu arms", experiment->arms_n);
	if (experiment->kind != EXPERIMENT_ONE_RUN && asked->campaign.control_path != NULL)
		return error_set(err, "--control steers one run; with '%s' there are %zu",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment_runs_n(experiment));
	if (experiment->kind != EXPERIMENT_ONE_RUN && asked->baseline != NULL)
		return error_set(err, "--baseline is what one run is compared with; with '%s' there are %zu",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment_runs_n(experiment));
	for (size_t i = 0; i < experiment->arms_n; i++)
		if (!run_check_plan(experiment->arms[i].plan, asked, err))
			return false;
	return true;
}

/* One run, and what it is compared with, which is read first. */
static int
run_alone(struct asked *asked, const struct plan *plan)
{
	struct error err = {0};
	char message[1400];

	asked->campaign.plan = plan;
	if (asked->baseline != NULL || plan->regression.baseline != NULL) {
		asked->campaign.regression =
			regression_new(plan, asked->baseline, asked->baselines, cmd_tables(), &err);
		if (asked->campaign.regression == NULL) {
			fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
			return EXIT_USAGE;
		}
	}
	asked->campaign.driver = new_driver(asked);
	int exit_code = campaign_run(&asked->campaign);

	regression_free(asked->campaign.regression);
	return exit_code;
}

static int
run_loaded(struct asked *asked, const struct plan_experiment *experiment)
{
	struct experiment_options options = {.plan = experiment,
		.out_dir = asked->campaign.out_dir,
		.events_path = asked->campaign.events_path,
		.documents = asked->campaign.documents,
		.is_json = asked->campaign.is_json,
		.is_quiet = asked->campaign.is_quiet,
		.driver_new = new_driver_of_arm,
		.context = asked};

	const struct plan plan = experiment_plan_of(experiment, asked->shard_arm, asked->shard_repeat);

	if (asked->shard.shards > 0)
		return shard_run(&plan, &asked->shard);
	log_set_quiet(asked->campaign.is_quiet);
	if (experiment->kind != EXPERIMENT_ONE_RUN)
		return experiment_run(&options);
	return run_alone(asked, experiment->arms[0].plan);
}

int
run_with_arguments(int argc, char **argv, bool is_written)
{
	struct profile_arguments arguments = {0};
	struct asked asked = {0};
	struct error err = {0};
	const char *settings[SETTINGS_MAX];
	char message[1400];
	int exit_code;

	if (!profile_arguments_parse(
		    &arguments, &run_command, argc, argv, run_flags, run_take_flag, &asked, &exit_code))
		return exit_code;
	if (!run_check_options(&asked.campaign))
		return EXIT_USAGE;
	for (size_t i = 0; i < arguments.settings_n; i++)
		settings[i] = arguments.settings[i].path; /* its "=value" stands behind it */
	asked.fleet.profile = arguments.profile;
	asked.fleet.settings = settings;
	asked.fleet.settings_n = arguments.settings_n;
	struct plan_experiment *experiment =
		experiment_load_file(arguments.profile, arguments.settings, arguments.settings_n, cmd_tables(), &err);

	if (experiment == NULL || !run_check_plans(experiment, &asked, &err)) {
		experiment_free(experiment);
		fprintf(stderr, "brunt: %s\n", is_written ? err.message : error_text(&err, message, sizeof(message)));
		return EXIT_USAGE;
	}
	exit_code = run_loaded(&asked, experiment);
	experiment_free(experiment);
	return exit_code;
}

static int
run_run(int argc, char **argv)
{
	return run_with_arguments(argc, argv, false);
}

const struct command run_command = {
	.name = "run",
	.usage = "brunt run PROFILE [--set KEY=VALUE]... [--out DIR] [--events FILE|-] [--format FORMATS] [--json] "
		 "[--quiet] [--control FIFO|-] [--workers N] [--baseline NAME|DIR|FILE] [--baselines DIR]",
	.help = "drive the target with the profile's load, judge it, write the results",
	.options =
		"  --set KEY=VALUE  override a key of the profile, e.g. --set load.steps.to=500/s (repeatable)\n"
		"  --out DIR        write the results exactly there (default: results/NAME/TIME-ID)\n"
		"  --events FILE|-  copy the event stream (NDJSON) to a file or stdout\n"
		"  --control FIFO|- take control messages (NDJSON) from a fifo or stdin: level, drain, stop\n"
		"  --format FORMATS write these reports too, with commas between them: markdown,csv,junit\n"
		"  --baseline WHAT  compare it with a saved baseline, a results directory, or a file of values written by\n"
		"                   hand: a regression fails it (brunt help compare)\n"
		"  --baselines DIR  where baselines are saved\n"
		"  --json           print result.json on stdout and nothing else\n"
		"  --quiet          no live view; print the report only if the run did not pass\n"
		"  --workers N      share the load out among N processes (up to 64), each with a core of its own\n",
	.run = run_run,
};
