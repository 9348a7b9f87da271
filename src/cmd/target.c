#include "cmd/command.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "target/target.h"

#define HELP_MAX ((size_t)16 << 10)

static int target_command_run(int argc, char **argv);

const struct command target_command = {
	.name = "target",
	.usage =
		"brunt target [--port N] [--workers N] [--capacity RATE | --service-time TIME | --llm] [FLAG VALUE]...",
	.help = "run a simulated HTTP or LLM server of known capacity, an exact witness of what it was sent",
	.run = target_command_run,
};

static int
print_help(void)
{
	struct buf text;

	buf_init(&text, HELP_MAX);
	buf_printf(&text, "usage: %s\n\n%s.\n", target_command.usage, target_command.help);
	buf_add_text(&text,
		"Ready when it prints \"listening on URL\". GET /stats tells what it counted; SIGTERM ends it.\n\n");
	target_options_help(&text);
	fputs(text.bytes, stdout);
	buf_fini(&text);
	return fflush(stdout) == 0 ? EXIT_PASSED : EXIT_INTERNAL;
}

static int
target_command_run(int argc, char **argv)
{
	struct target_options options;
	struct error err = {0};
	char text[1400];

	if (!target_options_parse(argc, argv, &options, &err)) {
		log_error("target: %s", error_text(&err, text, sizeof(text)));
		return EXIT_USAGE;
	}
	return options.wants_help ? print_help() : target_run(&options);
}
