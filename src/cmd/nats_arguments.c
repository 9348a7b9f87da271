#include "cmd/nats_arguments.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/log.h"
#include "cmd/arguments.h"

bool
nats_arguments_take(struct bus_options *options, int flag)
{
	switch (flag) {
	case OPTION_NATS: options->url = optarg; break;
	case OPTION_NATS_CREDS: options->creds = optarg; break;
	case OPTION_NATS_USER: options->user = optarg; break;
	case OPTION_NATS_PASSWORD: options->password_file = optarg; break;
	case OPTION_NATS_TOKEN: options->token_file = optarg; break;
	case OPTION_NATS_CA: options->ca = optarg; break;
	case OPTION_NATS_CERT: options->cert = optarg; break;
	case OPTION_NATS_KEY: options->key = optarg; break;
	default: return false;
	}
	return true;
}

int
nats_arguments_take_at(struct bus_options *options, const struct command *command, int argc, char **argv, int *i)
{
	static const struct option flags[] = {NATS_FLAGS};

	for (size_t f = 0; f < ARRAY_LEN(flags); f++) {
		char name[32];

		snprintf(name, sizeof(name), "--%s", flags[f].name);
		const char *value = arguments_value(name, argc, argv, i);

		if (value == NULL)
			continue;
		if (value[0] == '\0') {
			command_bad_usage(command, "%s wants a value", name);
			return -1;
		}
		optarg = (char *)(uintptr_t)value; /* only read */
		nats_arguments_take(options, flags[f].val);
		return 1;
	}
	return 0;
}

static bool
is_any_given(const struct bus_options *o)
{
	return o->creds != NULL || o->user != NULL || o->password_file != NULL || o->token_file != NULL ||
	       o->ca != NULL || o->cert != NULL || o->key != NULL;
}

bool
nats_arguments_check(const struct bus_options *options, const struct command *command)
{
	int identities = (options->creds != NULL) + (options->user != NULL) + (options->token_file != NULL);

	if (options->url == NULL && is_any_given(options))
		command_bad_usage(command, "--nats-… says who we are to nats-server; --nats URL says where it is");
	else if (identities > 1)
		command_bad_usage(command, "one of --nats-creds, --nats-user and --nats-token-file is enough");
	else if ((options->user != NULL) != (options->password_file != NULL))
		command_bad_usage(command, "--nats-user and --nats-password-file go together");
	else if ((options->cert != NULL) != (options->key != NULL))
		command_bad_usage(command, "--nats-cert and --nats-key go together");
	else
		return true;
	return false;
}

bool
nats_arguments_can(const struct command *command)
{
#ifdef BRUNT_NATS
	(void)command;
	return true;
#else
	log_error("%s: this build has no NATS, over which machines share a load; build it with -DBRUNT_NATS=ON "
		  "(Debian: libnats-dev)",
		command->name);
	return false;
#endif
}
