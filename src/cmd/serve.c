#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/tables.h"

#ifdef BRUNT_SQLITE
#include "cmd/serve_share.h"
#include "daemon/config.h"
#include "daemon/daemon.h"
#endif

/* `brunt serve`: the daemon, in the foreground. */

static int serve_run(int argc, char **argv);

const struct command serve_command = {
	.name = "serve",
	.usage = "brunt serve [--config FILE] [--listen ADDRESS] [--monitor-only]",
	.help = "run what is submitted or scheduled, one run at a time per target, and remember what came of it",
	.run = serve_run,
};

#define HELP_MAX ((size_t)64 << 10)

static const char flags_help[] =
	"  --config FILE     brunt.yaml; without it only this machine is loaded, by whoever may open the socket\n"
	"  --listen ADDRESS  unix:PATH, or HOST:PORT with tokens, in place of what the file says\n"
	"  --monitor-only    start no load, whoever asks for it; what the file names under monitor is watched\n\n"
	"SIGTERM ends it: what runs is stopped and kept, what waits waits until it is back. SIGHUP reads the\n"
	"file anew, whole or not at all, and tokens and certificates; no running job hears of it.\n";

#ifdef BRUNT_SQLITE

static int
print_help(void)
{
	struct buf text;

	buf_init(&text, HELP_MAX);
	buf_printf(&text, "usage: %s\n\n%s\n\n%s\nbrunt.yaml:\n", serve_command.usage, serve_command.help, flags_help);
	config_help(&text);
	fputs(text.bytes, stdout);
	buf_fini(&text);
	return fflush(stdout) == 0 ? EXIT_PASSED : EXIT_INTERNAL;
}

static int
serve_run(int argc, char **argv)
{
	struct daemon_options options = {
		.program = "/proc/self/exe", .tables = cmd_tables(), .may_share = serve_may_share};

	for (int i = 1; i < argc; i++) {
		const char *value;

		if (strcmp(argv[i], "--help") == 0)
			return print_help();
		if (strcmp(argv[i], "--monitor-only") == 0) {
			options.is_monitor_only = true;
			continue;
		}
		if ((value = arguments_value("--config", argc, argv, &i)) != NULL)
			options.config = value;
		else if ((value = arguments_value("--listen", argc, argv, &i)) != NULL)
			options.listen = value;
		else
			return command_bad_usage(&serve_command, "'%s' is no flag of it", argv[i]);
		if (value[0] == '\0')
			return command_bad_usage(&serve_command, "%s wants a value", argv[i]);
	}
	return daemon_serve(&options);
}

#else

static int
serve_run(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: %s\n\n%s\n\n%s", serve_command.usage, serve_command.help, flags_help);
		return EXIT_PASSED;
	}
	log_error("serve: this build has no SQLite, in which the daemon keeps its history; build it with "
		  "-DBRUNT_SQLITE=ON (Debian: libsqlite3-dev)");
	return EXIT_USAGE;
}

#endif
