#pragma once

#include <getopt.h>
#include <stdbool.h>

#include "cmd/command.h"
#include "plan/plan.h"

/* The command line of every command that takes a profile: PROFILE [--set KEY=VALUE]… [--help] and flags of its own. */

#define SETTINGS_MAX 64
#define OPTION_SET 256 /* a command's own flags begin after it */

/* The rows of every such command's flags, to stand before the last one. */
#define PROFILE_FLAGS                                                                                                  \
	{"set", required_argument, NULL, OPTION_SET},                                                                  \
	{                                                                                                              \
		"help", no_argument, NULL, 'h'                                                                         \
	}

struct profile_arguments {
	const char *operand; /* what the command is about, if not a "profile": set before parsing */
	const char
		*letters; /* its flags of one letter, as getopt(3) wants them, or NULL; passed to `take` as they are */
	const char *profile;
	struct plan_setting settings[SETTINGS_MAX];
	size_t settings_n;
};

/* take: one of the command's own flags (its argument is optarg); false: it said what is wrong. Returns false where the
 * command ends here, with *exit_code. */
bool profile_arguments_parse(struct profile_arguments *arguments, const struct command *command, int argc, char **argv,
	const struct option *flags, bool (*take)(void *context, int flag), void *context, int *exit_code);
