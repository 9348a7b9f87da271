#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/units.h"
#include "cluster/agent.h"
#include "cmd/command.h"
#include "cmd/nats_arguments.h"
#include "cmd/tables.h"
#include "net/gate.h"

/* `brunt agent`: a machine that takes its share of runs that are led elsewhere. */

extern const struct command agent_command;

enum {
	OPTION_NAME = OPTIONS_OF_NATS_END,
	OPTION_ALLOW,
	OPTION_OUT,
	OPTION_MAX_RATE,
	OPTION_MAX_USERS,
	OPTION_MAX_CONNECTIONS,
	OPTION_MAX_DURATION,
	OPTION_HELP
};

static const struct option agent_flags[] = {
	NATS_FLAGS,
	{"name", required_argument, NULL, OPTION_NAME},
	{"allow", required_argument, NULL, OPTION_ALLOW},
	{"out", required_argument, NULL, OPTION_OUT},
	{"max-rate", required_argument, NULL, OPTION_MAX_RATE},
	{"max-users", required_argument, NULL, OPTION_MAX_USERS},
	{"max-connections", required_argument, NULL, OPTION_MAX_CONNECTIONS},
	{"max-duration", required_argument, NULL, OPTION_MAX_DURATION},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
};

static bool
take_ceiling(struct ceilings *ceilings, int flag)
{
	bool is_good = false;

	switch (flag) {
	case OPTION_MAX_RATE:
		is_good = units_parse_rate(optarg, &ceilings->rate_per_s) && ceilings->rate_per_s > 0;
		break;
	case OPTION_MAX_USERS: is_good = units_parse_count(optarg, &ceilings->users) && ceilings->users > 0; break;
	case OPTION_MAX_CONNECTIONS:
		is_good = units_parse_count(optarg, &ceilings->connections) && ceilings->connections > 0;
		break;
	case OPTION_MAX_DURATION:
		is_good = units_parse_time_ns(optarg, &ceilings->duration_ns) && ceilings->duration_ns > 0;
		break;
	default: break;
	}
	if (!is_good)
		command_bad_usage(&agent_command, "'%s' is no ceiling above 0; write 5000/s, 200 or 10m", optarg);
	return is_good;
}

/* False: it was said what is wrong. */
static bool
take_flags(struct agent_options *options, int argc, char **argv, const char **name, bool *wants_help)
{
	int flag;

	while ((flag = getopt_long(argc, argv, "", agent_flags, NULL)) != -1) {
		if (nats_arguments_take(&options->bus, flag))
			continue;
		switch (flag) {
		case OPTION_NAME: *name = optarg; break;
		case OPTION_ALLOW: options->allow_shown = optarg; break;
		case OPTION_OUT: options->out_dir = optarg; break;
		case OPTION_HELP: *wants_help = true; return true;
		case '?': command_bad_usage(&agent_command, "it has no such flag"); return false;
		default:
			if (!take_ceiling(&options->ceilings, flag))
				return false;
		}
	}
	if (optind == argc)
		return true;
	command_bad_usage(&agent_command, "'%s' is no flag of it", argv[optind]);
	return false;
}

/* The machine's own, as far as it may stand in a subject of NATS. */
static void
name_after_machine(char into[48])
{
	gethostname(into, 47);
	into[47] = '\0';
	for (char *c = into; *c != '\0'; c++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", *c) == NULL)
			*c = '-';
}

static bool
is_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n < 48 && text[n] == '\0';
}

static int
run_agent(struct agent_options *options)
{
#ifdef BRUNT_NATS
	struct error err = {0};
	char message[1400];
	struct allow *allow = allow_load(options->allow_shown, &err);

	if (allow == NULL || !gate_set(options->allow_shown, &err)) {
		allow_free(allow);
		return command_bad_usage(&agent_command, "--allow: %s", error_text(&err, message, sizeof(message)));
	}
	options->allow = allow;
	int exit_code = agent_run(options);

	allow_free(allow);
	return exit_code;
#else
	(void)options;
	return EXIT_USAGE;
#endif
}

static int
agent_main(int argc, char **argv)
{
	struct agent_options options = {
		.allow_shown = ALLOW_DEFAULT, .out_dir = "results/agent", .tables = cmd_tables()};
	const char *name = NULL;
	bool wants_help = false;

	opterr = 0;
	if (!take_flags(&options, argc, argv, &name, &wants_help))
		return EXIT_USAGE;
	if (wants_help)
		return command_print_help(&agent_command);
	if (!nats_arguments_can(&agent_command) || !nats_arguments_check(&options.bus, &agent_command))
		return EXIT_USAGE;
	if (options.bus.url == NULL)
		return command_bad_usage(&agent_command, "--nats URL is missing: where nats-server is");
	if (name != NULL && !is_name(name))
		return command_bad_usage(
			&agent_command, "--name: '%s' is no name; up to 47 letters, digits, _ and - are", name);
	if (name == NULL)
		name_after_machine(options.name);
	else
		snprintf(options.name, sizeof(options.name), "%s", name);
	options.bus.name = options.name;
	return run_agent(&options);
}

const struct command agent_command = {
	.name = "agent",
	.usage = "brunt agent --nats URL [--name NAME] [--allow LIST|@FILE] [--out DIR] [--max-rate RATE]\n"
		 "                   [--max-users N] [--max-connections N] [--max-duration TIME]",
	.help = "take this machine's share of runs that are led elsewhere (brunt run --nats)",
	.options =
		"  --nats URL         where nats-server is: nats://HOST:4222, or tls://HOST:4222\n"
		"  --name NAME        what it is called, alone among all agents (the machine's name)\n"
		"  --allow LIST       what it may be asked to load: addresses, blocks and names with commas between them, or\n"
		"                     @FILE (127.0.0.0/8, ::1: nothing but this machine)\n"
		"  --out DIR          what each shard said itself is kept below it (results/agent)\n"
		"  --max-rate RATE    ceilings on its own share, whoever asks: 5000/s,\n"
		"  --max-users N      users of a closed loop,\n"
		"  --max-connections N  connections,\n"
		"  --max-duration TIME  time that a load is to last, after which one that still goes on is ended\n" NATS_FLAGS_HELP
		"Profiles that come over NATS run no command, read no file and no environment. SIGTERM ends it.\n",
	.run = agent_main,
};
