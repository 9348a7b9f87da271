#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "cmd/command.h"
#include "import/importer.h"
#include "plan/names.h"
#include "plan/url.h"

extern const struct command import_command;

enum {
	OPTION_OUT = 256,
	OPTION_URL,
	OPTION_HOST,
	OPTION_MOST,
	OPTION_AS_FLOW,
	OPTION_AS_TRACE,
	OPTION_WRITES,
	OPTION_NO_ASSETS,
	OPTION_WITH_SECRETS
};

static const struct option flags[] = {
	{"out", required_argument, NULL, OPTION_OUT},
	{"url", required_argument, NULL, OPTION_URL},
	{"host", required_argument, NULL, OPTION_HOST},
	{"most", required_argument, NULL, OPTION_MOST},
	{"as-flow", no_argument, NULL, OPTION_AS_FLOW},
	{"as-trace", no_argument, NULL, OPTION_AS_TRACE},
	{"writes", no_argument, NULL, OPTION_WRITES},
	{"no-assets", no_argument, NULL, OPTION_NO_ASSETS},
	{"with-secrets", no_argument, NULL, OPTION_WITH_SECRETS},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* A mode, by the flag that asks for it. */
static const struct {
	unsigned mode;
	const char *flag;
} modes[] = {{IMPORT_AS_FLOW, "--as-flow"}, {IMPORT_AS_TRACE, "--as-trace"}, {IMPORT_WRITES, "--writes"},
	{IMPORT_NO_ASSETS, "--no-assets"}};

static bool
take_url(struct import_options *options)
{
	struct arena arena;
	struct plan_url url;
	struct error err = {0};

	arena_init(&arena);
	bool is_url = url_parse(&arena, optarg, &url, &err);

	if (!is_url)
		command_bad_usage(&import_command, "--%s", err.message);
	options->url = optarg;
	arena_fini(&arena);
	return is_url;
}

static bool
take_most(struct import_options *options)
{
	if (units_parse_count(optarg, &options->most) && options->most > 0)
		return true;
	command_bad_usage(&import_command, "--most: '%s' is not a number of requests; write 50", optarg);
	return false;
}

static bool
take_flag(struct import_options *options, int flag)
{
	switch (flag) {
	case OPTION_OUT: options->out = optarg; break;
	case OPTION_URL: return take_url(options);
	case OPTION_HOST: options->host = optarg; break;
	case OPTION_MOST: return take_most(options);
	case OPTION_AS_FLOW: options->modes |= IMPORT_AS_FLOW; break;
	case OPTION_AS_TRACE: options->modes |= IMPORT_AS_TRACE; break;
	case OPTION_WRITES: options->modes |= IMPORT_WRITES; break;
	case OPTION_NO_ASSETS: options->modes |= IMPORT_NO_ASSETS; break;
	case OPTION_WITH_SECRETS: options->with_secrets = true; break;
	default: CHECK(false);
	}
	return true;
}

/* It knows of kinds that come and go with importers.def, and so prints its help itself. */
static const char options_help[] =
	"  --out PROFILE    write the profile to a new file (stdout)\n"
	"  --url URL        send there, wherever the file says\n"
	"  --host HOST      take requests to this host alone\n"
	"  --most N         take so many different requests, the most frequent ones (100)\n"
	"  --as-flow        as steps of a session, in their order and with their pauses\n"
	"  --as-trace       each at the time at which it was recorded\n"
	"  --writes         take what changes something at the server, too\n"
	"  --no-assets      leave out images, fonts, styles, scripts and media\n"
	"  --with-secrets   write credentials and cookies as they are; else ${env:NAME} stands for them\n";

static int
help(void)
{
	printf("usage: %s\n\n%s\n\nkinds:\n", import_command.usage, import_command.help);
	for (size_t i = 0; importers[i] != NULL; i++)
		printf("  %-16s %s\n", importers[i]->name, importers[i]->help);
	printf("options:\n%s", options_help);
	return EXIT_PASSED;
}

/* False: the command ends here, with *exit_code. */
static bool
take_flags(struct import_options *options, int argc, char **argv, int *exit_code)
{
	int flag;

	*exit_code = EXIT_USAGE;
	optind = 1;
	while ((flag = getopt_long(argc, argv, ":h", flags, NULL)) != -1) {
		if (flag == 'h')
			*exit_code = help();
		else if (flag == ':')
			command_bad_usage(&import_command, "%s wants a value", argv[optind - 1]);
		else if (flag == '?')
			command_bad_usage(&import_command, "there is no flag %s", argv[optind - 1]);
		else if (take_flag(options, flag))
			continue;
		return false;
	}
	return true;
}

static const struct importer *
find_importer(const char *name)
{
	const struct importer *importer = importer_by_name(name);
	struct names names = {0};
	char advice[512];

	for (size_t i = 0; importer == NULL && importers[i] != NULL; i++)
		names_add(&names, importers[i]->name);
	if (importer == NULL)
		command_bad_usage(&import_command, "'%.60s' is no kind of file that can be imported%s", name,
			names_advice(&names, name, advice, sizeof(advice)));
	return importer;
}

static bool
check_modes(const struct importer *importer, const struct import_options *options)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if ((options->modes & modes[i].mode) != 0 && (importer->modes & modes[i].mode) == 0) {
			command_bad_usage(&import_command, "%s says nothing of %s", modes[i].flag, importer->origin);
			return false;
		}
	if ((options->modes & IMPORT_AS_FLOW) != 0 && (options->modes & IMPORT_AS_TRACE) != 0)
		command_bad_usage(&import_command,
			"--as-flow or --as-trace: requests come one after the other, or each at its time");
	else if (importer->needs_url && options->url == NULL)
		command_bad_usage(&import_command, "%s names no server; say where to send: --url http://127.0.0.1:8080",
			importer->origin);
	else
		return true;
	return false;
}

static int
import_text(const struct importer *importer, const struct import_options *options, const char *text, size_t length)
{
	struct import import;
	struct error err = {0};
	bool is_good =
		import_make(&import, importer, options, text, length, &err) && import_write(&import, options, &err);

	fwrite(import.notes.bytes, 1, import.notes.length, stderr);
	if (!is_good)
		fprintf(stderr, "brunt: %s: %s\n", options->file, err.message);
	import_free(&import);
	return is_good ? EXIT_PASSED : EXIT_USAGE;
}

static int
import_run(int argc, char **argv)
{
	struct import_options options = {.most = IMPORT_REQUESTS_DEFAULT};
	struct error err = {0};
	size_t length;
	int exit_code;

	if (!take_flags(&options, argc, argv, &exit_code))
		return exit_code;
	if (argc - optind != 2)
		return command_bad_usage(&import_command, argc == optind       ? "which kind of file, and which one?"
							  : argc == optind + 1 ? "which file? - is stdin"
									       : "one file at a time");
	const struct importer *importer = find_importer(argv[optind]);

	if (importer == NULL || !check_modes(importer, &options))
		return EXIT_USAGE;
	options.file = argv[optind + 1];
	char *text = file_read(
		strcmp(options.file, "-") == 0 ? "/dev/stdin" : options.file, IMPORT_FILE_CEILING, &length, &err);

	if (text == NULL) {
		fprintf(stderr, "brunt: %s\n", err.message);
		return EXIT_USAGE;
	}
	if (strcmp(options.file, "-") == 0)
		options.file = "stdin";
	exit_code = import_text(importer, &options, text, length);
	free(text);
	return exit_code;
}

const struct command import_command = {
	.name = "import",
	.usage =
		"brunt import KIND FILE|- [--out PROFILE] [--url URL] [--host HOST] [--most N] [--as-flow] [--as-trace] "
		"[--writes] [--no-assets] [--with-secrets]",
	.help = "write a profile from what others have: curl, HAR, OpenAPI, vegeta, URLs, access logs",
	.run = import_run,
};
