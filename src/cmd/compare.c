#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "campaign/against.h"
#include "cmd/arguments.h"
#include "cmd/command.h"
#include "cmd/tables.h"
#include "report/compared.h"

#define OPERANDS_MAX 256
#define TOLERANCES_MAX 64

/* `brunt compare BASE CURRENT`, or with several runs on a side `brunt compare BASE... -- CURRENT...`. */
struct asked {
	const char *operands[OPERANDS_MAX];
	size_t n, split; /* split: how many stand before "--"; 0: there is none */
	const char *tolerances[TOLERANCES_MAX];
	size_t tolerances_n;
	const char *baselines, *format;
	bool is_forced, wants_help;
};

extern const struct command compare_command;

static bool
take_flag(struct asked *asked, int argc, char **argv, int *i)
{
	const char *flag = argv[*i], *value;

	if (strcmp(flag, "--force") == 0)
		return asked->is_forced = true;
	if ((value = arguments_value("--tolerance", argc, argv, i)) != NULL && asked->tolerances_n < TOLERANCES_MAX)
		asked->tolerances[asked->tolerances_n++] = value;
	else if ((value = arguments_value("--baselines", argc, argv, i)) != NULL)
		asked->baselines = value;
	else if ((value = arguments_value("--format", argc, argv, i)) != NULL)
		asked->format = value;
	if (value != NULL && value[0] != '\0')
		return true;
	command_bad_usage(&compare_command, value != NULL ? "%s wants a value" : "there is no flag %s", flag);
	return false;
}

static bool
take_operand(struct asked *asked, const char *text)
{
	if (asked->n == OPERANDS_MAX) {
		command_bad_usage(&compare_command, "more than %d runs", OPERANDS_MAX);
		return false;
	}
	asked->operands[asked->n++] = text;
	return true;
}

static bool
take_arguments(struct asked *asked, int argc, char **argv)
{
	bool has_split = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0 && !has_split) {
			has_split = true;
			asked->split = asked->n;
		} else if (!(argv[i][0] == '-' ? take_flag(asked, argc, argv, &i) : take_operand(asked, argv[i])))
			return false;
	}
	if (!has_split && asked->n == 2)
		asked->split = 1;
	if (asked->split > 0 && asked->split < asked->n)
		return true;
	command_bad_usage(
		&compare_command, asked->n < 2 ? "which two? BASE and CURRENT"
					       : "which is which? With several runs on a side: BASE... -- CURRENT...");
	return false;
}

/* The formats, one after the other, as --format names them. */
static bool
print(const struct report *report, const char *formats)
{
	char names[128], *rest = names, *name;
	struct buf text;

	snprintf(names, sizeof(names), "%s", formats);
	buf_init(&text, COMPARED_CEILING);
	while ((name = strsep(&rest, ",")) != NULL)
		if (!compared_by_name(name)->write(report, &text))
			break;
	bool is_printed =
		!text.overflowed && fwrite(text.bytes, 1, text.length, stdout) == text.length && fflush(stdout) == 0;

	if (!is_printed)
		log_error("cannot write to standard output: %s", text.overflowed ? "too long" : strerror(errno));
	buf_fini(&text);
	return is_printed;
}

static bool
check_formats(const char *formats)
{
	char names[128], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", formats);
	while ((name = strsep(&rest, ",")) != NULL)
		if (compared_by_name(name) == NULL) {
			command_bad_usage(&compare_command,
				"--format: '%s' is not a format; there are text, json, markdown, html", name);
			return false;
		}
	return true;
}

static int
compare_run(int argc, char **argv)
{
	struct asked asked = {.format = "text"};
	struct against_answer answer;
	struct error err = {0};
	char message[1400];
	int exit_code;

	if (!take_arguments(&asked, argc, argv) || !check_formats(asked.format))
		return EXIT_USAGE;
	const struct against_ask ask = {.baselines = asked.operands,
		.baselines_n = asked.split,
		.currents = asked.operands + asked.split,
		.currents_n = asked.n - asked.split,
		.store_dir = asked.baselines,
		.tolerances = asked.tolerances,
		.tolerances_n = asked.tolerances_n,
		.is_forced = asked.is_forced,
		.tables = cmd_tables()};

	if (!against_compare(&answer, &ask, &exit_code, &err)) {
		log_error("%s", error_text(&err, message, sizeof(message)));
		return exit_code;
	}
	const struct report report = {.plan = answer.plan, .verdict = &answer.verdict, .against = &answer.against};

	if (!print(&report, asked.format))
		exit_code = EXIT_INTERNAL;
	against_free(&answer);
	return exit_code;
}

const struct command compare_command = {
	.name = "compare",
	.usage = "brunt compare BASE CURRENT | BASE... -- CURRENT... [--tolerance [METRIC=]SHARE]... [--format "
		 "text,json,markdown,html] [--force] [--baselines DIR]",
	.help = "hold a run against an earlier one: what differs, by how much, and whether that is more than noise",
	.options =
		"  BASE, CURRENT       results directories, or result.json of them; BASE may be a saved baseline's name,\n"
		"                      or a YAML file of values written by hand\n"
		"  --tolerance SHARE   how much worse figures may be, such as 5%; with a metric in front, p95=5%, that one,\n"
		"                      which is gated then (repeatable); without it what the profile says under compare\n"
		"  --format FORMATS    text (the default), json, markdown or html, a page for a browser; several with commas\n"
		"                      between them\n"
		"  --force             compare also other profiles, other versions of the target or of brunt, and runs that\n"
		"                      were cut short or tell nothing\n"
		"  --baselines DIR     where baselines are (BRUNT_BASELINES, else ~/.local/share/brunt/baselines)\n"
		"exit 0: no regression; 1: a regression; 2: what cannot be read or is not alike; 3: nothing could be gated\n",
	.run = compare_run,
};
