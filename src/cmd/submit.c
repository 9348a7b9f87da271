#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "cmd/arguments.h"
#include "cmd/watch.h"
#include "measure/json.h"
#include "plan/plan.h"

/* `brunt submit PROFILE`: puts a run into a daemon's queue. */

static int submit_command_run(int argc, char **argv);

const struct command submit_command = {
	.name = "submit",
	.usage =
		"brunt submit PROFILE|NAME [--set KEY=VALUE]... [--baseline NAME] [--workers N | --shards N] [--no-queue] [--wait] "
		"[--server WHERE]",
	.help = "have a daemon run a profile: a file of yours, or one of the operator's by its name",
	.options = "  --set KEY=VALUE  override a key of the profile, e.g. --set load.steps.to=500/s (repeatable)\n"
		   "  --baseline NAME  compare it with a baseline that the daemon keeps\n"
		   "  --workers N      so many processes of its machine share the load\n"
		   "  --shards N       so many agents on others do, over the operator's NATS\n"
		   "  --no-queue       only where nothing else runs against its target, or waits for it\n"
		   "  --wait           watch it until it has ended; the exit code is the run's\n" DAEMON_CLIENT_HELP
		   "\nWhat is sent may hold no command, no ${env:...} or ${file:...}, and no path of a file.\n",
	.run = submit_command_run,
};

#define BODY_MAX ((size_t)4 * 1024 * 1024)
#define SETTINGS_MAX 64

struct submitting {
	struct daemon_client client;
	const char *profile, *baseline, *settings[SETTINGS_MAX];
	size_t settings_n;
	uint64_t workers, shards; /* 0: not said */
	bool refuses_busy, waits;
};

static void
add_settings(struct buf *body, const struct submitting *submitting)
{
	json_open(body, "set", '{');
	for (size_t i = 0; i < submitting->settings_n; i++) {
		const char *equals = strchr(submitting->settings[i], '=');
		char *path = must_strndup(submitting->settings[i], (size_t)(equals - submitting->settings[i]));

		json_add_text(body, path, equals + 1);
		free(path);
	}
	json_close(body, '}');
}

/* A file is sent as its text; whatever is none is a name. */
static bool
compose(struct buf *body, const struct submitting *submitting, struct error *err)
{
	size_t length;

	json_open(body, NULL, '{');
	if (access(submitting->profile, F_OK) == 0) {
		char *text = file_read(submitting->profile, PLAN_FILE_CEILING, &length, err);

		if (text == NULL)
			return false;
		json_add_text(body, "yaml", text);
		free(text);
	} else
		json_add_text(body, "name", submitting->profile);
	add_settings(body, submitting);
	if (submitting->baseline != NULL)
		json_add_text(body, "baseline", submitting->baseline);
	if (submitting->workers > 0)
		json_add_u64(body, "workers", submitting->workers);
	if (submitting->shards > 0)
		json_add_u64(body, "shards", submitting->shards);
	json_add_text(body, "on_busy", submitting->refuses_busy ? "refuse" : "queue");
	json_close(body, '}');
	return !body->overflowed || error_set(err, "'%s' is too large to be sent", submitting->profile);
}

static int
submit(const struct submitting *submitting)
{
	struct error err = {0};
	struct buf body;
	int exit_code = EXIT_USAGE;
	cJSON *run = NULL;

	buf_init(&body, BODY_MAX);
	if (compose(&body, submitting, &err))
		run = daemon_client_get(&submitting->client, "POST", "/api/v1/runs", body.bytes, &exit_code);
	else
		log_error("%s", err.message);
	buf_fini(&body);
	if (run == NULL)
		return exit_code;
	puts(daemon_client_text(run, "id"));
	fflush(stdout);
	exit_code =
		submitting->waits ? watch_run(&submitting->client, daemon_client_text(run, "id"), false) : EXIT_PASSED;
	cJSON_Delete(run);
	return exit_code;
}

static bool
take_count(const char *flag, const char *value, uint64_t *into)
{
	return (units_parse_count(value, into) && *into > 0) ||
	       command_bad_usage(&submit_command, "%s: '%s' is not a number from 1 on", flag, value) == 0;
}

/* One of its own flags, or the profile; false: it was not right, and that was said. */
static bool
take(struct submitting *submitting, int argc, char **argv, int *i)
{
	const char *value;

	if ((value = arguments_value("--set", argc, argv, i)) != NULL) {
		if (strchr(value, '=') == NULL || value[0] == '=' || submitting->settings_n == SETTINGS_MAX)
			return command_bad_usage(&submit_command, "--set: '%s' is not KEY=VALUE", value) == 0;
		submitting->settings[submitting->settings_n++] = value;
	} else if ((value = arguments_value("--baseline", argc, argv, i)) != NULL)
		submitting->baseline = value;
	else if ((value = arguments_value("--workers", argc, argv, i)) != NULL)
		return take_count("--workers", value, &submitting->workers);
	else if ((value = arguments_value("--shards", argc, argv, i)) != NULL)
		return take_count("--shards", value, &submitting->shards);
	else if (strcmp(argv[*i], "--no-queue") == 0)
		submitting->refuses_busy = true;
	else if (strcmp(argv[*i], "--wait") == 0)
		submitting->waits = true;
	else if (argv[*i][0] == '-' || submitting->profile != NULL)
		return command_bad_usage(&submit_command, "'%s' is not expected here", argv[*i]) == 0;
	else
		submitting->profile = argv[*i];
	return true;
}

static int
submit_command_run(int argc, char **argv)
{
	struct submitting submitting = {.client = {.command = &submit_command}};

	for (int i = 1; i < argc; i++) {
		int taken = daemon_client_take(&submitting.client, argc, argv, &i);

		if (taken == 0 && strcmp(argv[i], "--help") == 0)
			return command_print_help(&submit_command);
		if (taken < 0 || (taken == 0 && !take(&submitting, argc, argv, &i)))
			return EXIT_USAGE;
	}
	if (submitting.profile == NULL)
		return command_bad_usage(&submit_command, "say what is to be run: a profile's file, or its name");
	return submit(&submitting);
}
