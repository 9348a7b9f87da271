#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "campaign/campaign.h"
#include "cmd/command.h"
#include "cmd/profile_arguments.h"
#include "cmd/tables.h"
#include "engine/pump.h"
#include "engine/requests.h"
#include "load/schedule.h"

extern const struct command run_command;

enum { OPTION_OUT = OPTION_SET + 1, OPTION_EVENTS, OPTION_CONTROL, OPTION_JSON, OPTION_QUIET };

static const struct option run_flags[] = {
	PROFILE_FLAGS,
	{"out", required_argument, NULL, OPTION_OUT},
	{"events", required_argument, NULL, OPTION_EVENTS},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{0},
};

static bool
run_take_flag(void *context, int flag)
{
	struct campaign_options *options = context;

	switch (flag) {
	case OPTION_OUT: options->out_dir = optarg; break;
	case OPTION_EVENTS: options->events_path = optarg; break;
	case OPTION_CONTROL: options->control_path = optarg; break;
	case OPTION_JSON: options->is_json = true; break;
	case OPTION_QUIET: options->is_quiet = true; break;
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

static int
run_run(int argc, char **argv)
{
	struct profile_arguments arguments = {0};
	struct campaign_options options = {0};
	struct error err = {0};
	char message[1400];
	int exit_code;

	if (!profile_arguments_parse(
		    &arguments, &run_command, argc, argv, run_flags, run_take_flag, &options, &exit_code))
		return exit_code;
	if (!run_check_options(&options))
		return EXIT_USAGE;
	struct plan *plan =
		plan_load_file(arguments.profile, arguments.settings, arguments.settings_n, cmd_tables(), &err);

	/* What needs nothing but the plan is refused before the target is started. */
	if (plan == NULL || !schedule_check(plan, &err) || !pump_check_levels(plan, &err) ||
		!requests_check(plan, &err)) {
		plan_free(plan);
		fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
		return EXIT_USAGE;
	}
	log_set_quiet(options.is_quiet);
	options.plan = plan;
	exit_code = campaign_run(&options);
	plan_free(plan);
	return exit_code;
}

const struct command run_command = {
	.name = "run",
	.usage = "brunt run PROFILE [--set KEY=VALUE]... [--out DIR] [--events FILE|-] [--json] [--quiet] [--control "
		 "FIFO|-]",
	.help = "drive the target with the profile's load, judge it, write the results",
	.options = "  --set KEY=VALUE  override a key of the profile, e.g. --set load.steps.to=500/s (repeatable)\n"
		   "  --out DIR        write the results exactly there (default: results/NAME/TIME-ID)\n"
		   "  --events FILE|-  copy the event stream (NDJSON) to a file or stdout\n"
		   "  --control FIFO|- take control messages (NDJSON) from a fifo or stdin: level, drain, stop\n"
		   "  --json           print result.json on stdout and nothing else\n"
		   "  --quiet          no live view; print the report only if the run did not pass\n",
	.run = run_run,
};
