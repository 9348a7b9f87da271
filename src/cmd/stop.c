#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cluster/cluster.h"
#include "cmd/daemon_client.h"
#include "cmd/nats_arguments.h"

/* `brunt stop ID`, or everything. */

static int stop_command_run(int argc, char **argv);

const struct command stop_command = {
	.name = "stop",
	.usage = "brunt stop ID [--drain | --kill] [--server WHERE] [--token-file FILE] [--ca-file FILE]\n"
		 "       brunt stop --all | --resume\n"
		 "       brunt stop --all --nats URL",
	.help = "stop a run of a daemon's, or all of them, or the load of all agents",
	.options =
		"  --drain          no more load; what is under way is waited for\n"
		"  --kill           at once; nothing is written\n"
		"  --all            stop everything, and let nothing begin until it is resumed\n"
		"  --resume         let runs begin again\n"
		"  --nats URL       with --all: not a daemon's runs, but the load of all agents there\n" NATS_FLAGS_HELP
			DAEMON_CLIENT_HELP,
	.run = stop_command_run,
};

struct stopping {
	struct daemon_client client;
	struct bus_options nats;
	const char *id, *how;
	bool is_all, is_resume;
};

static int
ask(const struct stopping *stopping)
{
	char path[128], body[64] = "";
	int exit_code;

	if (stopping->is_all)
		snprintf(path, sizeof(path), "/api/v1/stop");
	else if (stopping->is_resume)
		snprintf(path, sizeof(path), "/api/v1/resume");
	else {
		snprintf(path, sizeof(path), "/api/v1/runs/%.64s/stop", stopping->id);
		snprintf(body, sizeof(body), "{\"how\":\"%s\"}", stopping->how);
	}
	cJSON *answer = daemon_client_get(&stopping->client, "POST", path, body[0] != '\0' ? body : NULL, &exit_code);

	if (answer == NULL)
		return exit_code;
	cJSON_Delete(answer);
	return EXIT_PASSED;
}

static bool
take(struct stopping *stopping, const char *argument)
{
	if (strcmp(argument, "--drain") == 0 || strcmp(argument, "--kill") == 0)
		stopping->how = argument + 2;
	else if (strcmp(argument, "--all") == 0)
		stopping->is_all = true;
	else if (strcmp(argument, "--resume") == 0)
		stopping->is_resume = true;
	else if (argument[0] == '-' || stopping->id != NULL)
		return false;
	else
		stopping->id = argument;
	return true;
}

/* The load of all agents. */
static int
stop_agents(struct stopping *stopping)
{
	if (!nats_arguments_can(&stop_command))
		return EXIT_USAGE;
#ifdef BRUNT_NATS
	struct error err = {0};
	char message[1400];

	stopping->nats.name = "brunt stop";
	if (!cluster_stop_all(&stopping->nats, &err)) {
		log_error("stop: %s", error_text(&err, message, sizeof(message)));
		return EXIT_UNREACHABLE;
	}
#else
	(void)stopping;
#endif
	return EXIT_PASSED;
}

static int
stop_command_run(int argc, char **argv)
{
	struct stopping stopping = {.client = {.command = &stop_command}, .how = "stop"};

	for (int i = 1; i < argc; i++) {
		int taken = daemon_client_take(&stopping.client, argc, argv, &i);

		if (taken == 0)
			taken = nats_arguments_take_at(&stopping.nats, &stop_command, argc, argv, &i);
		if (taken < 0)
			return EXIT_USAGE;
		if (taken == 0 && strcmp(argv[i], "--help") == 0)
			return command_print_help(&stop_command);
		if (taken == 0 && !take(&stopping, argv[i]))
			return command_bad_usage(&stop_command, "'%s' is not expected here", argv[i]);
	}
	if (!nats_arguments_check(&stopping.nats, &stop_command))
		return EXIT_USAGE;
	if (stopping.nats.url != NULL && stopping.is_all && stopping.id == NULL && !stopping.is_resume)
		return stop_agents(&stopping);
	if (stopping.nats.url != NULL)
		return command_bad_usage(&stop_command, "--nats goes with --all: the load of all agents ends");
	if ((stopping.id != NULL) + stopping.is_all + stopping.is_resume != 1)
		return command_bad_usage(&stop_command, "say which run (brunt jobs lists them), --all or --resume");
	return ask(&stopping);
}
