#include "cmd/run_shared.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/units.h"
#include "cluster/cluster.h"
#include "cmd/run.h"
#include "fleet/scheduler.h"
#include "plan/untrusted.h"

#define PROFILE_SENT_MAX ((size_t)512 * 1024)

bool
run_shared_take(struct run_shared *shared, const struct command *command, int flag)
{
	uint64_t shards;

	if (nats_arguments_take(&shared->nats, flag))
		return true;
	if (!units_parse_count(optarg, &shards) || shards < 1 || shards > SHARDS_MAX) {
		command_bad_usage(command, "--shards: '%s' is not a number from 1 to %d", optarg, SHARDS_MAX);
		return false;
	}
	shared->shards = (uint32_t)shards;
	return true;
}

bool
run_shared_check(const struct run_shared *shared, const struct run_arguments *arguments, bool is_url)
{
	const struct command *command = arguments->command;

	if (!nats_arguments_check(&shared->nats, command))
		return false;
	if (arguments->shard != NULL && shared->nats.url != NULL)
		command_bad_usage(command, "--shard is a share that nobody leads, and --nats leads all of them");
	else if (shared->nats.url == NULL && shared->shards > 0 && arguments->shard == NULL)
		command_bad_usage(command,
			"--shards N is how many agents share the load, with --nats URL, or of how many --shard is one: add "
			"--shard env");
	else if (shared->nats.url != NULL && shared->shards == 0)
		command_bad_usage(command, "--nats URL and --shards N go together: agents there share the load");
	else if (shared->nats.url != NULL && shared->shards > FLEET_WORKERS_MAX)
		command_bad_usage(command, "--shards: with --nats %d are the most", FLEET_WORKERS_MAX);
	else if (shared->nats.url != NULL && is_url)
		command_bad_usage(command, "--nats: write a profile (--save FILE), which agents can be sent");
	else if (shared->nats.url != NULL && arguments->fleet.workers > 0)
		command_bad_usage(
			command, "--workers are processes of this machine, --shards agents on others; take one");
	else
		return shared->nats.url == NULL || nats_arguments_can(command);
	return false;
}

#ifdef BRUNT_NATS

bool
run_shared_may_send(const char *path, struct error *err)
{
	size_t length;
	char *text = file_read(path, PROFILE_SENT_MAX, &length, err);
	bool is_good = text != NULL && untrusted_check_text(text, length, path, err);

	free(text);
	return is_good;
}

/* What an agent would refuse is refused here, before anybody is asked. */
static bool
check_sent_profile(const struct run_arguments *arguments)
{
	const struct profile_arguments *profile = &arguments->profile;
	struct error err = {0};
	char message[1400];
	bool is_good = run_shared_may_send(profile->profile, &err);

	for (size_t i = 0; is_good && i < profile->settings_n; i++)
		is_good = untrusted_check_setting(&profile->settings[i], &err);
	if (!is_good)
		fprintf(stderr, "brunt: --nats: %s\n", error_text(&err, message, sizeof(message)));
	return is_good;
}

int
run_shared_go(const struct run_shared *shared, struct run_arguments *arguments)
{
	struct cluster_options cluster = {.bus = shared->nats};
	struct plan_suite *suite;
	int exit_code = EXIT_USAGE;

	if (!check_sent_profile(arguments))
		return EXIT_USAGE;
	cluster.bus.name = "brunt run";
	arguments->fleet.transport = cluster_transport_new(&cluster);
	arguments->fleet.workers = shared->shards;
	struct plan_experiment *experiment = run_arguments_load(arguments, &suite);

	if (experiment != NULL) {
		cluster.plan = experiment->arms[0].plan;
		exit_code = run_arguments_go(arguments, experiment);
	} else if (suite != NULL) {
		exit_code =
			command_bad_usage(arguments->command, "--nats: agents share one run, and a suite has several");
	}
	cluster_transport_free(arguments->fleet.transport);
	experiment_free(experiment);
	suite_free(suite);
	return exit_code;
}

#else

int
run_shared_go(const struct run_shared *shared, struct run_arguments *arguments)
{
	(void)shared;
	(void)arguments;
	return EXIT_USAGE; /* run_shared_check said it */
}

#endif
