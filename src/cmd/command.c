#include "cmd/command.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "brunt_version.h"
#include "net/gate.h"
#include "plan/names.h"

#define COMMAND(name) extern const struct command name##_command;
#include "cmd/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &name##_command,
#include "cmd/commands.def"
#undef COMMAND
	NULL,
};

const struct command *
command_by_name(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int
command_bad_usage(const struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "brunt %s: ", command->name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nusage: %s\n", command->usage);
	va_end(args);
	return EXIT_USAGE;
}

static int
command_unknown(const char *name)
{
	struct names names = {0};
	char advice[1024];

	for (size_t i = 0; commands[i] != NULL; i++)
		names_add(&names, commands[i]->name);
	fprintf(stderr, "brunt: '%s' is not a command%s\n", name, names_advice(&names, name, advice, sizeof(advice)));
	return EXIT_USAGE;
}

int
command_print_help(const struct command *command)
{
	printf("usage: %s\n\n%s\n\n%s", command->usage, command->help, command->options);
	return EXIT_PASSED;
}

/* A descriptor 0, 1 or 2 that the caller closed would be given to the next file or socket, and that would be printed
 * to. */
static void
fill_standard_descriptors(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		;
	close(fd);
}

static bool
is_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

int
command_main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "help";
	const struct command *command;
	struct error err = {0};
	char message[1400];

	fill_standard_descriptors();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("brunt %s\n", BRUNT_VERSION);
		return EXIT_PASSED;
	}
	if (is_help(name))
		name = "help";
	command = command_by_name(name);
	if (command != NULL && command->options != NULL && argc > 2 && is_help(argv[2]))
		return command_print_help(command);
	if (!gate_inherit(&err)) {
		fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
		return EXIT_USAGE;
	}
	if (command != NULL)
		return argc > 1 ? command->run(argc - 1, argv + 1) : command->run(argc, argv);
	return command_unknown(name);
}
