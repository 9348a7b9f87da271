#include "cmd/profile_arguments.h"

#include <stdio.h>

#include "base/error.h"

static bool
add_setting(struct profile_arguments *arguments, const struct command *command, const char *text)
{
	struct error err = {0};
	char message[1400];

	if (arguments->settings_n == SETTINGS_MAX)
		error_set(&err, "--set may be given %d times at most", SETTINGS_MAX);
	else if (plan_setting_parse(text, &arguments->settings[arguments->settings_n], &err)) {
		arguments->settings_n++;
		return true;
	}
	command_bad_usage(command, "%s", error_text(&err, message, sizeof(message)));
	return false;
}

bool
profile_arguments_parse(struct profile_arguments *arguments, const struct command *command, int argc, char **argv,
	const struct option *flags, bool (*take)(void *context, int flag), void *context, int *exit_code)
{
	char letters[32];
	int flag;

	*exit_code = EXIT_USAGE;
	optind = 1;
	snprintf(letters, sizeof(letters), ":h%s", arguments->letters != NULL ? arguments->letters : "");
	while ((flag = getopt_long(argc, argv, letters, flags, NULL)) != -1) {
		bool goes_on = false;

		switch (flag) {
		case OPTION_SET: goes_on = add_setting(arguments, command, optarg); break;
		case 'h': *exit_code = command_print_help(command); break;
		case ':': command_bad_usage(command, "%s wants a value", argv[optind - 1]); break;
		case '?': command_bad_usage(command, "there is no flag %s", argv[optind - 1]); break;
		default: goes_on = take(context, flag); break;
		}
		if (!goes_on)
			return false;
	}
	if (argc - optind != 1) {
		const char *operand = arguments->operand != NULL ? arguments->operand : "profile";

		command_bad_usage(command, argc == optind ? "which %s?" : "one %s at a time", operand);
		return false;
	}
	arguments->profile = argv[optind];
	return true;
}
