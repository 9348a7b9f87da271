#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "campaign/campaign.h"
#include "cmd/command.h"
#include "cmd/tables.h"
#include "engine/pump.h"
#include "engine/requests.h"
#include "load/schedule.h"

extern const struct command run_command;

#define SETTINGS_MAX 64

struct run_options {
	struct campaign_options campaign;
	const char *profile;
	struct plan_setting settings[SETTINGS_MAX];
	size_t settings_n;
};

enum { OPTION_SET = 256, OPTION_OUT, OPTION_EVENTS, OPTION_CONTROL, OPTION_JSON, OPTION_QUIET };

static const struct option run_flags[] = {
	{"set", required_argument, NULL, OPTION_SET},
	{"out", required_argument, NULL, OPTION_OUT},
	{"events", required_argument, NULL, OPTION_EVENTS},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static bool
run_add_setting(struct run_options *options, const char *text)
{
	struct error err = {0};
	char message[1400];

	if (options->settings_n == SETTINGS_MAX)
		error_set(&err, "--set may be given %d times at most", SETTINGS_MAX);
	else if (plan_setting_parse(text, &options->settings[options->settings_n], &err)) {
		options->settings_n++;
		return true;
	}
	command_bad_usage(&run_command, "%s", error_text(&err, message, sizeof(message)));
	return false;
}

/* False: usage; *exit_code says with what. */
static bool
run_take_flag(struct run_options *options, int flag, char **argv, int *exit_code)
{
	*exit_code = EXIT_USAGE;
	switch (flag) {
	case OPTION_SET: return run_add_setting(options, optarg);
	case OPTION_OUT: options->campaign.out_dir = optarg; return true;
	case OPTION_EVENTS: options->campaign.events_path = optarg; return true;
	case OPTION_CONTROL: options->campaign.control_path = optarg; return true;
	case OPTION_JSON: options->campaign.is_json = true; return true;
	case OPTION_QUIET: options->campaign.is_quiet = true; return true;
	case 'h': *exit_code = command_print_help(&run_command); return false;
	case ':': command_bad_usage(&run_command, "%s wants a value", argv[optind - 1]); return false;
	default: command_bad_usage(&run_command, "there is no flag %s", argv[optind - 1]); return false;
	}
}

static bool
run_parse(struct run_options *options, int argc, char **argv, int *exit_code)
{
	int flag;

	optind = 1;
	while ((flag = getopt_long(argc, argv, ":h", run_flags, NULL)) != -1)
		if (!run_take_flag(options, flag, argv, exit_code))
			return false;
	*exit_code = EXIT_USAGE;
	if (argc - optind != 1) {
		command_bad_usage(&run_command, argc == optind ? "which profile?" : "one profile at a time");
		return false;
	}
	options->profile = argv[optind];
	if (options->campaign.is_json && options->campaign.events_path != NULL &&
		strcmp(options->campaign.events_path, "-") == 0) {
		command_bad_usage(&run_command, "--json and --events - both want stdout");
		return false;
	}
	return true;
}

static int
run_run(int argc, char **argv)
{
	struct run_options options = {0};
	struct error err = {0};
	char message[1400];
	int exit_code;

	if (!run_parse(&options, argc, argv, &exit_code))
		return exit_code;
	struct plan *plan = plan_load_file(options.profile, options.settings, options.settings_n, cmd_tables(), &err);

	/* What needs nothing but the plan is refused before the target is started. */
	if (plan == NULL || !schedule_check(plan, &err) || !pump_check_levels(plan, &err) ||
		!requests_check(plan, &err)) {
		plan_free(plan);
		fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
		return EXIT_USAGE;
	}
	log_set_quiet(options.campaign.is_quiet);
	options.campaign.plan = plan;
	exit_code = campaign_run(&options.campaign);
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
