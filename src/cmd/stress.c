#include "base/check.h"
#include "cmd/command.h"
#include "cmd/url_arguments.h"

/* Where a server of one's own breaks, with nothing but its URL. */

extern const struct command stress_command;

#define LOAD_TEXT_MAX ((size_t)16 * 1024)

enum { OPTION_FROM = OPTIONS_OF_URL_END, OPTION_MAX, OPTION_EVERY, OPTION_WIDTH, OPTION_CONFIRM, OPTION_LIMIT };

static const struct option stress_flags[] = {
	RUN_FLAGS,
	URL_FLAGS,
	{"from", required_argument, NULL, OPTION_FROM},
	{"max", required_argument, NULL, OPTION_MAX},
	{"every", required_argument, NULL, OPTION_EVERY},
	{"width", required_argument, NULL, OPTION_WIDTH},
	{"confirm", required_argument, NULL, OPTION_CONFIRM},
	{"limit", required_argument, NULL, OPTION_LIMIT},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"baselines", required_argument, NULL, OPTION_BASELINES},
	{0},
};

struct stress {
	struct run_arguments run;
	struct url_arguments url;
	const char *from, *max, *every, *width, *confirm, *limit;
};

static bool
take_flag(void *context, int flag)
{
	struct stress *stress = context;

	flag = url_arguments_flag(flag);
	if (flag < OPTIONS_OF_RUN_END)
		return run_arguments_take(&stress->run, flag);
	if (flag < OPTIONS_OF_URL_END)
		return url_arguments_take(&stress->url, flag);
	switch (flag) {
	case OPTION_FROM: stress->from = optarg; break;
	case OPTION_MAX: stress->max = optarg; break;
	case OPTION_EVERY: stress->every = optarg; break;
	case OPTION_WIDTH: stress->width = optarg; break;
	case OPTION_CONFIRM: stress->confirm = optarg; break;
	case OPTION_LIMIT: stress->limit = optarg; break;
	default: CHECK(false);
	}
	return true;
}

static void
add_load(struct buf *into, const struct stress *stress)
{
	const struct {
		const char *key, *value;
	} rows[] = {{"from", stress->from}, {"max", stress->max}, {"every", stress->every}, {"width", stress->width},
		{"confirm", stress->confirm}, {"limit", stress->limit}};

	buf_add_text(into, "{search: {");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_printf(into, "%s%s: ", i > 0 ? ", " : "", rows[i].key);
		written_profile_add_value(into, rows[i].value);
	}
	buf_add_text(into, "}, spacing: poisson}");
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
		.run = {.command = &stress_command, .profile = {.operand = "URL", .letters = URL_LETTERS}},
		.url = {.command = &stress_command, .profile = {.timeout = "5s"}}};
	struct buf load;
	int exit_code;

	if (!profile_arguments_parse(
		    &stress.run.profile, &stress_command, argc, argv, stress_flags, take_flag, &stress, &exit_code))
		return exit_code;
	buf_init(&load, LOAD_TEXT_MAX);
	add_load(&load, &stress);
	exit_code = url_arguments_run(&stress.url, &stress.run, load.bytes);
	buf_fini(&load);
	return exit_code;
}

const struct command stress_command = {
	.name = "stress",
	.usage = "brunt stress URL [--from RATE] [--max RATE] [--slo EXPR]... [--every TIME] [--save FILE] [--out DIR] "
		 "[--baseline NAME|DIR|FILE]",
	.help = "find where the server at a URL breaks; needs no profile, and writes one if it is asked to",
	.options =
		"  --from RATE      begin at this rate: one that surely holds (20/s)\n"
		"  --max RATE       try none above it (100000/s)\n"
		"  --every TIME     measure each level for so long (10s)\n"
		"  --width RATIO    how narrow the bracket is in the end (5%)\n"
		"  --confirm TIME   measure the highest level that held for so long once more (30s)\n"
		"  --limit TIME     of the whole search (30m)\n"
		"  --baseline WHAT  compare what it finds with a saved baseline, a results directory, or a file of values\n"
		"                   written by hand: a regression fails it (brunt help compare)\n"
		"  --baselines DIR  where baselines are saved\n" URL_FLAGS_HELP(
			"5s") "  --set, --out, --events, --figures, --format, --json, --quiet, --workers, --allow: as for brunt run\n",
	.run = stress_run,
};
