#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cmd/command.h"
#include "cmd/run.h"
#include "cmd/written_profile.h"

/* Where a server of one's own breaks, with nothing but its URL. */

extern const struct command stress_command;

#define PROFILE_TEXT_MAX ((size_t)64 * 1024)
#define FORWARDED_MAX 64

enum {
	OPTION_FROM = 256,
	OPTION_MAX,
	OPTION_EVERY,
	OPTION_WIDTH,
	OPTION_CONFIRM,
	OPTION_LIMIT,
	OPTION_SLO,
	OPTION_TIMEOUT,
	OPTION_SAVE,
	OPTION_FORWARDED,      /* a flag of `brunt run`, with its value */
	OPTION_FORWARDED_ALONE /* without one */
};

static const struct option stress_flags[] = {
	{"from", required_argument, NULL, OPTION_FROM},
	{"max", required_argument, NULL, OPTION_MAX},
	{"every", required_argument, NULL, OPTION_EVERY},
	{"width", required_argument, NULL, OPTION_WIDTH},
	{"confirm", required_argument, NULL, OPTION_CONFIRM},
	{"limit", required_argument, NULL, OPTION_LIMIT},
	{"slo", required_argument, NULL, OPTION_SLO},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"save", required_argument, NULL, OPTION_SAVE},
	{"set", required_argument, NULL, OPTION_FORWARDED},
	{"out", required_argument, NULL, OPTION_FORWARDED},
	{"events", required_argument, NULL, OPTION_FORWARDED},
	{"format", required_argument, NULL, OPTION_FORWARDED},
	{"workers", required_argument, NULL, OPTION_FORWARDED},
	{"json", no_argument, NULL, OPTION_FORWARDED_ALONE},
	{"quiet", no_argument, NULL, OPTION_FORWARDED_ALONE},
	{"help", no_argument, NULL, 'h'},
	{0},
};

struct stress {
	struct written_profile profile;
	const char *from, *max, *every, *width, *confirm, *limit, *save;
	char *forwarded[FORWARDED_MAX]; /* to `brunt run`: its name, its flags, and in the end the profile */
	int forwarded_n;
};

static bool
forward(struct stress *stress, char *word)
{
	if (stress->forwarded_n >= FORWARDED_MAX - 2) {
		command_bad_usage(&stress_command, "these are more flags than anybody needs");
		return false;
	}
	stress->forwarded[stress->forwarded_n++] = word;
	return true;
}

static bool
add_slo(struct stress *stress)
{
	if (stress->profile.slos_n == WRITTEN_SLOS_MAX) {
		command_bad_usage(&stress_command, "--slo may be given %d times at most", WRITTEN_SLOS_MAX);
		return false;
	}
	stress->profile.slos[stress->profile.slos_n++] = optarg;
	return true;
}

/* "--set" as one word whatever way it was written, and its value as the next. */
static bool
forward_flag(struct stress *stress, int index)
{
	static char words[FORWARDED_MAX][16];
	char *word = words[stress->forwarded_n];

	snprintf(word, sizeof(words[0]), "--%s", stress_flags[index].name);
	return forward(stress, word) && (stress_flags[index].has_arg == no_argument || forward(stress, optarg));
}

static bool
take_flag(struct stress *stress, int flag, int index)
{
	switch (flag) {
	case OPTION_FROM: stress->from = optarg; break;
	case OPTION_MAX: stress->max = optarg; break;
	case OPTION_EVERY: stress->every = optarg; break;
	case OPTION_WIDTH: stress->width = optarg; break;
	case OPTION_CONFIRM: stress->confirm = optarg; break;
	case OPTION_LIMIT: stress->limit = optarg; break;
	case OPTION_SLO: return add_slo(stress);
	case OPTION_TIMEOUT: stress->profile.timeout = optarg; break;
	case OPTION_SAVE: stress->save = optarg; break;
	case OPTION_FORWARDED:
	case OPTION_FORWARDED_ALONE: return forward_flag(stress, index);
	default: CHECK(false);
	}
	return true;
}

static bool
parse(struct stress *stress, int argc, char **argv, int *exit_code)
{
	int flag, index = 0;

	*exit_code = EXIT_USAGE;
	optind = 1;
	while ((flag = getopt_long(argc, argv, ":h", stress_flags, &index)) != -1) {
		bool goes_on = false;

		switch (flag) {
		case 'h': *exit_code = command_print_help(&stress_command); break;
		case ':': command_bad_usage(&stress_command, "%s wants a value", argv[optind - 1]); break;
		case '?': command_bad_usage(&stress_command, "there is no flag %s", argv[optind - 1]); break;
		default: goes_on = take_flag(stress, flag, index); break;
		}
		if (!goes_on)
			return false;
	}
	if (argc - optind != 1) {
		command_bad_usage(&stress_command, argc == optind ? "which URL?" : "one URL at a time");
		return false;
	}
	stress->profile.url = argv[optind];
	return true;
}

static int
stress_written(struct stress *stress, const struct buf *text)
{
	static char path[512];
	struct error err = {0};

	if (!written_profile_save(text, stress->save, path, sizeof(path), &err)) {
		fprintf(stderr, "brunt: %s\n", err.message);
		return EXIT_USAGE;
	}
	stress->forwarded[stress->forwarded_n++] = path;
	return run_with_arguments(stress->forwarded_n, stress->forwarded, stress->save == NULL);
}

static int
stress_run(int argc, char **argv)
{
	struct stress stress = {.from = "20/s",
		.max = "100000/s",
		.every = "10s",
		.width = "5%",
		.confirm = "30s",
		.limit = "30m",
		.profile = {.command = "stress", .timeout = "5s"},
		.forwarded = {"run"},
		.forwarded_n = 1};
	struct error err = {0};
	struct buf text, load;
	int exit_code;

	if (!parse(&stress, argc, argv, &exit_code))
		return exit_code;
	buf_init(&load, PROFILE_TEXT_MAX);
	buf_init(&text, PROFILE_TEXT_MAX);
	buf_printf(&load,
		"{search: {from: %s, max: %s, every: %s, width: %s, confirm: %s, limit: %s}, spacing: poisson}",
		stress.from, stress.max, stress.every, stress.width, stress.confirm, stress.limit);
	stress.profile.load = load.bytes;
	exit_code = EXIT_USAGE;
	if (written_profile_add(&stress.profile, &text, &err))
		exit_code = stress_written(&stress, &text);
	else
		fprintf(stderr, "brunt: %s\n", err.message);
	buf_fini(&load);
	buf_fini(&text);
	return exit_code;
}

const struct command stress_command = {
	.name = "stress",
	.usage = "brunt stress URL [--from RATE] [--max RATE] [--slo EXPR]... [--every TIME] [--save FILE] [--out DIR]",
	.help = "find where the server at a URL breaks; needs no profile, and writes one if it is asked to",
	.options = "  --from RATE      begin at this rate: one that surely holds (20/s)\n"
		   "  --max RATE       try none above it (100000/s)\n"
		   "  --slo EXPR       what must hold, e.g. 'p95 <= 200ms' or 'error_rate < 1%' (repeatable)\n"
		   "  --every TIME     measure each level for so long (10s)\n"
		   "  --width RATIO    how narrow the bracket is in the end (5%)\n"
		   "  --confirm TIME   measure the highest level that held for so long once more (30s)\n"
		   "  --limit TIME     of the whole search (30m)\n"
		   "  --timeout TIME   of a request (5s)\n"
		   "  --save FILE      write the profile that this is to a new file\n"
		   "  --set, --out, --events, --format, --json, --quiet, --workers: as for brunt run\n",
	.run = stress_run,
};
