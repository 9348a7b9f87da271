#include <getopt.h>
#include <stdio.h>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "base/units.h"
#include "cluster/collect.h"
#include "cmd/command.h"
#include "cmd/nats_arguments.h"
#include "cmd/tables.h"
#include "fleet/merge.h"
#include "fleet/scheduler.h"
#include "report/reporter.h"

extern const struct command merge_command;

enum { OPTION_EXPECT = 256, OPTION_OUT, OPTION_FORMAT, OPTION_BASELINE, OPTION_BASELINES, OPTION_JSON, OPTION_QUIET };

static const struct option merge_flags[] = {
	{"expect", required_argument, NULL, OPTION_EXPECT},
	{"out", required_argument, NULL, OPTION_OUT},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"baselines", required_argument, NULL, OPTION_BASELINES},
	NATS_FLAGS,
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct asked {
	struct merge_options options;
	struct document_list documents;
	struct bus_options nats;
};

static bool
take_expect(struct asked *asked, const char *text)
{
	uint64_t n;

	if (units_parse_count(text, &n) && n >= 2 && n <= SHARDS_MAX) {
		asked->options.expected = (uint32_t)n;
		return true;
	}
	command_bad_usage(&merge_command, "--expect: '%s' is not a number of shards, from 2 to %d", text, SHARDS_MAX);
	return false;
}

static bool
take_format(struct asked *asked, const char *names)
{
	struct error err = {0};

	asked->options.documents = &asked->documents;
	if (documents_parse(&asked->documents, names, &err))
		return true;
	command_bad_usage(&merge_command, "%s", err.message);
	return false;
}

static bool
take_flag(struct asked *asked, int flag)
{
	struct merge_options *options = &asked->options;

	if (nats_arguments_take(&asked->nats, flag))
		return true;
	switch (flag) {
	case OPTION_EXPECT: return take_expect(asked, optarg);
	case OPTION_OUT: options->out_dir = optarg; break;
	case OPTION_FORMAT: return take_format(asked, optarg);
	case OPTION_BASELINE: options->baseline = optarg; break;
	case OPTION_BASELINES: options->baselines = optarg; break;
	case OPTION_JSON: options->is_json = true; break;
	case OPTION_QUIET: options->is_quiet = true; break;
	default: CHECK(false);
	}
	return true;
}

static bool
take_flags(struct asked *asked, int argc, char **argv, int *exit_code)
{
	int flag;

	optind = 1;
	*exit_code = EXIT_USAGE;
	while ((flag = getopt_long(argc, argv, ":h", merge_flags, NULL)) != -1) {
		if (flag == 'h')
			*exit_code = command_print_help(&merge_command);
		else if (flag == ':')
			command_bad_usage(&merge_command, "%s wants a value", argv[optind - 1]);
		else if (flag == '?')
			command_bad_usage(&merge_command, "there is no flag %s", argv[optind - 1]);
		else if (take_flag(asked, flag))
			continue;
		return false;
	}
	asked->options.dirs = (const char *const *)argv + optind;
	asked->options.dirs_n = (uint32_t)(argc - optind);
	if (argc == optind || argc - optind > SHARDS_MAX)
		command_bad_usage(&merge_command,
			argc == optind ? "which results? The directory of each shard" : "more than %d directories",
			SHARDS_MAX);
	return argc > optind && argc - optind <= SHARDS_MAX;
}

#ifdef BRUNT_NATS

/* A run whose leader is gone: what its agents said lies in nats-server. */
static int
merge_collected(struct asked *asked)
{
	struct collected collected;
	struct error err = {0};
	char message[1400];
	int exit_code = EXIT_UNREACHABLE;

	asked->nats.name = "brunt merge";
	if (collect(&collected, &asked->nats, asked->options.dirs[0], &err)) {
		log_info("what its shards said is in %s/", collected.dir);
		asked->options.dirs = collected.pointers;
		asked->options.dirs_n = collected.shards_n;
		asked->options.expected = collected.total;
		exit_code = merge_run(&asked->options);
	} else {
		log_error("merge: %s", error_text(&err, message, sizeof(message)));
	}
	collected_fini(&collected);
	return exit_code;
}

#else

static int
merge_collected(struct asked *asked)
{
	(void)asked;
	return EXIT_USAGE;
}

#endif

static int
merge_main(int argc, char **argv)
{
	struct asked asked = {.options = {.tables = cmd_tables()}};
	int exit_code;

	if (!take_flags(&asked, argc, argv, &exit_code))
		return exit_code;
	log_set_quiet(asked.options.is_quiet);
	if (!nats_arguments_check(&asked.nats, &merge_command))
		return EXIT_USAGE;
	if (asked.nats.url != NULL && (asked.options.dirs_n != 1 || asked.options.expected != 0))
		return command_bad_usage(&merge_command, "--nats: the name of one run is wanted, and nothing else");
	if (asked.nats.url != NULL)
		return nats_arguments_can(&merge_command) ? merge_collected(&asked) : EXIT_USAGE;
	return merge_run(&asked.options);
}

const struct command merge_command = {
	.name = "merge",
	.usage = "brunt merge [--expect N] DIR... [--out DIR] [--format FORMATS] [--json] [--quiet] "
		 "[--baseline NAME|DIR|FILE] [--baselines DIR]\n"
		 "       brunt merge --nats URL RUN [...]",
	.help = "put the results of shards (brunt run --shard) together, and judge them as one run",
	.options =
		"  DIR...           the results directory of each shard, in any order; what a killed one left (DIR.partial)\n"
		"                   is used as far as it goes\n"
		"  --expect N       how many shards there were to be; without it as many as they say themselves\n"
		"  --out DIR        write the results exactly there (default: results/NAME/TIME-ID)\n"
		"  --format FORMATS write these reports too, with commas between them: markdown,csv,junit\n"
		"  --json           print result.json on stdout and nothing else\n"
		"  --quiet          print the report only if the run did not pass\n"
		"  --baseline WHAT  compare the whole with a saved baseline, a results directory, or a file of values written\n"
		"                   by hand: a regression fails it (brunt help compare)\n"
		"  --baselines DIR  where baselines are saved\n"
		"  --nats URL       a run of brunt run --nats whose leader was killed, by its name (it said \"run NAME\"): what\n"
		"                   its agents said, which nats-server keeps for a day, comes into RUN-shards/\n" NATS_FLAGS_HELP
		"exit codes are those of brunt run; 3 where a shard is missing, was ended before its time, or began over a\n"
		"second beside the others; 2 where their profiles, the files these name, versions or flags differ, or one is there twice\n",
	.run = merge_main,
};
