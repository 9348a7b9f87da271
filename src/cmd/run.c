#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
#include "cmd/run_shared.h"
#include "cmd/run_suite.h"
#include "cmd/tables.h"
#include "cmd/url_arguments.h"
#include "engine/requests.h"
#include "engine/run.h"
#include "fleet/fleet.h"
#include "load/schedule.h"
#include "report/reporter.h"

extern const struct command run_command;

#define LOAD_TEXT_MAX ((size_t)16 * 1024)

enum { OPTION_RATE = OPTIONS_OF_URL_END, OPTION_USERS, OPTION_REQUESTS, OPTION_DURATION };

static const struct option run_flags[] = {
	RUN_FLAGS,
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"baselines", required_argument, NULL, OPTION_BASELINES},
	RUN_SHARED_FLAGS,
	{"shard", required_argument, NULL, OPTION_SHARD},
	{"start-at", required_argument, NULL, OPTION_START_AT},
	URL_FLAGS,
	{"rate", required_argument, NULL, OPTION_RATE},
	{"users", required_argument, NULL, OPTION_USERS},
	{"requests", required_argument, NULL, OPTION_REQUESTS},
	{"duration", required_argument, NULL, OPTION_DURATION},
	/* What the leader of several processes says to each (fleet/worker.c); of no use to anybody else. */
	{"worker", required_argument, NULL, OPTION_WORKER},
	{"arm", required_argument, NULL, OPTION_ARM},
	{"shares-cpu", no_argument, NULL, OPTION_SHARES_CPU},
	{"suite", required_argument, NULL,
		OPTION_SUITE}, /* what a suite, or a split, says to each of its runs: its own pid */
	{0},
};

static bool
run_check_options(const struct run_arguments *arguments)
{
	const struct campaign_options *options = &arguments->campaign;

	if (!options->is_json || options->events_path == NULL || strcmp(options->events_path, "-") != 0)
		return true;
	command_bad_usage(arguments->command, "--json and --events - both want stdout");
	return false;
}

/* Among how many processes the load is shared: this one is one of them, or is to start them. */
static uint32_t
shards_of(const struct run_arguments *arguments)
{
	if (arguments->worker.shards > 0)
		return arguments->worker.shards;
	if (arguments->campaign.shards > 0)
		return arguments->campaign.shards;
	return arguments->fleet.workers > 1 ? arguments->fleet.workers : 1;
}

static bool
is_shared(const struct run_arguments *arguments)
{
	return arguments->fleet.workers > 1 || arguments->fleet.transport != NULL;
}

/* What needs nothing but the plan is refused before the target is started. */
static bool
run_check_plan(const struct plan *plan, const struct run_arguments *arguments, struct error *err)
{
	uint32_t shard = arguments->worker.shards > 0 ? arguments->worker.shard : arguments->campaign.shard;

	return schedule_check(plan, err) && actions_check(plan, err) &&
	       run_check(plan, shard, shards_of(arguments), err) && requests_check(plan, err) &&
	       (!is_shared(arguments) || fleet_check(plan, &arguments->fleet, err)) &&
	       (arguments->campaign.shards < 2 || shard_check(plan, arguments->campaign.shards, err));
}

static struct driver *
new_driver(struct run_arguments *arguments)
{
	return is_shared(arguments) ? fleet_driver_new(&arguments->fleet)
				    : local_driver_new(arguments->campaign.start_at_wall_ns);
}

/* One of an experiment's runs. */
static struct driver *
new_driver_of_arm(void *context, size_t arm, size_t repeat)
{
	struct run_arguments *arguments = context;

	snprintf(arguments->arm, sizeof(arguments->arm), "%u/%u", (unsigned)arm, (unsigned)repeat);
	arguments->fleet.arm = arguments->arm;
	return new_driver(arguments);
}

/* Its sides are processes that read the profile for themselves. */
static bool
run_check_split(const struct plan_experiment *experiment, const struct run_arguments *arguments, struct error *err)
{
	if (experiment->order != ORDER_TOGETHER)
		return true;
	if (strcmp(experiment->whole.path, "-") == 0)
		return error_set(err, "split: both sides read the profile; write it into a file");
	return arguments->campaign.events_path == NULL ||
	       error_set(err,
		       "--events copies the stream of one run after the other, and the sides of a split run at the same time; "
		       "each writes its own events.ndjson");
}

bool
run_arguments_check(const struct plan_experiment *experiment, const struct run_arguments *arguments, struct error *err)
{
	if (arguments->shard_arm >= experiment->arms_n)
		return error_set(err, "--arm: there are %zu arms", experiment->arms_n);
	if (experiment->kind != EXPERIMENT_ONE_RUN && arguments->campaign.control_path != NULL)
		return error_set(err, "--control steers one run; with '%s' there are %zu",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment_runs_n(experiment));
	if (experiment->kind != EXPERIMENT_ONE_RUN && arguments->baseline != NULL)
		return error_set(err, "--baseline is what one run is compared with; with '%s' there are %zu",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment_runs_n(experiment));
	if (experiment->kind != EXPERIMENT_ONE_RUN &&
		(arguments->campaign.shards > 1 || arguments->campaign.start_at_wall_ns != 0))
		return error_set(err,
			"--shard and --start-at are of one run; with '%s' there are %zu, each of which goes on when the "
			"one before it has ended: share it out by --workers N on one machine, or by --nats URL among several",
			experiment->kind == EXPERIMENT_ARMS ? "arms" : "matrix", experiment_runs_n(experiment));
	if (!run_check_split(experiment, arguments, err))
		return false;
	if (experiment->kind != EXPERIMENT_ONE_RUN && arguments->fleet.transport != NULL)
		return error_set(
			err, "--nats: agents share one run, and here there are %zu", experiment_runs_n(experiment));
	for (size_t i = 0; i < experiment->arms_n; i++)
		if (!run_check_plan(experiment->arms[i].plan, arguments, err))
			return false;
	return true;
}

struct plan_experiment *
run_arguments_load(struct run_arguments *arguments, struct plan_suite **suite)
{
	const struct profile_arguments *profile = &arguments->profile;
	struct plan_experiment *experiment;
	struct error err = {0};
	char message[1400];

	*suite = NULL;
	if (!run_check_options(arguments) || !run_arguments_settle(arguments))
		return NULL;
	for (size_t i = 0; i < profile->settings_n; i++)
		arguments->settings[i] = profile->settings[i].path; /* its "=value" stands behind it */
	arguments->fleet.profile = profile->profile;
	arguments->fleet.settings = arguments->settings;
	arguments->fleet.settings_n = profile->settings_n;
	if (suite_load_any(
		    profile->profile, profile->settings, profile->settings_n, cmd_tables(), suite, &experiment, &err) &&
		(*suite != NULL ? run_suite_check(*suite, arguments, &err)
				: run_arguments_check(experiment, arguments, &err)))
		return experiment;
	experiment_free(experiment);
	suite_free(*suite);
	*suite = NULL;
	fprintf(stderr, "brunt: %s\n",
		arguments->is_written ? err.message : error_text(&err, message, sizeof(message)));
	return NULL;
}

/* One run, and what it is compared with, which is read first. */
static int
run_alone(struct run_arguments *arguments, const struct plan *plan)
{
	struct error err = {0};
	char message[1400];

	arguments->campaign.plan = plan;
	if (arguments->campaign.shards < 2 && (arguments->baseline != NULL || plan->regression.baseline != NULL)) {
		arguments->campaign.regression =
			regression_new(plan, arguments->baseline, arguments->baselines, cmd_tables(), &err);
		if (arguments->campaign.regression == NULL) {
			fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
			return EXIT_USAGE;
		}
	}
	arguments->campaign.driver = new_driver(arguments);
	int exit_code = campaign_run(&arguments->campaign);

	regression_free(arguments->campaign.regression);
	return exit_code;
}

/* The profile as it was read, and its hash. */
struct profile_read {
	const struct profile_arguments *profile;
	const char *hash;
};

static bool
is_unchanged(void *context, struct error *err)
{
	const struct profile_read *before = context;
	struct plan_experiment *now = experiment_load_file(
		before->profile->profile, before->profile->settings, before->profile->settings_n, cmd_tables(), err);
	bool is_same = now != NULL && strcmp(now->whole.hash, before->hash) == 0;

	if (now != NULL && !is_same)
		error_set(err, "%s was changed meanwhile", before->profile->profile);
	experiment_free(now);
	return is_same;
}

/* One of a split's two processes: the parent prints and compares. */
static int
run_side(struct run_arguments *arguments, const struct plan *plan)
{
	arguments->campaign.plan = plan;
	arguments->campaign.is_side = true;
	arguments->campaign.driver = new_driver_of_arm(arguments, arguments->shard_arm, arguments->shard_repeat);
	return campaign_run(&arguments->campaign);
}

int
run_arguments_go(struct run_arguments *arguments, const struct plan_experiment *experiment)
{
	struct profile_read before = {&arguments->profile, experiment->whole.hash};
	const struct sides_source source = {.profile = arguments->profile.profile,
		.settings = arguments->settings,
		.settings_n = arguments->profile.settings_n,
		.formats = arguments->formats,
		.workers = arguments->fleet.workers,
		.is_unchanged = is_unchanged,
		.context = &before};
	struct experiment_options options = {.plan = experiment,
		.out_dir = arguments->campaign.out_dir,
		.events_path = arguments->campaign.events_path,
		.copies_figures = arguments->campaign.copies_figures,
		.documents = arguments->campaign.documents,
		.is_json = arguments->campaign.is_json,
		.is_quiet = arguments->campaign.is_quiet,
		.driver_new = new_driver_of_arm,
		.context = arguments,
		.source = &source};

	const struct plan plan = experiment_plan_of(experiment, arguments->shard_arm, arguments->shard_repeat);

	if (arguments->worker.shards > 0)
		return shard_run(&plan, &arguments->worker);
	log_set_quiet(arguments->campaign.is_quiet);
	if (arguments->is_side)
		return run_side(arguments, &plan);
	if (experiment->kind != EXPERIMENT_ONE_RUN)
		return experiment_run(&options);
	return run_alone(arguments, experiment->arms[0].plan);
}

/* A profile that is there, or a URL and what its load is to be. */
struct run {
	struct run_arguments arguments;
	struct url_arguments url;
	struct run_shared shared;
	const char *rate, *users, *requests, *duration; /* NULL: not given */
};

static bool
run_take_flag(void *context, int flag)
{
	struct run *run = context;

	if (flag >= OPTION_NATS)
		return run_shared_take(&run->shared, &run_command, flag);
	flag = flag == 'c' ? OPTION_USERS : flag == 'n' ? OPTION_REQUESTS : url_arguments_flag(flag);
	if (flag < OPTIONS_OF_RUN_END)
		return run_arguments_take(&run->arguments, flag);
	if (flag < OPTIONS_OF_URL_END)
		return url_arguments_take(&run->url, flag);
	if (run->url.given == 0)
		run->url.given = flag;
	switch (flag) {
	case OPTION_RATE: run->rate = optarg; break;
	case OPTION_USERS: run->users = optarg; break;
	case OPTION_REQUESTS: run->requests = optarg; break;
	case OPTION_DURATION: run->duration = optarg; break;
	default: CHECK(false);
	}
	return true;
}

static const char *
flag_name(int flag)
{
	const struct option *row = run_flags;

	while (row->name != NULL && row->val != flag)
		row++;
	return row->name;
}

static int
run_profile(struct run *run)
{
	const char *profile = run->arguments.profile.profile;

	if (run->url.given != 0)
		return command_bad_usage(&run_command,
			"--%s goes with a URL; what a profile says is changed by --set KEY=VALUE",
			flag_name(run->url.given));
	if (strchr(profile, ':') != NULL && access(profile, F_OK) != 0)
		return command_bad_usage(
			&run_command, "there is no profile '%s'; if it is a URL, write http://%s", profile, profile);
	if (run->shared.nats.url != NULL)
		return run_shared_go(&run->shared, &run->arguments);
	struct plan_suite *suite;
	struct plan_experiment *experiment = run_arguments_load(&run->arguments, &suite);
	int exit_code = EXIT_USAGE;

	if (experiment != NULL)
		exit_code = run_arguments_go(&run->arguments, experiment);
	else if (suite != NULL)
		exit_code = run_suite_go(&run->arguments, suite);
	experiment_free(experiment);
	suite_free(suite);
	return exit_code;
}

/* With the flag's own words, where a profile's would not be understood. */
static bool
check_load(const struct run *run)
{
	double rate_per_s = 1;
	int64_t duration_ns = 1;
	uint64_t users = 1, requests = 1;

	if (run->rate != NULL && run->users != NULL)
		command_bad_usage(&run_command,
			"--rate or --users: requests come at their times, or from users who wait for each answer");
	else if (run->rate != NULL && (!units_parse_rate(run->rate, &rate_per_s) || rate_per_s <= 0))
		command_bad_usage(&run_command, "--rate: '%s' is no rate above 0; write 50/s or 3000/min", run->rate);
	else if (run->users != NULL && (!units_parse_count(run->users, &users) || users == 0))
		command_bad_usage(&run_command, "--users: '%s' is not a number of users; write 10", run->users);
	else if (run->requests != NULL && (!units_parse_count(run->requests, &requests) || requests == 0))
		command_bad_usage(
			&run_command, "--requests: '%s' is not a number of requests; write 1000", run->requests);
	else if (run->duration != NULL && (!units_parse_time_ns(run->duration, &duration_ns) || duration_ns == 0))
		command_bad_usage(
			&run_command, "--duration: '%s' is no time above 0; write 30s, 5m or 1h", run->duration);
	else
		return true;
	return false;
}

/* Gentle, unless somebody wants it otherwise: whoever tries a URL may not know yet what is behind it. */
static int
run_url(struct run *run)
{
	struct buf load;

	if (!check_load(run))
		return EXIT_USAGE;
	if (run->requests != NULL && run->rate == NULL && run->users == NULL)
		run->users = "1"; /* a number of requests says nothing of when: one after the other */
	buf_init(&load, LOAD_TEXT_MAX);
	buf_add_text(&load, run->users != NULL ? "{concurrency: {users: " : "{steady: {rate: ");
	written_profile_add_value(&load, run->users != NULL ? run->users : run->rate != NULL ? run->rate : "10/s");
	if (run->requests != NULL) {
		buf_add_text(&load, run->users != NULL ? ", iterations: " : ", count: ");
		written_profile_add_value(&load, run->requests);
	}
	if (run->requests == NULL || run->duration != NULL) {
		buf_add_text(&load, ", for: ");
		written_profile_add_value(&load, run->duration != NULL ? run->duration : "30s");
	}
	buf_add_text(&load, "}}");
	int exit_code = url_arguments_run(&run->url, &run->arguments, load.bytes);

	buf_fini(&load);
	return exit_code;
}

static int
run_run(int argc, char **argv)
{
	struct run run = {.arguments = {.command = &run_command,
				  .profile = {.operand = "profile or URL", .letters = URL_LETTERS "c:n:"}},
		.url = {.command = &run_command, .profile = {.timeout = "10s"}}};
	int exit_code;

	if (!profile_arguments_parse(
		    &run.arguments.profile, &run_command, argc, argv, run_flags, run_take_flag, &run, &exit_code))
		return exit_code;
	bool is_url = url_arguments_is_url(run.arguments.profile.profile);

	if (!run_shared_check(&run.shared, &run.arguments, is_url))
		return EXIT_USAGE;
	run.arguments.shards = run.shared.shards;
	return is_url ? run_url(&run) : run_profile(&run);
}

const struct command run_command = {
	.name = "run",
	.usage =
		"brunt run PROFILE [--set KEY=VALUE]... [--out DIR] [--events FILE|-] [--format FORMATS] [--json] "
		"[--quiet] [--control FIFO|-] [--workers N] [--start-at TIME] [--allow LIST|@FILE] [--baseline NAME|DIR|FILE] "
		"[--baselines DIR]\n"
		"       brunt run PROFILE --shard I/N|env [--shards N] [--start-at TIME] [...]\n"
		"       brunt run PROFILE --nats URL --shards N [...]\n"
		"       brunt run URL [--rate RATE | --users N] [--duration TIME | --requests N] [--slo EXPR]... [--save FILE]",
	.help = "drive the target with a profile's load, or a URL with a steady one, judge it, write the results",
	.options =
		"  --set KEY=VALUE  override a key of the profile, e.g. --set load.steps.to=500/s (repeatable)\n"
		"  --out DIR        write the results exactly there (default: results/NAME/TIME-ID)\n"
		"  --events FILE|-  copy the event stream (NDJSON) to a file or stdout\n"
		"  --figures        with --events: figures in place of histograms, to be shown as they come\n"
		"  --control FIFO|- take control messages (NDJSON) from a fifo or stdin: level, drain, stop\n"
		"  --format FORMATS write these reports too, with commas between them: markdown,csv,junit\n"
		"  --baseline WHAT  compare it with a saved baseline, a results directory, or a file of values written by\n"
		"                   hand: a regression fails it (brunt help compare)\n"
		"  --baselines DIR  where baselines are saved\n"
		"  --json           print result.json on stdout and nothing else\n"
		"  --quiet          no live view; print the report only if the run did not pass\n"
		"  --allow LIST     connect to nothing else than addresses, blocks and names of LIST, with commas between them,\n"
		"                   or of @FILE: 127.0.0.0/8,10.1.2.3:8080,shop.example.com\n"
		"  --workers N      share the load out among N processes (up to 64), each with a core of its own\n"
		"  --shard I/N      send the I-th of N shares of the load, I from 0; brunt merge puts their results together.\n"
		"                   env: as the scheduler says that started this process, Slurm (slurm, slurm_array),\n"
		"                   Kubernetes (kubernetes) or Open MPI (openmpi); with --shards N where it does not say of how many\n"
		"  --start-at TIME  begin the load at this moment: 2026-11-22T02:00:00Z, or seconds since 1970\n" RUN_SHARED_HELP
		"with a URL in place of a profile:\n"
		"  --rate RATE      send so many, whether or not the answers keep up (10/s)\n"
		"  -c, --users N    or from so many users, each of whom waits for the answer before the next request\n"
		"  -n, --requests N so many requests: one after the other, unless there is a rate, or more users\n"
		"  --duration TIME  or for so long (30s)\n" URL_FLAGS_HELP("10s"),
	.run = run_run,
};
