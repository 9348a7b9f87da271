#pragma once

/* Exit codes of every command; see README.md. */
enum exit_code {
	EXIT_PASSED = 0,
	EXIT_FAILED_GATE = 1,
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 3,
	EXIT_UNREACHABLE = 4,
	EXIT_INTERNAL = 5,
};

/* A command: one file of cmd/ and one row of commands.def. */
struct command {
	const char *name;
	const char *usage; /* "brunt check PROFILE [--set KEY=VALUE]..." */
	const char *help;  /* one line */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

int command_main(int argc, char **argv);
