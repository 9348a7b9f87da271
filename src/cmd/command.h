#pragma once

#include "measure/verdict.h"

/* A command: one file of cmd/ and one row of commands.def. */
struct command {
	const char *name;
	const char *usage;   /* "brunt check PROFILE [--set KEY=VALUE]..." */
	const char *help;    /* one line */
	const char *options; /* what each flag does, line by line; NULL: the command answers --help itself */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command *const commands[]; /* from commands.def, ended by NULL */

const struct command *command_by_name(const char *name); /* NULL: there is none */

/* "brunt run: sentence" and the usage line to stderr; returns EXIT_USAGE. */
int command_bad_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `brunt COMMAND --help`; returns EXIT_PASSED. */
int command_print_help(const struct command *command);

int command_main(int argc, char **argv);
