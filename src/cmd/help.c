#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/command.h"
#include "cmd/tables.h"
#include "request/slot.h"

#define HELP_CEILING ((size_t)1024 * 1024)

extern const struct command help_command;

static int
help_overview(void)
{
	printf("brunt finds where a server breaks, why, and how sure that is.\n\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->help);
	printf("\n`brunt help COMMAND` says more; `brunt help profile` lists every key of a profile.\n"
	       "Exit codes: 0 passed, 1 a gate or SLO failed, 2 bad usage or profile, 3 inconclusive, 4 target "
	       "unreachable,\n"
	       "5 internal or I/O error, 128+n ended by signal n.\n");
	return EXIT_PASSED;
}

static const char slots_sentence[] =
	"In paths, header values and bodies. What is filled in is escaped for where it stands: percent-encoded in a path, a "
	"query or a form, by JSON's escapes in a JSON body; no line end passes into a header. ${...|json} alone between the "
	"quotes of a JSON text takes their place: {n: \"${seq|json}\"} sends a number. ${...|raw} is not escaped, "
	"${...|urlencode} percent-encoded wherever it stands, ${...|base64} encoded so. $${ stands for ${ itself.";

/* "${random(1,100)}": as a request says it. */
static const char *
slot_form(const struct slot_ops *slot, char *into, size_t size)
{
	const char *end = slot->form != NULL ? strchr(slot->form, '}') : NULL;

	if (end != NULL)
		snprintf(into, size, "%.*s", (int)(end + 1 - slot->form), slot->form);
	else
		snprintf(into, size, "${%s}", slot->name);
	return into;
}

static void
help_slots(struct buf *into, bool is_markdown)
{
	char form[64];

	if (is_markdown)
		buf_printf(
			into, "\n## What may be filled in\n\n%s\n\n| slot | what it is |\n|---|---|\n", slots_sentence);
	else
		buf_printf(into, "\nWhat may be filled in\n  %s\n", slots_sentence);
	for (const struct slot_ops *const *slot = slots; *slot != NULL; slot++)
		buf_printf(into, is_markdown ? "| `%s` | %s |\n" : "  %-24s %s\n", slot_form(*slot, form, sizeof(form)),
			(*slot)->help);
}

static int
help_profile(bool is_markdown)
{
	struct buf text;

	buf_init(&text, HELP_CEILING);
	if (is_markdown)
		plan_help_markdown(&text, cmd_tables());
	else
		plan_help_text(&text, cmd_tables());
	help_slots(&text, is_markdown);
	fwrite(text.bytes, 1, text.length, stdout);
	buf_fini(&text);
	return EXIT_PASSED;
}

static int
help_run(int argc, char **argv)
{
	const struct command *command;
	char *ask[] = {NULL, "--help", NULL};

	if (argc < 2 || argv[1][0] == '-')
		return help_overview();
	if (strcmp(argv[1], "profile") == 0)
		return help_profile(argc > 2 && strcmp(argv[2], "--markdown") == 0);
	command = command_by_name(argv[1]);
	if (command == NULL)
		return command_bad_usage(&help_command, "there is no command '%s'", argv[1]);
	if (command == &help_command)
		return help_overview();
	if (command->options != NULL)
		return command_print_help(command);
	ask[0] = argv[1];
	return command->run(2, ask);
}

const struct command help_command = {
	.name = "help",
	.usage = "brunt help [COMMAND|profile [--markdown]]",
	.help = "what a command does, or every key of a profile",
	.run = help_run,
};
